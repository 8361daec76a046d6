"""WhatsApp's own recording and transcription of a direct call, fetched in time.

WhatsApp is asked for it with the answer or with dialling, says so to both sides, and
tells of the files after the end. They lie there for 7 days: they are fetched by the
pool, tried again for as long, and kept as every other recording.
"""

import uuid
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...providers.base import ProviderError
from ...providers.capture import CAPTURE_LANGUAGES, CAPTURE_PURPOSE_LIMIT
from ...providers.meta_capture import transcript_of
from ...tools.transaction import run_on_its_own

KEPT_FOR = timedelta(days=7)  # at WhatsApp (call-recording page)
# minutes until the next try, after the first, second … failed one; then the last again
WAITS = (1, 5, 30, 120, 360)
# seconds after which a fetch that is still under way was left by a stopped server
LEFT_AFTER = 900
OGG = "audio/ogg"


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    media_policy = fields.Selection(
        selection_add=[("whatsapp", "Direct, recorded by WhatsApp")],
        ondelete={"whatsapp": "set default"},
    )
    capture_sound = fields.Boolean("WhatsApp records", default=True)
    capture_text = fields.Boolean("WhatsApp writes down what is said")
    capture_purpose = fields.Char(
        "Why it is recorded",
        help="WhatsApp keeps it with the recording, up to 250 characters.",
    )
    capture_language = fields.Selection(
        list(CAPTURE_LANGUAGES.items()),
        "Language of WhatsApp's announcement",
        help="WhatsApp speaks it to both sides before it records; it knows no others.",
    )

    @api.constrains(
        "media_policy",
        "capture_sound",
        "capture_text",
        "capture_purpose",
        "capture_language",
    )
    def _check_capture(self):
        for number in self:
            if number.media_policy != "whatsapp":
                continue
            if not number.account_id._can("RECORDING"):
                raise ValidationError(
                    self.env._("The provider of this number cannot record calls.")
                )
            if not (number.capture_sound or number.capture_text):
                raise ValidationError(
                    self.env._(
                        "Choose what WhatsApp makes of a call: a recording, a "
                        "transcript, or both."
                    )
                )
            purpose = (number.capture_purpose or "").strip()
            if not purpose or len(purpose) > CAPTURE_PURPOSE_LIMIT:
                raise ValidationError(
                    self.env._(
                        "WhatsApp wants to know why calls are recorded, in 1 to "
                        "%(most)s characters.",
                        most=CAPTURE_PURPOSE_LIMIT,
                    )
                )
            if not number.capture_language:
                raise ValidationError(
                    self.env._("Choose the language of WhatsApp's announcement.")
                )

    def _capture_wanted(self):
        """What WhatsApp is to make of a call: members of connect's and accept's
        payload (providers/meta_capture.py)."""
        self.ensure_one()
        if self.media_policy != "whatsapp" or self.company_id._whatsapp_calling_refusal(
            "recording"
        ):
            return {}
        told = {
            "purpose": (self.capture_purpose or "").strip(),
            "language": self.capture_language,
        }
        wanted = {"recording": self.capture_sound, "transcription": self.capture_text}
        return {name: told for name, on in wanted.items() if on}


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    @api.model
    def _enqueue(self, number, action, payload, *, expires_in, **values):
        call = values.get("call")
        if call and action in ("connect", "accept"):
            payload = {**payload, **call._captured_by_whatsapp()}
        return super()._enqueue(
            number, action, payload, expires_in=expires_in, **values
        )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    capture_ids = fields.One2many("whatsapp.call.capture", "call_id")
    capture_text = fields.Char("WhatsApp's recording", compute="_compute_capture_text")

    @api.depends("capture_ids.state", "capture_ids.problem")
    def _compute_capture_text(self):
        for call in self:
            # sudo: capture - whoever reads the call may know what became of it
            captures = call.sudo().capture_ids
            call.capture_text = " ".join(each._told() for each in captures)

    def _captured_by_whatsapp(self):
        """What WhatsApp is asked to record of this call; a call through a sidecar is
        recorded there."""
        self.ensure_one()
        if self.anchored or not self.number_id:
            return {}
        wanted = self.number_id._capture_wanted()
        if wanted:
            for name in wanted:
                self.env["whatsapp.call.capture"]._expect(self, name)
        return wanted

    def _take_recording_available(self, account, number, event, event_id, started):
        self._take_capture(account, event, event_id, "recording")

    def _take_transcription_available(self, account, number, event, event_id, started):
        self._take_capture(account, event, event_id, "transcription")

    def _take_capture(self, account, event, event_id, what):
        call = self._find(account, event)
        if not call:
            return  # of a call that another system has placed, or that was erased
        self.env["whatsapp.call.event"]._attach(
            event_id, call=call, contact=call.contact_id
        )
        self.env["whatsapp.call.capture"]._available(call, what, event)

    def _capture_stored(self, what):
        """A file of WhatsApp's is here: whoever looks at the call sees it."""
        if what == "recording":
            vals = {"recording_state": "stored", "recording_off": False}
        else:
            vals = {"has_transcript": True}
        self._recording_changed(**vals)

    def _note_not_recorded(self):
        # WhatsApp's recording comes after the end
        return None if self.capture_ids else super()._note_not_recorded()

    @api.model
    def _sweep_parts(self):
        captures = self.env["whatsapp.call.capture"]
        return [*super()._sweep_parts(), captures._sweep]


class WhatsappCallCapture(models.Model):
    _name = "whatsapp.call.capture"
    _description = "WhatsApp's Recording of a Call"
    _order = "id"
    _rec_name = "what"

    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="call_id.company_id", store=True, index=True)
    what = fields.Selection(
        [("recording", "Recording"), ("transcription", "Transcript")], required=True
    )
    media_ref = fields.Char(groups=fields.NO_ACCESS)
    sha256 = fields.Char(groups=fields.NO_ACCESS)
    state = fields.Selection(
        [
            ("asked", "Asked for"),
            ("fetching", "Being fetched"),
            ("stored", "Fetched"),
            ("missed", "Could not be fetched"),
        ],
        required=True,
        default="asked",
    )
    attempts = fields.Integer(default=0, aggregator=None)
    next_at = fields.Datetime("Next try")
    until = fields.Datetime("WhatsApp keeps it until")
    problem = fields.Char("What WhatsApp said")

    _media_uniq = models.UniqueIndex("(call_id, media_ref) WHERE media_ref IS NOT NULL")
    _open_idx = models.Index("(next_at) WHERE state = 'fetching'")

    @api.model
    def _expect(self, call, what):
        """WhatsApp is being asked for it; twice with one call is once."""
        # sudo: capture - written by code only
        known = self.sudo().search(
            [("call_id", "=", call.id), ("what", "=", what)], limit=1
        )
        return known or self.sudo().create({"call_id": call.id, "what": what})

    @api.model
    def _available(self, call, what, event):
        """WhatsApp tells of a file: fetch it now.

        A call whose network changed may come in more than one file.
        """
        media_ref = event.data["media_ref"]
        captures = self.search([("call_id", "=", call.id), ("what", "=", what)])
        if media_ref in captures.mapped("media_ref"):
            return
        now = fields.Datetime.now()
        values = {
            "media_ref": media_ref,
            "sha256": event.data["sha256"],
            "state": "fetching",
            "until": now + KEPT_FOR,
        }
        capture = captures.filtered(lambda each: each.state == "asked")[:1]
        if capture:
            capture.write(values)
        else:
            capture = self.create({**values, "call_id": call.id, "what": what})
        capture._fetch()

    def _fetch(self):
        """Ask for the file, through the pool; the answer comes to this row."""
        self.write(
            {
                "attempts": self.attempts + 1,
                "next_at": fields.Datetime.now() + timedelta(seconds=LEFT_AFTER),
            }
        )
        call = self.call_id
        self.env["whatsapp.call.request"]._enqueue(
            call.number_id,
            "get_recording",
            {"media_ref": self.media_ref, "sha256": self.sha256},
            expires_in=LEFT_AFTER,
            contact=call.contact_id,
            record=self,
        )

    def _on_get_recording_ok(self, request, answer):
        if self.state != "fetching":
            return
        try:
            if self.what == "recording":
                self._store_sound(answer)
            else:
                self._store_text(answer.content)
        except ProviderError as error:
            self._give_up(error.message)
            return
        self.write({"state": "stored", "problem": False, "next_at": False})
        self.call_id._log("capture_stored", self._told())
        self.call_id._capture_stored(self.what)

    def _store_sound(self, answer):
        kind = (answer.data.get("mime_type") or "").split(";")[0].strip().lower()
        if kind != OGG:
            raise ProviderError(
                self.env._("It is no OGG sound, but %(type)s.", type=kind),
                kind="nonsense",
            )
        self.env["whatsapp.call.recording"]._store_plain(
            self.call_id,
            "mix",
            "whatsapp",
            answer.content,
            started_at=self.call_id.official_start or self.call_id.accepted_at,
            uid=self._recording_uid(),
        )

    def _recording_uid(self):
        """The call's own name for it; a second file of one call has another."""
        call = self.call_id
        others = self.search_count(
            [
                ("call_id", "=", call.id),
                ("what", "=", "recording"),
                ("state", "=", "stored"),
            ],
            limit=1,
        )
        return uuid.uuid4().hex if others else call._new_recording_uid()

    def _store_text(self, content):
        call = self.call_id
        transcript = transcript_of(content)
        # sudo: turn - written by code only
        self.env["whatsapp.call.turn"].sudo().create(
            [
                {
                    "call_id": call.id,
                    "speaker": turn["speaker"],
                    "user_id": turn["speaker"] == "agent" and call.handler_id.id,
                    "start_ms": turn["start_ms"],
                    "end_ms": turn["end_ms"],
                    "text": turn["text"],
                    "confidence": turn["confidence"] or 0,
                    "engine": "whatsapp",
                }
                for turn in transcript["turns"]
            ]
        )

    def _on_get_recording_failed(self, request, error):
        if self.state != "fetching":
            return
        wait = timedelta(minutes=WAITS[min(self.attempts, len(WAITS)) - 1])
        again = fields.Datetime.now() + wait
        if again >= self.until:
            self._give_up(error.message)
        else:
            self.write({"problem": error.message, "next_at": again})

    def _give_up(self, problem):
        """It is gone, or is nothing that can be kept: told on the call."""
        self.write({"state": "missed", "problem": problem, "next_at": False})
        self.call_id._log("capture_missed", self._told(), flagged=True)

    def _told(self):
        """What became of it, in plain words."""
        name = dict(self._fields["what"]._description_selection(self.env))[self.what]
        words = {
            "asked": self.env._("%(what)s: WhatsApp was asked for it.", what=name),
            "fetching": self.env._("%(what)s: being fetched.", what=name),
            "stored": self.env._("%(what)s: made by WhatsApp, kept here.", what=name),
            "missed": self.env._(
                "%(what)s: it could not be fetched from WhatsApp, which keeps it for 7 "
                "days only. %(problem)s",
                what=name,
                problem=self.problem or "",
            ),
        }
        return words[self.state].strip()

    def _sweep(self):
        """Once a minute: what is due again, and what a stopped server left."""
        due = self.search(
            [("state", "=", "fetching"), ("next_at", "<=", fields.Datetime.now())],
            limit=100,
        )
        for capture in due:
            run_on_its_own(self.env, partial(capture._try_again))

    def _try_again(self):
        if self.state != "fetching" or self.next_at > fields.Datetime.now():
            return
        if self.until <= fields.Datetime.now():
            self._give_up(self.problem or self.env._("WhatsApp gave no answer."))
        else:
            self._fetch()
