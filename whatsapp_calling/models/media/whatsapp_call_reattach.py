"""Coming back to a call: the operator's browser was lost or loaded again.

The sidecar holds the line and plays music; for some seconds the call is nobody's tab's,
and the next page of the same operator takes it back.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.sdp import SdpError
from ...tools.transaction import run_in_transaction

REATTACH = 20  # seconds, where the number does not say


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def softphone_reattach(self, call_id, tab, sdp):
        """Take a call of one's own back into this tab, with its SDP offer.

        :return: {"ok": True, "call"} or {"ok": False, "reason", "message", "call"}
        """
        try:
            offer = self._checked_offer(sdp)
        except SdpError as error:
            return self._refusal("invalid_sdp", str(error))
        return run_in_transaction(
            self.env, lambda: self._for_softphone(call_id)._lock()._reattach(tab, offer)
        )

    def _reattach(self, tab, offer):
        # sudo: call - whose it is is checked here
        call = self.sudo()
        if not self or not call._is_live() or not call.anchored:
            return self._refusal("ended", self.env._("This call is over."))
        user = self.env.user
        if call.handler_id != user:
            return self._refusal(
                "taken", self.env._("%(name)s has this call.", name=call._holder())
            )
        if not call._take_back(user, tab):
            return self._refusal(
                "taken", self.env._("This call goes on in another window of yours.")
            )
        call._log(
            "reattached",
            self.env._("%(name)s is back", name=user.name),
            source="operator",
            user=user,
        )
        call._new_leg(offer)
        if call.media_opened_at:
            call._media_join()
        call._derive()
        return {"ok": True, "call": self._view()}

    def _take_back(self, user, tab):
        """Compare-and-swap: no tab, or this one -> this one."""
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call
                   SET handler_tab = %(tab)s, pinged_at = %(now)s, reattach_until = NULL
                 WHERE id = %(id)s AND handler_id = %(user)s
                   AND (handler_tab IS NULL OR handler_tab = %(tab)s)
                RETURNING id
                """,
                tab=tab,
                now=fields.Datetime.now(),
                id=self.id,
                user=user.id,
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    # ---- going

    def _may_come_back(self):
        """Whether the sidecar holds the line while the operator is away."""
        return bool(
            self.anchored
            and self.media_opened_at
            and self._is_live()
            and self.handler_id
            and (self.state == "connected" or self.direction == "outbound")
        )

    def _tab_lost(self):
        if not self._may_come_back():
            return super()._tab_lost()
        self._wait_for_operator()
        return None

    def _tab_closed(self):
        """A tab said goodbye: it may be a reload."""
        call = self.sudo()
        if not call._may_come_back() or call.handler_id != self.env.user:
            return super()._tab_closed()
        call._wait_for_operator()
        return {"ok": True, "message": False}

    def _wait_for_operator(self, keep_tab=False):
        """From now on any page of the operator may take the call back.

        :param keep_tab: the tab lives and has lost its line only
        """
        vals = {} if keep_tab else {"handler_tab": False}
        if not self.reattach_until:
            seconds = self.number_id.reattach_seconds or REATTACH
            vals["reattach_until"] = fields.Datetime.now() + timedelta(seconds=seconds)
            self._log(
                "operator_away",
                self.env._(
                    "The browser of %(name)s is gone: the customer hears music for "
                    "%(seconds)s seconds",
                    name=self.handler_id.name,
                    seconds=seconds,
                ),
            )
        self.write(vals)
        self._derive()

    def _on_media_leg_lost(self, data, at):
        if data.get("leg") == self.leg_ref and self._may_come_back():
            self._wait_for_operator(keep_tab=True)

    def _on_media_leg_closed(self, data, at):
        self._on_media_leg_lost(data, at)

    def _on_media_leg_failed(self, request, error):
        call = request.call_id
        if request.leg_ref == call.leg_ref and call._may_come_back():
            call._wait_for_operator(keep_tab=True)

    # ---- the end of the wait

    def _next_deadline(self):
        if not self.reattach_until:
            return super()._next_deadline()
        times = [self.reattach_until, self.lease_until]
        if self.state != "connected":
            times.append(self._give_up_at())
        return min(filter(None, times))

    def _act_on_deadline(self):
        now = fields.Datetime.now()
        if not (self._is_live() and self.reattach_until):
            return super()._act_on_deadline()
        if self.reattach_until <= now:
            self._end_here("lost_tab")
        elif self.handler_tab and self._lost_at() <= now:
            self._wait_for_operator()
        elif self.lease_until or self.state != "connected":
            return super()._act_on_deadline()
        else:
            self._set_deadline()
        return None
