import { BlockingPhone } from "@whatsapp_calling/softphone/blocking_phone";
import { displayName } from "@whatsapp_calling/softphone/call_labels";

import { browser } from "@web/core/browser/browser";

/** A page that has just opened is the one that was loaded again: it takes its call back at once. */
const JUST_OPENED = 10_000;
/** Pages that were there all along let it go first. */
const PATIENCE = { visible: 1_500, hidden: 4_000 };

/** Coming back to a call whose browser tab was lost or loaded again. */
export class ReturningPhone extends BlockingPhone {
    openedAt = Date.now();
    /** the call that is about to be taken back, its id */
    returning = undefined;

    onCallChange(call, before) {
        super.onCallChange(call, before);
        if (this.isLeft(call)) {
            this.comeBackSoon(call.id);
        }
    }

    /** @returns {boolean} ours, and no tab holds its sound: the customer hears music */
    isLeft(call) {
        return Boolean(
            call?.live && call.mine && call.anchored && call.reattach_until && !call.handler_tab
        );
    }

    comeBackSoon(id) {
        if (this.returning === id) {
            return;
        }
        this.returning = id;
        const justOpened = Date.now() - this.openedAt < JUST_OPENED;
        const wait = justOpened ? 0 : PATIENCE[document.visibilityState] ?? PATIENCE.hidden;
        browser.setTimeout(() => this.comeBack(id).catch(() => {}), wait);
    }

    async comeBack(id) {
        const call = this.calls.get(id);
        this.returning = undefined;
        if (!this.isLeft(call) || this.busyHere || this.accepting || this.dialing) {
            return;
        }
        const live = this.startLive({
            direction: call.direction,
            callId: id,
            name: displayName(call),
            phone: call.phone,
        });
        await live?.reattach();
    }
}
