"""When nobody answers: what the number says happens then, and when that is.

The moment is the number's second, or the end of its ring time when that is earlier; it
is at once where nobody can be rung, or where everybody who was rung has silenced the
call. Whoever takes the call before that is the one who handles it: the same
compare-and-swap decides between an operator's click and the timer.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools.transaction import run_in_transaction
from ..call.whatsapp_call_claim import LEASE

# WhatsApp itself gives up 30 to 60 seconds after the first ring (calls FAQ)
LATEST = 40
CALL_BACK_AFTER = timedelta(hours=1)


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    no_answer = fields.Selection(
        [
            ("log", "Log the missed call only"),
            ("voicemail", "The caller leaves a message"),
            ("voice_note", "Decline and send a voice note"),
            ("call_back", "Try again in 1 hour"),
        ],
        "When nobody answers",
        required=True,
        default="log",
    )
    no_answer_seconds = fields.Integer(
        "After",
        default=15,
        help="Seconds from the first ring. At once where nobody can be rung; and not "
        "at all once somebody has answered.",
    )
    no_answer_user_id = fields.Many2one(
        "res.users",
        "Who follows up",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        ondelete="set null",
        help="Gets the reminders of calls that belong to nobody: without an assigned "
        "person on the ticket, lead or customer. Empty: a manager of this number.",
    )

    @api.constrains("no_answer_seconds")
    def _check_no_answer_seconds(self):
        for number in self:
            if not 1 <= number.no_answer_seconds <= LATEST:
                raise ValidationError(
                    self.env._(
                        "Choose 1 to %(latest)s seconds: WhatsApp gives a call up 30 "
                        "to 60 seconds after its first ring.",
                        latest=LATEST,
                    )
                )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    no_answer_at = fields.Datetime(groups=fields.NO_ACCESS, copy=False)
    # set when it came to that, so that the end of the call knows
    no_answer = fields.Selection(
        [
            ("voicemail", "Voicemail"),
            ("voice_note", "Voice note"),
            ("call_back", "Call back in 1 hour"),
        ],
        "Nobody answered",
        readonly=True,
        copy=False,
    )

    # ---- when

    def _ring(self, number):
        super()._ring(number)
        if not number or number.no_answer == "log" or number._ringing_refusal():
            return
        now = fields.Datetime.now()
        if not self.rung_user_ids:
            self.no_answer_at = now
            self._nobody_answers()
            return
        seconds = min(number.no_answer_seconds, number.ring_seconds)
        self.no_answer_at = now + timedelta(seconds=seconds)
        self._set_deadline()

    def _waits_for_answer(self):
        """Whether it still rings, is nobody's, and something is to happen then."""
        return bool(
            self.no_answer_at
            and self.state == "ringing"
            and not (self.handler_id or self.handler_kind)
        )

    def _next_deadline(self):
        deadline = super()._next_deadline()
        if self._waits_for_answer():
            deadline = min(deadline, self.no_answer_at)
        return deadline

    def _act_on_deadline(self):
        due = self._waits_for_answer() and self.no_answer_at <= fields.Datetime.now()
        return self._nobody_answers() if due else super()._act_on_deadline()

    @api.model
    def softphone_silence(self, call_id):
        done = super().softphone_silence(call_id)

        def work():
            # sudo: call - who silences it is checked above
            call = self._for_softphone(call_id)._lock().sudo()
            if call and call._all_silent():
                call._nobody_answers()
            return done

        return run_in_transaction(self.env, work)

    def _all_silent(self):
        """Whether nobody is left whom it rings for, now or later."""
        return (
            self._waits_for_answer()
            and not self.widen_at
            and not (self.rung_user_ids - self.silenced_user_ids)
        )

    # ---- what

    def _nobody_answers(self):
        """Do what the number says, once."""
        self.no_answer_at = False
        plan = self.number_id.no_answer
        if plan not in ("voicemail", "voice_note", "call_back"):
            self._set_deadline()
            return
        if not self.company_id._whatsapp_calling_refusal():
            getattr(self, f"_no_answer_{plan}")()
        if self._is_live():
            self._set_deadline()

    def _no_answer_voice_note(self):
        """WaDesk's way: the ringing ends, and an answer goes into the chat."""
        if not self._take_for("voicemail", state="missed"):
            return
        self.no_answer = "voice_note"
        self._log(
            "no_answer",
            self.env._("Nobody answered: declined, and answered in the chat"),
        )
        self._ask_to_hang_up("reject")
        self._close("unanswered")
        self.env["whatsapp.call.voice.note"]._answer_to(self)

    def _no_answer_call_back(self):
        """It rings on; when it has ended unanswered, somebody is to call back."""
        self.no_answer = "call_back"
        self._log("no_answer", self.env._("Nobody answered: somebody is to call back"))

    def _take_for(self, kind, state="ringing"):
        """Compare-and-swap: nobody -> a program; false when somebody was faster.

        :param kind: of `handler_kind`
        """
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call
                   SET handler_kind = %s, lease_until = %s, widen_at = NULL, state = %s
                 WHERE id = %s AND handler_id IS NULL AND handler_kind IS NULL
                   AND state = 'ringing' AND direction = 'inbound'
                RETURNING id
                """,
                kind,
                fields.Datetime.now() + timedelta(seconds=LEASE),
                state,
                self.id,
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    # ---- calling back

    call_back_at = fields.Datetime("Call back at", readonly=True, copy=False)
    _call_back_idx = models.Index("(call_back_at) WHERE call_back_at IS NOT NULL")

    def _after_end(self):
        done = super()._after_end()
        wanted = self.no_answer == "call_back" and not self.call_back_at
        if wanted and self.state == "missed":
            self._call_back_later()
        return done

    def _call_back_later(self):
        """Somebody is to call in an hour; nobody is dialled by a machine."""
        self.call_back_at = fields.Datetime.now() + CALL_BACK_AFTER
        self._follow_up_soon()

    @api.model
    def _sweep_parts(self):
        return [*super()._sweep_parts(), self._sweep_call_backs]

    def _sweep_call_backs(self):
        """Once a minute: remind of the call-backs that are due."""
        due = self.search(
            [("call_back_at", "<=", fields.Datetime.now())],
            order="call_back_at",
            limit=100,
        )
        for call in due:
            call.call_back_at = False
            if not call._reached_since():
                call._remind_to_call_back()

    def _reached_since(self):
        """Whether customer and company have talked or were in a call meanwhile."""
        return bool(
            self.contact_id
            and self.search_count(
                [
                    ("contact_id", "=", self.contact_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("started_at", ">", self.started_at),
                    "|",
                    ("accepted_at", "!=", False),
                    ("direction", "=", "outbound"),
                ],
                limit=1,
            )
        )
