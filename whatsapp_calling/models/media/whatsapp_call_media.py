"""A call whose sound goes through a media sidecar: what is kept of that, and asking.

Other files add what the sidecar is asked for (recording, speech, hold): they override
the hooks below, queue with `_ask_sidecar` and take answers and events in methods named
after the action or event.
"""

import secrets

from odoo import fields, models
from odoo.tools import SQL

# seconds in which a command to a sidecar still makes sense
COMMAND_EXPIRES = 10
CLOSE_EXPIRES = 60
# what a sidecar does by itself when nobody tells it anything, seconds
WATCHDOG = {"no_media": 20, "no_odoo": 120, "max_seconds": 14400}
# Odoo ends a call whose operator does not come back; the sidecar only if Odoo is gone
REATTACH_SPARE = 5


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    anchored = fields.Boolean(
        "Through the media server", help="The sound goes through a media server."
    )
    media_ref = fields.Char(groups=fields.NO_ACCESS, copy=False)
    media_unit_id = fields.Many2one(
        "whatsapp.media.unit", "Media sidecar", ondelete="set null", copy=False
    )
    media_opened_at = fields.Datetime("Media server ready", copy=False)
    leg_ref = fields.Char(groups=fields.NO_ACCESS, copy=False)
    leg_offer = fields.Text(groups=fields.NO_ACCESS, copy=False)
    leg_answer = fields.Text(groups=fields.NO_ACCESS, copy=False)
    reattach_until = fields.Datetime("Operator may come back until", copy=False)
    on_hold = fields.Boolean(copy=False)

    _media_ref_uniq = models.UniqueIndex("(media_ref) WHERE media_ref IS NOT NULL")
    _media_unit_idx = models.Index(
        "(media_unit_id) WHERE state IN ('dialing', 'ringing', 'connected')"
    )

    # ---- hooks: what the sidecar is to do in this call

    def _media_settings(self):
        """What the sidecar learns when it opens the call (SETTINGS of its API).

        Read when the request leaves and never stored: it holds keys of vendors.
        """
        self.ensure_one()
        language = self._media_language()
        return {
            "record": self._media_record(),
            "transcribe": self._media_transcribe(),
            "speech": self._media_speech(),
            "watchdog": {
                **WATCHDOG,
                "reattach": self.number_id.reattach_seconds + REATTACH_SPARE,
            },
            "language": language,
            "hold": self._media_hold(),
        }

    def _media_record(self):
        """RECORD of the sidecar's API, or None: nothing is recorded."""
        return None

    def _media_transcribe(self):
        """TRANSCRIBE of the sidecar's API, or None: nothing is written down."""
        return None

    def _media_speech(self):
        """Engines of speech: {"tts": {...}, "stt": {...}}; may be empty."""
        return {}

    def _media_hold(self):
        """The PROMPT that a customer hears who waits."""
        return {"music": "hold"}

    def _media_language(self):
        """Language of what the customer hears, two letters, e.g. "de"."""
        lang = self.partner_id.lang or self.company_id.partner_id.lang or "en_US"
        return lang[:2]

    def _media_program(self):
        """A program that the sidecar runs from the start (voicemail), or None."""
        return None

    # ---- asking

    def _ask_sidecar(self, action, payload=None, expires_in=COMMAND_EXPIRES, user=None):
        """Queue a request to the sidecar that carries this call.

        Answers come to `_on_<action>_ok(request, answer)` or
        `_on_<action>_failed(request, error)`, whose `request.leg_ref` names the leg
        it was about; a request about an earlier sidecar of the call is no longer
        answered to anybody.

        :param action: media_…: see providers/sidecar.py
        :param payload: members of the body, without "call"
        :return: the request, empty when there is no sidecar to ask
        """
        self.ensure_one()
        requests = self.env["whatsapp.call.request"]
        if not (self.anchored and self.media_unit_id and self.media_ref):
            return requests
        return requests._enqueue_media(
            self.media_unit_id,
            action,
            {"call": self.media_ref, **(payload or {})},
            expires_in=expires_in,
            call=self,
            user=user,
        )

    def _asked_sidecar(self, action):
        """Requests to the sidecar of now that may have been carried out."""
        return self.request_ids.filtered(
            lambda r: (
                r.action == action
                and r.media_ref == self.media_ref
                and r.state in ("queued", "sending", "done", "unknown")
            )
        )

    def _new_leg(self, offer):
        """Give the operator's leg a new name; what its browser offers is kept until
        the sidecar answers."""
        self.write(
            {
                "leg_ref": secrets.token_hex(16),
                "leg_offer": offer,
                "leg_answer": False,
            }
        )
        return self.leg_ref

    def _derive(self):
        done = super()._derive()
        if not self._is_live():
            self._media_end()
        return done

    def _media_end(self):
        """The call is over: the sidecar is told once, and its SDPs are wiped."""
        if not self.anchored:
            return
        # a lost one cannot be told; should it come back, its heartbeat is answered
        lost = self.closed_reason == "sidecar_lost"
        if not lost and not self._asked_sidecar("media_close"):
            self._ask_sidecar(
                "media_close",
                {"reason": self.closed_reason or "ended"},
                expires_in=CLOSE_EXPIRES,
            )
        self.write(
            {
                "leg_offer": False,
                "leg_answer": False,
                "reattach_until": False,
                "on_hold": False,
            }
        )

    # ---- calls that a unit carries

    def _media_live(self, unit):
        """Calls that are live and on a unit."""
        return self.search(
            [
                ("media_unit_id", "=", unit.id),
                ("state", "in", ("dialing", "ringing", "connected")),
            ]
        )

    def _media_unknown(self, unit, carried):
        """Which of the references a unit carries are no live calls of ours on it."""
        if not carried:
            return []
        known = set(self._media_live(unit).mapped("media_ref"))
        return [ref for ref in carried if ref not in known]

    def _media_compare(self, unit, carried, restarted):
        """What a unit says it carries, against what Odoo takes it to carry.

        :param restarted: it has forgotten whatever it carried before
        """

    def _by_media_ref(self, media_ref):
        """The call of a sidecar's event, locked; empty when it is none of ours."""
        rows = self.env.execute_query(
            SQL("SELECT id FROM whatsapp_call WHERE media_ref = %s", media_ref)
        )
        return self.browse([call_id for (call_id,) in rows])._lock()
