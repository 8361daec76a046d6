"""Who handles a call: claimed by compare-and-swap, held by a lease, given up.

The handler changes only by `UPDATE … WHERE handler IS NULL RETURNING`: of two clicks
at once one gets the row, the other reads the winner's name. A program (voicemail) may
hold it as well: `handler_kind` says who does, and free is who has neither.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.sdp import SdpError, prepare_answer
from ...tools.transaction import run_in_transaction

# seconds within which WhatsApp must have taken our answer
LEASE = 12
# seconds after which an unconfirmed hang-up or rejection is no longer sent
HANG_UP_EXPIRES = 60


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def softphone_accept(self, call_id, tab, sdp, kind="answer"):
        """Answer a ringing call with the SDP of this browser tab.

        :param kind: "answer" to WhatsApp's offer; "offer" where the sound goes through
            a media sidecar
        :return: {"ok": True, "call"} or {"ok": False, "reason", "message", "call"}
        """
        try:
            is_offer = kind == "offer"
            ours = self._checked_offer(sdp) if is_offer else prepare_answer(sdp)
        except SdpError as error:
            return self._refusal("invalid_sdp", str(error))
        return run_in_transaction(
            self.env,
            lambda: self._for_softphone(call_id)._lock()._claim(tab, ours, kind),
        )

    def _claim(self, tab, sdp, kind):
        if not self:
            return self._refusal("ended", self.env._("This call is over."))
        user = self.env.user
        if not self._may_answer():
            return self._refusal(
                "disabled", self.env._("This call does not ring for you.")
            )
        refusal = self.sudo().company_id._whatsapp_calling_refusal()
        if refusal:
            return self._refusal("disabled", refusal)
        if self._other_live_call():
            return self._refusal(
                "busy", self.env._("You are in another call: end it first.")
            )
        if self.handler_id == user and self.handler_tab == tab and self.lease_until:
            return {"ok": True, "call": self._view()}  # the same click, sent again
        call = self.sudo()
        if call.state == "ringing" and not call._fits_way(kind):
            return self._refusal(
                "other_way",
                self.env._("The way of the sound has changed. Please answer again."),
            )
        if not call._take(user, tab):
            return self._taken()
        self._log(
            "claimed",
            self.env._("%(name)s answers", name=user.name),
            source="operator",
            user=user,
        )
        call._answer_with(sdp)
        call._derive()
        return {"ok": True, "call": self._view()}

    def _take(self, user, tab, state="ringing"):
        """Compare-and-swap: nobody -> user; false when somebody was faster.

        :param state: the one it has from then on; a decline may come from an
            operator who is in a call, so it must not count as their second live one
        """
        self.flush_recordset()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call
                   SET handler_id = %s, handler_kind = 'user', handler_tab = %s,
                       lease_until = %s, pinged_at = %s, widen_at = NULL, state = %s
                 WHERE id = %s AND handler_id IS NULL AND handler_kind IS NULL
                   AND state = 'ringing' AND direction = 'inbound'
                RETURNING id
                """,
                user.id,
                tab,
                now + timedelta(seconds=LEASE),
                now,
                state,
                self.id,
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    def _taken(self):
        """What the slower of two reads."""
        holder = self.handler_id
        if not holder and self._is_live() and self.handler_kind:
            return self._refusal("taken", self.env._("The caller is being answered."))
        if not holder:
            return self._refusal("ended", self.env._("This call is over."))
        return self._refusal(
            "taken",
            self.env._(
                "already accepted by another teammate: %(name)s", name=holder.name
            ),
        )

    def _refusal(self, reason, message, **more):
        call = self._view() if self else False
        return {
            "ok": False,
            "reason": reason,
            "message": message,
            "call": call,
            **more,
        }

    def _fits_way(self, kind):
        """Whether an SDP of this kind ("answer", "offer") can answer this call."""
        return kind == "answer"

    def _answer_with(self, sdp):
        """The call is this operator's: what their browser says goes to WhatsApp."""
        self.answer_sdp = sdp
        self._ask_to_accept(sdp)

    def _ask_to_accept(self, answer):
        requests = self.env["whatsapp.call.request"]
        common = {"call": self, "user": self.handler_id, "expires_in": LEASE}
        payload = {"call_ref": self.provider_ref, "sdp": answer}
        if self.number_id.pre_accept and self.account_id._can("PRE_ACCEPT"):
            requests._enqueue(self.number_id, "pre_accept", payload, **common)
        requests._enqueue(
            self.number_id, "accept", {**payload, "opaque": self.opaque}, **common
        )

    def _release(self, reason):
        """Give a claim up: the call rings on for everybody who was rung."""
        self.env["whatsapp.call.request"]._cancel_queued(self)
        self._log(
            "released",
            self.env._("%(name)s could not answer", name=self.handler_id.name),
            data={"reason": reason},
        )
        self.write(
            {
                "handler_id": False,
                "handler_kind": False,
                "handler_tab": False,
                "lease_until": False,
            }
        )
        self._derive()
        # it may have rung for the assignee alone, who cannot answer it
        self._widen_ring()

    def _bound_to_tab(self):
        """Whether WhatsApp may hold this tab's SDP, so that no other can answer."""
        return self.request_ids.filtered(
            lambda r: (
                r.action == "pre_accept"
                and r.user_id == self.handler_id
                and r.state in ("sending", "done", "unknown")
            )
        )

    def _end_lease(self):
        """WhatsApp did not take the answer in time: ring on where that is possible."""
        if self._bound_to_tab() or self._accept_left():
            self._end_here("no_news")
        else:
            self._release("lease")

    # ---- declining, hanging up

    @api.model
    def softphone_decline(self, call_id, text=False):
        """Reject a ringing call for everybody; `text` is sent to the caller."""
        return run_in_transaction(
            self.env, lambda: self._for_softphone(call_id)._lock()._decline(text)
        )

    def _decline(self, text):
        if not self or self.state != "ringing":
            return self._refusal("ended", self.env._("This call is over."))
        if not self._may_answer():
            return self._refusal(
                "disabled", self.env._("This call does not ring for you.")
            )
        call, user = self.sudo(), self.env.user
        # the compare-and-swap of an answer: a decline must not end an answered call
        if not call._take(user, None, state="rejected"):
            return self._taken()
        self._log(
            "declined",
            self.env._("%(name)s declined for everybody", name=user.name),
            source="operator",
            user=user,
        )
        call._ask_to_hang_up("reject")
        if text and call.account_id._can("MESSAGES"):
            call._send_text(text)
        call._close("declined")
        return {"ok": True, "message": False, "call": self._view()}

    def _send_text(self, text):
        self.env["whatsapp.call.request"]._enqueue(
            self.number_id,
            "send_text",
            {**self.contact_id._address(), "text": text},
            expires_in=600,
            call=self,
            contact=self.contact_id,
        )

    @api.model
    def softphone_silence(self, call_id):
        """Stop ringing for this user only."""

        def work():
            call = self._for_softphone(call_id)
            if call:
                call._lock().sudo().silenced_user_ids = [(4, self.env.uid)]
            return {"ok": True}

        return run_in_transaction(self.env, work)

    @api.model
    def softphone_hang_up(self, call_id):
        """End the call one handles; on one that is over already it is a success."""
        return run_in_transaction(
            self.env, lambda: self._for_softphone(call_id)._lock()._hang_up()
        )

    def _hang_up(self, closed_reason="hung_up"):
        if not self or not self._is_live():
            return {"ok": True, "message": False}
        if self.handler_id != self.env.user and not self._is_manager():
            return self._refusal(
                "taken", self.env._("%(name)s has this call.", name=self._holder())
            )
        self._log(
            "hung_up",
            self.env._("%(name)s hung up", name=self.env.user.name),
            source="operator",
            user=self.env.user,
        )
        call = self.sudo()
        call._end_here(closed_reason)
        return {"ok": True, "message": False, "call": self._view()}

    def _held_by_program(self):
        """Whether no person but a program (voicemail, …) handles this call."""
        return bool(self.handler_kind and self.handler_kind != "user")

    def _holder(self):
        return self.handler_id.name or self.env._("Nobody")

    def _end_here(self, closed_reason):
        """End a live call from our side, and tell WhatsApp."""
        self.env["whatsapp.call.request"]._cancel_queued(self)
        self._ask_to_hang_up("terminate" if self._accept_left() else "reject")
        self._note_facts(hung_up_at=fields.Datetime.now())
        self._close(closed_reason)

    def _accept_left(self):
        """Whether WhatsApp may take the call for answered (or it is our own)."""
        return self.direction == "outbound" or self.request_ids.filtered(
            lambda r: r.action == "accept" and r.state in ("sending", "done", "unknown")
        )

    def _ask_to_hang_up(self, action):
        """Queue reject or terminate; before WhatsApp gave an id, once it has.

        The connect request may be under way: its answer brings the id, and
        `_on_answer` ends the call that nobody wants any more.
        """
        under_way = self.request_ids.filtered(
            lambda r: r.action == action and r.state in ("queued", "sending")
        )
        # a call of a number that is not ours has none to send from
        possible = self.number_id and self.provider_ref
        if not under_way and possible and self.account_id._can(action.upper()):
            self.env["whatsapp.call.request"]._enqueue(
                self.number_id,
                action,
                {"call_ref": self.provider_ref},
                expires_in=HANG_UP_EXPIRES,
                call=self,
            )

    def _close(self, reason):
        """End the call on our side; what WhatsApp says later is more exact."""
        self._note_facts(closed_at=fields.Datetime.now(), closed_reason=reason)
        self._after_end()

    # ---- who may

    @api.model
    def _for_softphone(self, call_id):
        """A call that rings for the user, is theirs, or that they may read."""
        call = self.browse(int(call_id)).exists()
        user = self.env.user
        # sudo: call - ringing is for each company one belongs to, ticked or not;
        # who may is checked here
        hidden = call.sudo()
        ours = hidden.handler_id == user or user in hidden.rung_user_ids
        if call and ours and user.has_group("whatsapp_calling.group_operator"):
            return hidden
        return call if call and call.has_access("read") else self.browse()

    def _may_answer(self):
        user = self.env.user
        hidden = self.sudo()
        return (
            user in hidden.rung_user_ids
            and hidden.company_id in user.company_ids
            and user.has_group("whatsapp_calling.group_operator")
        )

    def _other_live_call(self):
        # sudo: call - one's own call in another company counts too
        return self.sudo().search_count(
            [
                ("handler_id", "=", self.env.uid),
                ("state", "in", ("dialing", "ringing", "connected")),
                ("id", "!=", self.id),
            ],
            limit=1,
        )

    @api.model
    def softphone_tab_closed(self, call_id, tab):
        """The tab that owns a call is going: hang up, unless another has taken it."""

        def work():
            call = self._for_softphone(call_id)
            # sudo: call - the tab is no field for users
            if call._lock().sudo().handler_tab == tab:
                return call._tab_closed()
            return {"ok": True, "message": False}

        return run_in_transaction(self.env, work)

    def _tab_closed(self):
        return self._hang_up("lost_tab")
