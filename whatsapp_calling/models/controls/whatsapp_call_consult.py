"""An attended transfer: the operator talks to a colleague while the customer waits.

The colleague's browser has a leg of its own at the sidecar; the operator's one leg is
switched between customer and colleague. Whoever leaves, the customer is never alone.
"""

import secrets

from odoo import api, fields, models

from ...tools.transaction import run_in_transaction

TALKS = ("peer", "consult", "both")


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _accept_consult(self, transfer, tab, offer):
        """The colleague answers: they hear the operator, not yet the customer."""
        user, call = self.env.user, self.sudo()
        if self._other_live_call():
            return self._refusal(
                "busy", self.env._("You are in another call: end it first.")
            )
        leg = secrets.token_hex(16)
        taken = transfer._swap(
            ["ringing"],
            "consulting",
            to_id=user.id,
            tab=tab,
            leg_ref=leg,
            until=None,
            lease_until=transfer._lease(),
            talk="consult",
        )
        if not taken:
            return self._taken()
        self._log(
            "consulting",
            self.env._("%(name)s answers", name=user.name),
            source="operator",
            user=user,
        )
        call._ask_sidecar("media_leg", self._leg_payload("consult", leg, offer))
        call._changed()
        return {"ok": True, "call": self._view()}

    def _leg_payload(self, role, leg, offer, mode="talk"):
        """What the sidecar is told of a browser of this user that comes into a call."""
        user = {"id": self.env.user.id, "name": self.env.user.name}
        return {"leg": leg, "role": role, "mode": mode, "offer": offer, "user": user}

    def _consult_of(self, leg):
        """The consultation that a leg belongs to, if it still goes on."""
        transfer = self._open_transfer()
        same = transfer.state == "consulting" and transfer.leg_ref == leg
        return transfer if same else transfer.browse()

    def _on_media_leg_ok(self, request, answer):
        """The sidecar's answer for the colleague's browser."""
        transfer = request.call_id._consult_of(request.leg_ref)
        if not transfer:
            return super()._on_media_leg_ok(request, answer)
        transfer.answer_sdp = answer.sdp
        return request.call_id._changed()

    def _on_media_leg_failed(self, request, error):
        transfer = request.call_id._consult_of(request.leg_ref)
        if not transfer:
            return super()._on_media_leg_failed(request, error)
        return request.call_id._consult_failed(transfer, error.message)

    def _on_media_leg_connected(self, data, at):
        """The colleague's sound is there: the operator talks to them."""
        transfer = self._consult_of(data.get("leg"))
        if not transfer:
            return super()._on_media_leg_connected(data, at)
        if not transfer.connected_at:
            transfer.write(
                {"connected_at": fields.Datetime.now(), "lease_until": False}
            )
            self._talk(transfer, "consult")
        return None

    def _talk(self, transfer, who):
        """Whom the operator hears and speaks to; the customer alone hears music."""
        transfer.talk = who
        since = self.held_at or fields.Datetime.now()
        self._ask_sidecar("media_talk", {"with": who})
        # after `talk`, or the customer would hear a moment of the two
        self._hold(False)
        self.held_at = who == "consult" and since
        self._changed()

    @api.model
    def softphone_transfer_talk(self, call_id, who):
        """Talk to the customer ("peer"), the colleague ("consult") or "both"."""
        return run_in_transaction(
            self.env,
            lambda: self._for_softphone(call_id)._lock()._talk_by_user(who),
        )

    def _talk_by_user(self, who):
        transfer, refusal = self._consult_of_user()
        if refusal or who not in TALKS:
            return self._refusal("disabled", refusal or who)
        user = self.env.user
        words = {"name": user.name, "colleague": transfer.to_id.name}
        notes = {
            "peer": self.env._("%(name)s talks to the customer", **words),
            "consult": self.env._("%(name)s talks to %(colleague)s", **words),
            "both": self.env._("All three talk: %(name)s, %(colleague)s", **words),
        }
        if transfer.talk != who:
            self._log("talk", notes[who], source="operator", user=user)
            self.sudo()._talk(transfer, who)
        return {"ok": True, "message": False, "call": self._view()}

    def _consult_of_user(self):
        """(the user's consultation, why there is none)"""
        refusal = self._control_refusal()
        transfer = self.sudo()._open_transfer() if self else None
        if refusal or not transfer or transfer.state != "consulting":
            refusal = refusal or self.env._("Nobody is being asked about this call.")
            return None, refusal
        if not transfer.connected_at:
            name = transfer.to_id.name
            refusal = self.env._("%(name)s is not connected yet.", name=name)
        return transfer, refusal

    @api.model
    def softphone_transfer_complete(self, call_id):
        """The colleague gets the customer, and this user leaves the call."""
        return run_in_transaction(
            self.env,
            lambda: self._for_softphone(call_id)._lock()._complete_by_user(),
        )

    def _complete_by_user(self):
        transfer, refusal = self._consult_of_user()
        if refusal:
            return self._refusal("disabled", refusal)
        if not self.sudo()._complete(transfer):
            return self._taken()
        return {"ok": True, "message": False, "call": self._view()}

    def _complete(self, transfer):
        """Compare-and-swap of the handler: the colleague's leg becomes the operator's.

        :return: whether it is the colleague's now
        """
        if not self._hand_over(
            transfer, transfer.to_id, transfer.tab, transfer.leg_ref
        ):
            return False
        self.write({"held_at": False, "on_hold": False})
        self._log_hand_over(transfer)
        self._ask_sidecar("media_transfer", {"leg": transfer.leg_ref})
        transfer._finish("done")
        self._changed()
        return True

    # ---- the colleague leaves

    def _end_consult(self, transfer, state, note, **values):
        """Close the colleague's leg; the operator is with the customer again."""
        leg = transfer.leg_ref
        values = {"source": "operator", **values} if values else {}
        if not transfer._finish(state, ["consulting"]):
            return
        self._log("consult_ended", note, **values)
        self._ask_sidecar("media_talk", {"with": "peer"})
        if leg and state != "left":
            self._ask_sidecar("media_leg_close", {"leg": leg})
        self._hold(False)
        self.held_at = False
        self._changed()

    def _consult_failed(self, transfer, reason=""):
        words = {"name": transfer.to_id.name, "reason": reason}
        note = self.env._("No sound came about with %(name)s", **words)
        if reason:
            note = self.env._("No sound came about with %(name)s: %(reason)s", **words)
        self._end_consult(transfer, "failed", note)

    def _on_media_leg_lost(self, data, at):
        """The colleague's browser is gone."""
        transfer = self._consult_of(data.get("leg"))
        if not transfer:
            return super()._on_media_leg_lost(data, at)
        name = transfer.to_id.name
        note = self.env._("The sound of %(name)s was lost", name=name)
        return self._end_consult(transfer, "left", note)

    @api.model
    def softphone_consult_leave(self, call_id):
        """The colleague hangs up: the operator is with the customer again."""

        def work():
            call = self._for_softphone(call_id)._lock()
            user = self.env.user
            transfer = call.sudo()._open_transfer() if call else None
            if transfer and transfer.state == "consulting" and transfer.to_id == user:
                note = self.env._("%(name)s hung up", name=user.name)
                leg = transfer.leg_ref
                call.sudo()._end_consult(transfer, "left", note, user=user)
                call.sudo()._ask_sidecar("media_leg_close", {"leg": leg})
            return {"ok": True, "message": False}

        return run_in_transaction(self.env, work)
