"""The caller leaves a message: answered by a media sidecar when nobody else does.

The claim is the same compare-and-swap as an operator's, with a program instead of a
user. Then the sidecar gets the offer, WhatsApp its answer, and when that is taken the
greeting begins. The call stays a missed one: nobody talked to the customer.

An operator may take the call from the voicemail once WhatsApp has taken the answer: the
sidecar bridges the browser, the greeting stops, and the call is theirs. Before that it
is on its way and they are told so.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

VOICEMAIL = "voicemail"
# seconds of a message, and of silence that ends it
MESSAGE_MAX = 120
SILENCE = 5
# the greeting, the message and what comes around them; then it is ended from here
LONGEST = 300
# what is shorter is no message: a breath, a click
MESSAGE_MIN_MS = 500


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    def _content(self):
        """A sidecar that has the call since its ring learns now that it is to record,
        and with which keys."""
        payload = super()._content()
        # one that was planned, refused or begun already stays what it is
        if self.action == "media_program" and not self.call_id.recording_state:
            payload["record"] = self.call_id._media_record()
            payload["transcribe"] = self.call_id._media_transcribe()
        return payload


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    left_message = fields.Boolean("Left a message", readonly=True, copy=False)
    message_ms = fields.Integer(
        "Length of the message (ms)", aggregator=None, readonly=True, copy=False
    )
    # of a call that was answered before, and that the voicemail got later
    voicemail_until = fields.Datetime(groups=fields.NO_ACCESS, copy=False)
    message_recorded = fields.Boolean(
        "Voice message is here", compute="_compute_message_recorded"
    )

    def _compute_message_recorded(self):
        recordings = self.env["whatsapp.call.recording"].sudo()  # sudo: only whether
        found = recordings.search(
            [
                ("call_id", "in", self.ids),
                ("kind", "=", VOICEMAIL),
                ("state", "=", "ready"),
            ]
        ).call_id
        for call in self:
            call.message_recorded = call in found

    # ---- the claim

    def _no_answer_voicemail(self):
        anchored = self.anchored and self.media_unit_id
        unit = anchored or self._voicemail_unit()
        if not unit or not self.offer_sdp:
            self._no_voicemail(self.env._("No media server is up to take it."))
            return
        if not self._take_for(VOICEMAIL):
            return
        self.no_answer = "voicemail"
        note = self.env._("Nobody answered: the voicemail takes the call")
        self._log("voicemail", note)
        if self._asked_sidecar("media_open") and anchored:
            # the sidecar has it since the ring; WhatsApp has its answer, or gets it
            self._ask_sidecar("media_program", self._voicemail_program())
            if self.answer_sdp:
                self._ask_to_accept(self.answer_sdp)
        else:
            if not anchored:
                self._anchor(unit)
            self._media_open()
        self._derive()

    def _voicemail_unit(self, without=None):
        # sudo: unit - that there is one is decided while nobody is there
        units = self.env["whatsapp.media.unit"].sudo()
        return units._least_loaded(self.company_id, without)

    def _media_program(self):
        if self.handler_kind == VOICEMAIL:
            return self._voicemail_program()
        return super()._media_program()

    def _voicemail_program(self):
        """What the sidecar plays and waits for (POST …/program of its API)."""
        assistant = self.number_id._assistant()
        if assistant:
            greeting = assistant._prompt(assistant.message_greeting)
        else:
            lang = self._customer_lang()
            speaking = assistant.with_context(lang=lang)
            greeting = {
                "text": speaking._usual_greeting(),
                "language": lang.partition("_")[0],
            }
        return {
            "kind": VOICEMAIL,
            "greeting": greeting,
            "tone": True,
            "max_seconds": MESSAGE_MAX,
            "silence_seconds": SILENCE,
            "end_key": "#",
        }

    def _media_record(self):
        """A message is recorded whatever the number says: that is what it is for."""
        if self.handler_kind != VOICEMAIL:
            return super()._media_record()
        self.write(
            {
                "recording_state": "planned",
                "recording_off": False,
                "record_agent": False,
                "record_caller": True,
                "record_text": True,
            }
        )
        return self._recorder_settings(False, True)

    def _media_transcribe(self):
        if self.handler_kind != VOICEMAIL:
            return super()._media_transcribe()
        speech = self.env["whatsapp.calling.speech"]._of(self.company_id)
        assistant = self.number_id._assistant()
        language = assistant.language or self._media_language()
        return {"language": language, **speech._stt()}

    # ---- answers of the sidecar and of WhatsApp

    def _media_opened(self, sdp):
        done = super()._media_opened(sdp)
        if self.handler_kind == VOICEMAIL and self.state == "ringing":
            self._ask_to_accept(sdp)
        return done

    def _media_next(self, error):
        """Another sidecar may take it; without one the caller is asked in the chat."""
        if self.handler_kind != VOICEMAIL:
            return super()._media_next(error)
        tried = self.request_ids.filtered(lambda r: r.action == "media_open")
        unit = self._voicemail_unit(without=tried.media_unit_id)
        if unit and error.kind != "refused":
            self._anchor(unit)
            return self._media_open()
        return self._no_voicemail(error.message)

    def _on_accept_failed(self, request, error):
        call = request.call_id
        if call.handler_kind != VOICEMAIL:
            return super()._on_accept_failed(request, error)
        if call.state != "ringing":
            return None
        if error.kind == "in_progress" and self._accept_unsettled(request):
            return self._on_accept_ok(request, None)
        call._show_error(error)
        return call._end_here("no_news" if call._accept_left() else "unanswered")

    def _no_voicemail(self, why):
        """It cannot be left: an answer in the chat asks for it instead."""
        self._log("no_voicemail", why)
        if self.handler_kind == VOICEMAIL:
            self.write({"handler_kind": False, "lease_until": False})
            self.env["whatsapp.call.request"]._cancel_queued(self)
        self._no_answer_voice_note()

    # ---- its end

    def _voicemail_ends(self):
        """When a voicemail that begins now must be over."""
        return fields.Datetime.now() + timedelta(seconds=LONGEST)

    def _next_deadline(self):
        if self.handler_kind == VOICEMAIL and self.state == "connected":
            began = self.accepted_at or self.started_at
            due = self.voicemail_until or began + timedelta(seconds=LONGEST)
            # its sidecar may be lost before
            return min(filter(None, [due, self._media_lost_at()]))
        return super()._next_deadline()

    def _act_on_deadline(self):
        now = fields.Datetime.now()
        lost = self._media_lost_at()
        voicemail = self.handler_kind == VOICEMAIL and self.state == "connected"
        if voicemail and self._next_deadline() <= now and not (lost and lost <= now):
            return self._end_here("hung_up")
        return super()._act_on_deadline()

    def _end_lease(self):
        if self.handler_kind == VOICEMAIL:
            return self._end_here("unanswered")
        return super()._end_lease()

    def _on_media_voicemail_recorded(self, data, at):
        """The message is over; it may be reported after the call has ended."""
        length = int(data.get("duration_ms") or 0)
        if length >= MESSAGE_MIN_MS and not self.left_message:
            self.write(
                {
                    "left_message": True,
                    "message_ms": length,
                    "version": self.version + 1,
                    "chatter_due": True,
                }
            )
            self._announce()
            self._follow_up_soon()
            self._post_soon()
        if self._is_live() and self.handler_kind == VOICEMAIL:
            # by silence, key or limit: the caller waits for nothing any more
            self._end_here("hung_up")

    # ---- what is known of it

    def _state(self, answered, ended):
        state = super()._state(answered, ended)
        answered_by_voicemail = ended and self.handler_kind == VOICEMAIL
        if answered_by_voicemail and state in ("completed", "failed"):
            # nobody talked to the customer: it is on the lists of missed calls
            return "missed"
        return state

    def _wait(self, answered):
        # nobody has answered
        return 0 if self.handler_kind == VOICEMAIL else super()._wait(answered)

    @api.depends("left_message", "message_ms", "no_answer", "handler_kind")
    def _compute_reason(self):
        return super()._compute_reason()

    def _reason(self, reasons):
        if self.state != "missed" or self.error_message:
            return super()._reason(reasons)
        if self.left_message:
            return self.env._(
                "Left a message (%(length)s)",
                length=self._minutes(max(1, round(self.message_ms / 1000))),
            )
        if self.handler_kind == VOICEMAIL and self.accepted_at:
            return self.env._("Reached the voicemail and left no message")
        return super()._reason(reasons)

    def _view(self):
        call = self.sudo()
        at_voicemail = call.handler_kind == VOICEMAIL and call.state == "connected"
        return {
            **super()._view(),
            "voicemail": bool(at_voicemail and self._may_answer()),
        }

    # ---- an operator takes it over

    def _claim(self, tab, sdp, kind):
        if self and self.sudo().handler_kind == VOICEMAIL and self._is_live():
            if kind != "offer":
                # it rang for a direct call, whose browser answers WhatsApp's offer
                words = self.env._("The voicemail answers this caller: answer again.")
                return self._refusal("other_way", words)
            return self._take_over_from_voicemail(tab, sdp)
        return super()._claim(tab, sdp, kind)

    def _take_over_from_voicemail(self, tab, offer):
        """An operator takes the call while the voicemail runs.

        The sidecar lets go of its program when the browser is connected, and keeps
        nothing of a message that was begun.

        :param offer: of the browser: through a sidecar the tab offers
        """
        if not self._may_answer():
            return self._refusal(
                "disabled", self.env._("This call does not ring for you.")
            )
        call, user = self.sudo(), self.env.user
        if self._other_live_call():
            return self._refusal(
                "busy", self.env._("You are in another call: end it first.")
            )
        if not call._take_from_voicemail(user, tab):
            return self._refusal(
                "taken",
                self.env._(
                    "The voicemail is just answering this caller: try again in a "
                    "moment."
                ),
            )
        self._log(
            "claimed",
            self.env._("%(name)s takes the call from the voicemail", name=user.name),
            source="operator",
            user=user,
        )
        call._new_leg(offer)
        call._media_join()
        call._derive()
        return {"ok": True, "call": self._view()}

    def _take_from_voicemail(self, user, tab):
        """Compare-and-swap: voicemail -> user, while WhatsApp has it for answered."""
        self.flush_recordset()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call
                   SET handler_id = %s, handler_kind = 'user', handler_tab = %s,
                       pinged_at = %s, lease_until = NULL
                 WHERE id = %s AND handler_kind = 'voicemail' AND state = 'connected'
                RETURNING id
                """,
                user.id,
                tab,
                now,
                self.id,
            )
        )
        self.invalidate_recordset()
        return bool(rows)
