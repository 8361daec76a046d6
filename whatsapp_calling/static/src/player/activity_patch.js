import { RecordingPlayer } from "@whatsapp_calling/player/recording_player";

import { Activity } from "@mail/core/web/activity";

import { patch } from "@web/core/utils/patch";

const MESSAGE = /o_whatsapp_voicemail[^]*?\/odoo\/whatsapp\.call\/(\d+)/;

Activity.components = { ...Activity.components, WhatsappRecordingPlayer: RecordingPlayer };

/** A reminder of a voice message has a player: who deals with it need not look for the call. */
patch(Activity.prototype, {
    /** @returns {number|undefined} the call whose message is to be heard */
    get whatsappMessageCallId() {
        const [, id] = this.props.activity.note?.toString().match(MESSAGE) || [];
        return Number(id) || undefined;
    },
});
