import { displayName } from "@whatsapp_calling/softphone/call_labels";
import { ReturningPhone } from "@whatsapp_calling/softphone/returning_phone";
import { SideCall } from "@whatsapp_calling/softphone/side_call";

import { toRaw } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";

/**
 * What one can do with a call that goes through the media server: hold, hand it on, ask a
 * colleague, and, for managers, listen. The server does it, so that each tab of the user can ask.
 */
export class ControlPhone extends ReturningPhone {
    /** @type {SideCall|null} this tab's part in a call that somebody else handles */
    side = null;

    /** A call this user is in without handling it, in this tab or another one. */
    get sideCall() {
        return this.side?.call || this.calls.all.find((call) => call.live && call.side);
    }

    get busyHere() {
        return Boolean(this.live || this.side);
    }

    /** @returns {Promise<boolean>} whether the server did it */
    async control(method, id, ...args) {
        const result = await this.rpc(method, [id, ...args]);
        if (result.call) {
            this.calls.insert(result.call);
        }
        if (!result.ok) {
            this.notify(result.message, "warning");
        }
        return result.ok;
    }

    hold(id, on) {
        return this.control("softphone_hold", id, on);
    }

    transferTargets(id, query) {
        return this.silentRpc("softphone_transfer_targets", [id, { query }]);
    }

    /**
     * @param {number} id of a call
     * @param {{user_id: number}|{team: string}} target
     * @param {"blind"|"attended"} kind
     * @param {string} reason
     */
    transfer(id, target, kind, reason) {
        return this.control("softphone_transfer", id, target, kind, reason);
    }

    cancelTransfer(id) {
        return this.control("softphone_transfer_cancel", id);
    }

    completeTransfer(id) {
        return this.control("softphone_transfer_complete", id);
    }

    /** @param {"peer"|"consult"|"both"} who */
    talkTo(id, who) {
        return this.control("softphone_transfer_talk", id, who);
    }

    /** Handed on: the call goes on without this user, who may still write notes. */
    async onCallLost(call) {
        await this.calls.load([call.id]).catch(() => {});
        const { handler, id, live, name, phone } = this.calls.get(call.id);
        if (!live || !handler || !this.hasHandedOn(this.calls.get(call.id))) {
            return super.onCallLost(call);
        }
        const message = _t("%(name)s has the customer now.", { name: handler.name });
        this.ended = { callId: id, name, phone, message };
        this.openPanel();
        this.updateRing();
    }

    /** @returns {boolean} this user gave it to a colleague, whose sound may be on its way yet */
    hasHandedOn({ handlers, transfer }) {
        const byMe = transfer?.state === "connecting" && transfer.from.id === user.userId;
        return byMe || handlers?.at(-2)?.id === user.userId;
    }

    //----------------------------------------------------------------------
    // The own part in somebody else's call
    //----------------------------------------------------------------------

    /**
     * @param {Object} params {callId, role, mode, name}
     * @returns {SideCall|null} null: this tab is in a call already
     */
    startSide(params) {
        if (this.busyHere) {
            this.openPanel();
            this.notify(_t("You are already in a call."), "warning");
            return null;
        }
        this.ended = null;
        this.sidePanelWasOpen = this.panel.open;
        this.side = new SideCall(this, params);
        this.openPanel();
        this.updateRing();
        // through the reactive: what it does to itself must be seen
        return this.side;
    }

    /** A manager listens, whispers or joins; a second click changes which of them. */
    async monitor(call, mode) {
        this.calls.insert(call);
        if (this.side?.callId === call.id) {
            return this.monitorMode(mode);
        }
        const params = { callId: call.id, role: "monitor", mode, name: displayName(call) };
        return this.startSide(params)?.answer();
    }

    monitorMode(mode) {
        return this.control("softphone_monitor_mode", this.side.callId, mode);
    }

    /** Its sound is in another tab or on another device. */
    async leaveElsewhere({ id, side }) {
        const method =
            side.role === "monitor" ? "softphone_monitor_leave" : "softphone_consult_leave";
        await this.rpc(method, [id]);
        await this.calls.load([id]);
    }

    /** The own part goes on as the call itself: the same connection, nothing is heard to break. */
    takeOverSide() {
        const { callId, muted, name } = this.side;
        const call = this.calls.get(callId);
        const peer = this.side.release();
        const params = { direction: "inbound", callId, name, phone: call.phone, muted };
        this.startLive(params)?.takeOver(peer);
        this.notify(_t("You have the call with %(name)s now.", { name }), "success");
    }

    onSideRefused(side, { message }) {
        this.setNotice(side.callId, "info", message);
        if (side.role === "monitor") {
            this.notify(message, "warning");
        }
        this.updateRing();
    }

    /** Not by this user: the call ended, or its operator went on alone. */
    onSideOver(side) {
        const { call, name, role } = side;
        let text = _t("The call with %(name)s is over.", { name });
        if (call.live && role === "consult") {
            text = _t("%(operator)s goes on with %(name)s.", {
                operator: call.handler?.name || _t("Your colleague"),
                name,
            });
        } else if (call.live) {
            text = _t("You are not in the call with %(name)s any more.", { name });
        }
        this.notify(text, "info");
    }

    onSideClosed(side) {
        if (toRaw(this.side) === toRaw(side)) {
            this.side = null;
        }
        if (!this.sidePanelWasOpen) {
            this.panel.open = false;
        }
        this.tabs.share();
        this.updateRing();
    }
}
