import { BlockDialog } from "@whatsapp_calling/panel/block_dialog";
import { displayName } from "@whatsapp_calling/softphone/call_labels";
import { DialingPhone } from "@whatsapp_calling/softphone/dialing_phone";

/** Blocking and unblocking the other side of a call; who may is the server's to say. */
export class BlockingPhone extends DialingPhone {
    openBlockDialog(call) {
        const params = { callId: call.id, name: displayName(call), softphone: this };
        this.dialog.add(BlockDialog, params);
    }

    /**
     * @param {number} id of a call
     * @param {{reason: string, until: string|false, report: boolean}} options
     * @returns {Promise<boolean>}
     */
    async block(id, options) {
        return this.changeBlock(id, await this.rpc("softphone_block", [id, options]));
    }

    async unblock(id) {
        return this.changeBlock(id, await this.rpc("softphone_unblock", [id]));
    }

    async changeBlock(id, { ok, message }) {
        this.notify(message, ok ? "success" : "warning");
        await this.calls.load([id]);
        return ok;
    }
}
