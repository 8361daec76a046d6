"""Hold: the customer hears music, the operator nothing of them, and the call stays."""

from odoo import api, fields, models

from ...tools.transaction import run_in_transaction

MUSIC = [("hold", "Music"), ("quiet", "A soft sign every few seconds")]


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_hold_music = fields.Selection(
        MUSIC,
        "On hold customers hear",
        default="hold",
        required=True,
        help="For calls through the media sidecar. A number can have another one.",
    )


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    hold_music = fields.Selection(
        MUSIC, "On hold customers hear", help="Empty: as the company says."
    )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    held_at = fields.Datetime("On hold since")

    @api.model
    def softphone_hold(self, call_id, on):
        """Put the customer of one's own call on hold, or take them back.

        :return: {"ok", "message", "call"}
        """
        return run_in_transaction(
            self.env,
            lambda: self._for_softphone(call_id)._lock()._hold_by_user(bool(on)),
        )

    def _hold_by_user(self, on):
        refusal = self._control_refusal()
        if refusal:
            return self._refusal("disabled", refusal)
        call = self.sudo()
        if call._open_transfer():
            message = self.env._("While you transfer the call its customer waits.")
            return self._refusal("busy", message)
        if call.on_hold != on:
            name = self.env.user.name
            note = (
                self.env._("%(name)s put the customer on hold", name=name)
                if on
                else self.env._("%(name)s took the customer off hold", name=name)
            )
            kind = "held" if on else "resumed"
            self._log(kind, note, source="operator", user=self.env.user)
            call._hold(on)
            call._changed()
        return {"ok": True, "message": False, "call": self._view()}

    def _hold(self, on):
        """Music for the customer, or none any more; a second time changes nothing."""
        if self.on_hold == on:
            return
        self.write({"on_hold": on, "held_at": on and fields.Datetime.now()})
        self._ask_sidecar("media_hold", {"on": on})

    def _on_media_hold_failed(self, request, error):
        """The sidecar did not do it: the state is as it was, and the operator knows."""
        call = request.call_id
        if not call._is_live():
            return
        on = not call.on_hold
        call.write({"on_hold": on, "held_at": on and fields.Datetime.now()})
        call._changed()
        self._notify(
            request.user_id,
            "danger",
            self.env._(
                "The customer could not be put on hold, or taken off it: %(error)s",
                error=error.message,
            ),
        )

    def _media_hold(self):
        # sudo: number, company - what customers hear is no secret to who calls
        call = self.sudo()
        choice = call.number_id.hold_music
        return {"music": choice or call.company_id.whatsapp_calling_hold_music}

    # ---- what all the controls of a running call share

    def _control_refusal(self):
        """Why the user cannot hold or transfer this call, or ""."""
        if not self or not self._is_live():
            return self.env._("This call is over.")
        call = self.sudo()
        if call.handler_id != self.env.user:
            return self.env._("%(name)s has this call.", name=call._holder())
        if not call.anchored:
            return self.env._(
                "This call goes directly from your browser to WhatsApp: it cannot be "
                "put on hold or transferred. An administrator can let the calls of "
                "this number go through the media sidecar."
            )
        if call.state != "connected":
            return self.env._("Nobody has answered this call yet.")
        return ""

    def _changed(self):
        """Something about the call is different: look at its times, tell everybody."""
        self.version += 1
        self._set_deadline()
        self._announce()
