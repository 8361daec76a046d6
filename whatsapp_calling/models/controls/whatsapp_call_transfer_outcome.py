"""What becomes of a transfer: taken, refused, taken back, or nobody wants it.

However it goes, the customer hears music until somebody has them, and the call never
ends before it has rung at who handed it on.
"""

from odoo import api, fields, models

from ...tools.transaction import run_in_transaction
from .whatsapp_call_transfer import LEASE, OPEN, WAITING


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    # ---- what comes of it

    def _connecting_by(self, leg):
        """The transfer whose new handler's leg this is, while it connects."""
        transfer = self._open_transfer()
        # not the transfer's own: a line that broke is made anew, under another name
        same = transfer.state == "connecting" and self.leg_ref == leg
        return transfer if same else transfer.browse()

    def _on_media_leg_connected(self, data, at):
        """The new handler's sound is there: the customer hears them."""
        transfer = self._connecting_by(data.get("leg"))
        if transfer and transfer._finish("done"):
            self._log_hand_over(transfer)
            self._hold(False)
            self._changed()

    def _on_media_leg_failed(self, request, error):
        call = request.call_id
        transfer = call._connecting_by(request.leg_ref)
        if not transfer:
            return super()._on_media_leg_failed(request, error)
        return call._transfer_failed(transfer, error.message)

    def _transfer_failed(self, transfer, reason=""):
        """Who accepted got no sound: the call is nobody's until it is taken back."""
        words = {"name": transfer.to_id.name, "reason": reason}
        note = self.env._("No sound came about with %(name)s", **words)
        if reason:
            note = self.env._("No sound came about with %(name)s: %(reason)s", **words)
        self.write(
            {
                "handler_id": False,
                "handler_kind": False,
                "handler_tab": False,
                "leg_offer": False,
                "leg_answer": False,
            }
        )
        self._ask_sidecar("media_leg_close", {"leg": self.leg_ref})
        self.leg_ref = False
        self._return_transfer(transfer, note)

    def _return_transfer(self, transfer, note, kind="transfer_returned"):
        """Nobody has it: ring at who handed it on."""
        until = self._transfer_until()
        was = self._rung_for_transfer(transfer)
        returned = transfer._swap(
            OPEN, "returning", until=until, lease_until=None, to_id=None
        )
        if not returned:
            return
        transfer.user_ids = [(6, 0, transfer.from_id.ids)]
        self._log(kind, note)
        self._push_soon("_push_cancel", was - transfer.from_id)
        self._hold(True)
        self._ring_transfer(transfer.from_id)

    def _rung_for_transfer(self, transfer):
        return transfer.user_ids if transfer.state in WAITING else transfer.to_id

    def _nobody_took(self, transfer):
        if transfer.state == "ringing" and transfer.kind == "blind":
            note = self.env._("Nobody took the call at %(name)s", name=transfer.target)
            self._return_transfer(transfer, note)
        elif transfer.state == "ringing":
            note = self.env._("%(name)s did not answer", name=transfer.target)
            self._back_to_operator(transfer, "unanswered", note)
        elif transfer._finish("unanswered", WAITING):
            name = transfer.from_id.name
            note = self.env._("%(name)s did not take the call back", name=name)
            self._log("transfer_unanswered", note)
            self._after_nobody_took()

    def _after_nobody_took(self):
        """A customer whom nobody took leaves a message where the number says so."""
        if self.number_id.no_answer != "voicemail":
            self._end_here("unanswered")
            return
        if self.leg_ref:
            self._ask_sidecar("media_leg_close", {"leg": self.leg_ref})
        self.write(
            {
                "handler_id": False,
                "handler_kind": "voicemail",
                "handler_tab": False,
                "leg_ref": False,
                "reattach_until": False,
                "no_answer": "voicemail",
                # the customer may have talked for long before
                "voicemail_until": self._voicemail_ends(),
            }
        )
        self._log("voicemail", self.env._("Nobody took it: the voicemail has the call"))
        self._hold(False)
        self._ask_sidecar("media_program", self._voicemail_program())
        self._changed()

    def _back_to_operator(self, transfer, state, note, kind="transfer_over", **values):
        """The operator, who never let go of the call, has the customer again."""
        rung = self._rung_for_transfer(transfer)
        if not transfer._finish(state):
            return False
        self._log(kind, note, **values)
        self._push_soon("_push_cancel", rung)
        self._hold(False)
        self._changed()
        return True

    # ---- giving up

    @api.model
    def softphone_transfer_cancel(self, call_id):
        """Take the customer back, as long as nobody else has them."""
        return run_in_transaction(
            self.env,
            lambda: self._for_softphone(call_id)._lock()._cancel_transfer(),
        )

    def _cancel_transfer(self):
        refusal = self._control_refusal()
        transfer = not refusal and self.sudo()._open_transfer()
        if refusal or not transfer or transfer.state == "connecting":
            message = refusal or self.env._("This call is not being transferred.")
            return self._refusal("taken", message)
        user = self.env.user
        note = self.env._("%(name)s took the customer back", name=user.name)
        if transfer.state == "consulting":
            self.sudo()._end_consult(transfer, "taken_back", note, user=user)
        else:
            self.sudo()._back_to_operator(
                transfer, "taken_back", note, source="operator", user=user
            )
        return {"ok": True, "message": False, "call": self._view()}

    def _decline(self, text):
        transfer = self.sudo()._open_transfer() if self else None
        if transfer and transfer._rings_for(self.env.user):
            self.sudo()._refuse_transfer(transfer, self.env.user)
            return {"ok": True, "message": False, "call": self._view()}
        return super()._decline(text)

    def _refuse_transfer(self, transfer, user):
        """One of those who are rung does not want it; of one person that settles it."""
        left = transfer.user_ids - user
        note = self.env._("%(name)s does not take the call", name=user.name)
        values = {"source": "operator", "user": user}
        if left:
            transfer.user_ids = [(3, user.id)]
            self._log("transfer_refused", note, **values)
            self._changed()
        elif transfer.state == "returning":
            self._log("transfer_refused", note, **values)
            self._nobody_took(transfer)
        elif transfer.kind == "attended":
            self._back_to_operator(
                transfer, "refused", note, "transfer_refused", **values
            )
        else:
            self._return_transfer(transfer, note, "transfer_refused")

    @api.model
    def softphone_silence(self, call_id):
        """A transfer that I do not want to hear rings on for the others only."""
        call = self._for_softphone(call_id)
        transfer = call.sudo()._open_transfer()
        if transfer and transfer._rings_for(self.env.user):
            return self.softphone_decline(call_id)
        return super().softphone_silence(call_id)

    def _hang_up(self, closed_reason="hung_up"):
        """Who has just taken a call and gets no sound gives it back, not up."""
        transfer = self.sudo()._open_transfer() if self else None
        user = self.env.user
        if transfer and transfer.state == "connecting" and transfer.to_id == user:
            self.sudo()._transfer_failed(transfer)
            return {"ok": True, "message": False, "call": self._view()}
        return super()._hang_up(closed_reason)

    # ---- deadlines

    def _media_settings(self):
        """The sidecar waits for longer than anything that Odoo waits for."""
        settings = super()._media_settings()
        rings = 2 * self.company_id.whatsapp_calling_transfer_seconds + LEASE
        settings["watchdog"]["reattach"] += rings
        return settings

    def _next_deadline(self):
        due = super()._next_deadline()
        times = [due, self._open_transfer()._due_at()] if self._is_live() else [due]
        return min(filter(None, times), default=False)

    def _act_on_deadline(self):
        now = fields.Datetime.now()
        transfer = self._open_transfer()
        if not transfer or not self._is_live():
            return super()._act_on_deadline()
        due = transfer._due_at()
        if due and due <= now:
            self._transfer_due(transfer)
            return None
        away = self.reattach_until and self.reattach_until <= now
        if away and self._operator_gone(transfer):
            return None
        return super()._act_on_deadline()

    def _transfer_due(self, transfer):
        if transfer.state in WAITING:
            self._nobody_took(transfer)
        elif transfer.state == "connecting":
            self._transfer_failed(transfer)
        else:
            self._consult_failed(transfer)

    def _operator_gone(self, transfer):
        """The operator's browser did not come back, but others know of the call.

        :return: whether the call goes on with them
        """
        if transfer.state == "consulting" and transfer.connected_at:
            return self._complete(transfer)
        if transfer.state in WAITING:
            # it rings on; then it comes back to who transferred it
            self.write({"reattach_until": False, "handler_tab": False})
            self._set_deadline()
            return True
        return False

    def _derive(self):
        result = super()._derive()
        transfer = not self._is_live() and self._open_transfer()
        if transfer:
            self._push_soon("_push_cancel", self._rung_for_transfer(transfer))
            transfer._finish("ended")
        return result

    # ---- push: a transfer rings as a call does

    def _rings(self):
        transfer = self._open_transfer()
        return super()._rings() or bool(transfer and transfer.state in WAITING)

    def _seconds_to_ring(self):
        transfer = self._open_transfer()
        if transfer and transfer.state in WAITING:
            return int((transfer.until - fields.Datetime.now()).total_seconds())
        return super()._seconds_to_ring()
