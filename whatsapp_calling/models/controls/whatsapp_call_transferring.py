"""Handing a running call on: who is rung for it, who gets it, and the way back.

Blind: the customer hears music, the target's phones ring, and who accepts has the
customer. Until then the operator keeps the call and may take it back; when nobody
accepts, it rings at the operator.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools.transaction import run_in_transaction
from .whatsapp_call_transfer import OPEN, REASON_MAX, WAITING

TRANSFER_SECONDS = (5, 120)


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_transfer_seconds = fields.Integer(
        "Transfers ring for",
        default=20,
        help="Seconds until a call that nobody takes rings at who transferred it.",
    )

    @api.constrains("whatsapp_calling_transfer_seconds")
    def _check_whatsapp_calling_transfer_seconds(self):
        least, most = TRANSFER_SECONDS
        for company in self:
            if not least <= company.whatsapp_calling_transfer_seconds <= most:
                raise ValidationError(
                    self.env._(
                        "A transferred call rings for %(least)s to %(most)s seconds.",
                        least=least,
                        most=most,
                    )
                )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    transfer_ids = fields.One2many("whatsapp.call.transfer", "call_id", "Transfers")

    # ---- asking for it

    @api.model
    def softphone_transfer(self, call_id, target, kind, reason=False):
        """Hand one's own call on to a person or a team.

        :param target: {"user_id"} or {"team": "<model>,<id>"}
        :param kind: "blind": who accepts has the customer; "attended": they talk to
            this user first
        :return: {"ok", "message", "call"}
        """
        return run_in_transaction(
            self.env,
            lambda: (
                self._for_softphone(call_id)._lock()._transfer(target, kind, reason)
            ),
        )

    def _transfer(self, target, kind, reason):
        refusal = self._control_refusal()
        if refusal:
            return self._refusal("disabled", refusal)
        call, user = self.sudo(), self.env.user
        if call._open_transfer():
            message = self.env._("This call is being transferred already.")
            return self._refusal("busy", message)
        name, key, users = call._transfer_target(target)
        users -= user
        if not users:
            message = self.env._("There is nobody who could take this call.")
            return self._refusal("nobody", message)
        transfer = self.env["whatsapp.call.transfer"].sudo()
        transfer = transfer.create(
            {
                "call_id": call.id,
                "kind": "attended" if kind == "attended" else "blind",
                "from_id": user.id,
                "target": name,
                "target_key": key,
                "reason": str(reason or "").strip()[:REASON_MAX],
                "user_ids": users.ids,
                "until": call._transfer_until(),
            }
        )
        words = {"name": user.name, "target": name}
        note = (
            self.env._("%(name)s transfers the call to %(target)s", **words)
            if transfer.kind == "blind"
            else self.env._("%(name)s asks %(target)s about the call", **words)
        )
        data = {"user_ids": users.ids, "reason": transfer.reason}
        self._log("transfer", note, source="operator", user=user, data=data)
        call._hold(True)
        call._ring_transfer(users)
        return {"ok": True, "message": False, "call": self._view()}

    def _transfer_until(self):
        seconds = self.company_id.whatsapp_calling_transfer_seconds
        return fields.Datetime.now() + timedelta(seconds=seconds)

    def _open_transfer(self):
        """The transfer under way, if any."""
        return self.transfer_ids.filtered(lambda t: t.state in OPEN)[:1]

    def _ring_transfer(self, users):
        # who is rung may see the call: its customer, notes and record
        self.rung_user_ids = [(4, user.id) for user in users]
        self._changed()
        users._bus_send(
            "whatsapp_calling/ring",
            {"id": self.id, "version": self.version, "server_time": self._now_ms()},
        )
        self._push_soon("_push_ring", users)

    # ---- taking it

    def _claim(self, tab, sdp, kind):
        transfer = self.sudo()._open_transfer() if self else None
        if transfer and transfer._rings_for(self.env.user) and kind == "offer":
            return self._accept_transfer(transfer, tab, sdp)
        call = self.sudo()
        if call.state == "connected" and call.handler_kind == "user":
            if call.handler_id == self.env.user and call.handler_tab == tab:
                return {"ok": True, "call": self._view()}  # the same click, sent again
            return self._taken()
        return super()._claim(tab, sdp, kind)

    def _accept_transfer(self, transfer, tab, offer):
        user, call = self.env.user, self.sudo()
        if transfer.kind == "attended" and transfer.state == "ringing":
            return self._accept_consult(transfer, tab, offer)
        refusal = call.company_id._whatsapp_calling_refusal()
        if refusal:
            return self._refusal("disabled", refusal)
        if self._other_live_call():
            return self._refusal(
                "busy", self.env._("You are in another call: end it first.")
            )
        if not call._hand_over(transfer, user, tab):
            return self._taken()
        leg = call._new_leg(offer)
        transfer._swap(
            WAITING,
            "connecting",
            to_id=user.id,
            tab=tab,
            leg_ref=leg,
            until=None,
            lease_until=transfer._lease(),
        )
        note = self.env._("%(name)s answers", name=user.name)
        self._log("transfer_accepted", note, source="operator", user=user)
        call._media_join()
        call._changed()
        return {"ok": True, "call": self._view()}

    def _hand_over(self, transfer, user, tab, leg=None):
        """Compare-and-swap of the handler: old -> new, while the transfer lasts."""
        self.flush_recordset()
        transfer.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call call
                   SET handler_id = %(user)s, handler_kind = 'user',
                       handler_tab = %(tab)s, pinged_at = %(now)s,
                       leg_ref = %(leg)s, leg_offer = NULL, leg_answer = NULL,
                       reattach_until = NULL
                 WHERE call.id = %(call)s AND call.state = 'connected'
                   AND call.handler_id IS NOT DISTINCT FROM %(before)s
                   AND EXISTS (
                        SELECT FROM whatsapp_call_transfer transfer
                         WHERE transfer.id = %(transfer)s
                           AND transfer.state IN %(open)s)
                RETURNING call.id
                """,
                user=user.id,
                tab=tab,
                leg=leg,
                now=fields.Datetime.now(),
                call=self.id,
                before=self.handler_id.id or None,
                transfer=transfer.id,
                open=tuple(OPEN),
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    def _log_hand_over(self, transfer):
        """From now on it is the new handler's call, in the history and chatter too."""
        before, user = transfer.from_id, transfer.to_id
        if before == user:
            return
        words = {"name": user.name, "before": before.name, "reason": transfer.reason}
        note = self.env._("%(name)s takes over from %(before)s", **words)
        if transfer.reason:
            note = self.env._(
                "%(name)s takes over from %(before)s: %(reason)s", **words
            )
        data = {"from_id": before.id, "to_id": user.id, "reason": transfer.reason}
        self._log("handed_over", note, source="operator", user=user, data=data)
        self._post_soon()
