"""When a media sidecar fails: its calls end with the reason, or go elsewhere.

A unit says every 5 s which calls it carries. One that stays silent, has started anew or
no longer names a call has lost it, and nothing brings its sound back.
"""

from datetime import timedelta

from odoo import api, fields, models

from ...providers.base import ProviderError
from ...tools import clock

# a unit that says nothing for so long has lost its calls, seconds
LOST_AFTER = 30
# a call that was opened a moment ago may not be in a heartbeat that was under way
SETTLED_AFTER = 10
# events of the sidecar: why it ended a call, and what we say of it
ENDINGS = {
    "peer": "peer_gone",
    "no_media": "no_media",
    "no_operator": "lost_tab",
    "max_seconds": "too_long",
    "program": "hung_up",  # voicemail is done, or the caller refused it
}


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _media_compare(self, unit, carried, restarted):
        settled = fields.Datetime.now() - timedelta(seconds=SETTLED_AFTER)
        missing = self._media_live(unit).filtered(
            lambda call: (
                call.media_ref not in carried
                and call.media_opened_at
                and (restarted or call.media_opened_at < settled)
            )
        )
        for call in missing._lock():
            call._media_lost()
        return super()._media_compare(unit, carried, restarted)

    def _media_lost(self):
        """The sidecar has lost this call."""
        if not (self.anchored and self._is_live()):
            return
        said = self.env._("The media server that carried the call has failed.")
        error = ProviderError(said, kind="unavailable")
        unknown_to_whatsapp = not self.request_ids.filtered(
            lambda r: (
                r.action in ("pre_accept", "accept", "connect")
                and r.state in ("sending", "done", "unknown")
            )
        )
        if unknown_to_whatsapp:
            self._media_next(error)
            return
        self._end_here("sidecar_lost")
        self.env["whatsapp.calling.notice"]._raise_notice(
            self.account_id,
            "sidecar_lost",
            detail=self.media_unit_id.display_name,
            until=fields.Datetime.now() + timedelta(days=1),
        )

    def _on_media_ended(self, data, at):
        """The sidecar has ended the call; WhatsApp is told when it does not know."""
        reason = data.get("reason")
        if not self._is_live() or reason == "odoo":
            return
        self.env["whatsapp.call.request"]._cancel_queued(self)
        self._ask_to_hang_up("terminate" if self._accept_left() else "reject")
        self._close(ENDINGS.get(reason, "sidecar_lost"))

    def _reason(self, reasons):
        if self.closed_reason == "peer_gone" and self.terminated_at:
            # the sidecar was quicker than WhatsApp to say so
            return super()._reason({**reasons, "peer_gone": self._customer_left()})
        return super()._reason(reasons)

    def _customer_left(self):
        return self.env._("Hung up by the customer")

    @api.model
    def _on_failure(self, request, error):
        done = super()._on_failure(request, error)
        call = request.call_id
        if (
            request.media_unit_id
            and error.kind == "ended"
            and error.details == "unknown_call"
            and request.media_ref == call.media_ref
            and call._is_live()
        ):
            call._media_lost()
        return done

    # ---- a unit that says nothing

    def _media_lost_at(self):
        """When the sidecar counts as lost, unless it is heard before; or None.

        A server that has just started heard nothing so far: each gets its time.
        """
        if not (self.anchored and self.media_opened_at and self._is_live()):
            return None
        seen = self.media_unit_id.seen_at or self.media_opened_at
        heard = max(filter(None, [seen, clock.listening_since()]))
        return heard + timedelta(seconds=LOST_AFTER)

    def _next_deadline(self):
        due = super()._next_deadline()
        return min(filter(None, [due, self._media_lost_at()]))

    def _act_on_deadline(self):
        lost = self._media_lost_at()
        if lost and lost <= fields.Datetime.now():
            self._media_lost()
            return None
        return super()._act_on_deadline()
