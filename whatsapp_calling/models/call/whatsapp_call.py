"""A WhatsApp call: one row from the first ring, its state derived from facts.

Facts are set once and only get better (the earliest answer, the official end), so
events may come late, twice and in any order and end in the same state. Other files
of this folder extend the model: one for each thing that happens to a call.
"""

import secrets
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import clock

LIVE_STATES = ("dialing", "ringing", "connected")
MAX_INTEGER = 2**31 - 1  # PostgreSQL's; a webhook may name the year 5138


class WhatsappCall(models.Model):
    _name = "whatsapp.call"
    _inherit = ["bus.listener.mixin"]
    _description = "WhatsApp Call"
    _order = "id desc"
    _rec_name = "peer_name"
    _check_company_auto = True

    account_id = fields.Many2one(
        "whatsapp.calling.account", required=True, index=True, ondelete="restrict"
    )
    number_id = fields.Many2one("whatsapp.calling.number", ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True)
    direction = fields.Selection(
        [("inbound", "Incoming"), ("outbound", "Outgoing")], required=True
    )
    provider_ref = fields.Char("Call ID", copy=False)
    opaque = fields.Char(
        "Our reference",
        default=lambda self: f"odoo:{secrets.token_hex(12)}",
        copy=False,
        help="Sent along at dialling; WhatsApp echoes it in its events.",
    )
    contact_id = fields.Many2one(
        "whatsapp.call.contact", index="btree_not_null", ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", index="btree_not_null", ondelete="set null"
    )
    peer_name = fields.Char("Customer name", compute="_compute_peer", store=True)
    peer_phone = fields.Char("Customer phone", compute="_compute_peer", store=True)
    is_video = fields.Boolean("Video")
    res_model = fields.Char("Linked record's model")
    res_id = fields.Many2oneReference("Linked record", model_field="res_model")
    payload = fields.Char("Button or link", help="What the call button carried.")

    # what is known, set once
    offered_at = fields.Datetime("Offered")
    ringing_at = fields.Datetime("Ringing since")
    accepted_at = fields.Datetime("Answered")
    rejected_at = fields.Datetime("Rejected on")
    hung_up_at = fields.Datetime("Hung up by us")
    terminated_at = fields.Datetime("Ended by WhatsApp")
    official_start = fields.Datetime()
    official_end = fields.Datetime()
    official_duration = fields.Integer(aggregator=None)
    outcome = fields.Selection([("completed", "Completed"), ("failed", "Failed")])
    closed_at = fields.Datetime("Closed by us")
    closed_reason = fields.Selection(
        [
            ("unanswered", "Nobody answered in time"),
            ("stale", "The call arrived too late to be answered"),
            ("declined", "Declined"),
            ("blocked", "This caller is blocked"),
            ("hung_up", "Hung up"),
            ("lost_tab", "The browser of the operator was closed"),
            ("not_sent", "The call could not be placed"),
            ("no_news", "WhatsApp said nothing more"),
            ("no_sidecar", "No media server could take the call"),
            ("sidecar_lost", "The media server that carried the call has failed"),
            ("no_media", "No sound came from the customer any more"),
            ("too_long", "The call was longer than calls may be"),
            ("peer_gone", "The line to the customer has ended"),
        ]
    )
    error_code = fields.Integer(aggregator=None)
    error_message = fields.Char("What WhatsApp said")
    error_href = fields.Char()
    error_fix = fields.Char("What to do", compute="_compute_error_fix")

    # derived
    state = fields.Selection(
        [
            ("dialing", "Dialing"),
            ("ringing", "Ringing"),
            ("connected", "Connected"),
            ("completed", "Completed"),
            ("missed", "Missed"),
            ("rejected", "Rejected"),
            ("unanswered", "No answer"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        required=True,
        default="dialing",
    )
    started_at = fields.Datetime("Start", default=fields.Datetime.now, required=True)
    ended_at = fields.Datetime("End")
    duration = fields.Integer(help="Seconds from the answer to the end.")
    wait_seconds = fields.Integer(
        "Waited",
        aggregator="avg",
        help="Seconds from the first ring to the answer; 0 while nobody answered.",
    )
    reason = fields.Char(compute="_compute_reason")
    version = fields.Integer(
        default=1, aggregator=None, help="Grows with every change."
    )

    # who handles it
    handler_id = fields.Many2one("res.users", "Handled by", index="btree_not_null")
    handler_kind = fields.Selection(
        [("user", "Operator"), ("voicemail", "Voicemail"), ("assistant", "Assistant")],
        "Handled by an",
        help="Empty: nobody has taken the call.",
    )
    handler_tab = fields.Char(groups=fields.NO_ACCESS)
    lease_until = fields.Datetime("Connecting until")
    rung_user_ids = fields.Many2many(
        "res.users", "whatsapp_call_rung_rel", "call_id", "user_id", "Rung"
    )
    silenced_user_ids = fields.Many2many(
        "res.users", "whatsapp_call_silenced_rel", "call_id", "user_id", "Silenced by"
    )
    pinged_at = fields.Datetime()
    widen_at = fields.Datetime("Everybody rings from")
    deadline = fields.Datetime()

    offer_sdp = fields.Text(groups=fields.NO_ACCESS)
    answer_sdp = fields.Text(groups=fields.NO_ACCESS)
    decision_ms = fields.Float("Decided in (ms)", digits=(8, 1))
    quality = fields.Json(help="Round trip, jitter and loss as the browser saw them.")
    quality_text = fields.Char("Line quality", compute="_compute_quality_text")
    notes = fields.Text()
    message_id = fields.Many2one(
        "mail.message", "Chatter entry", index="btree_not_null"
    )
    chatter_due = fields.Boolean()
    event_ids = fields.One2many("whatsapp.call.event", "call_id")
    request_ids = fields.One2many("whatsapp.call.request", "call_id")

    _provider_ref_uniq = models.UniqueIndex(
        "(account_id, provider_ref) WHERE provider_ref IS NOT NULL",
        "This call is already in the log.",
    )
    _opaque_uniq = models.UniqueIndex("(opaque) WHERE opaque IS NOT NULL")
    _record_idx = models.Index("(res_model, res_id) WHERE res_model IS NOT NULL")
    _deadline_idx = models.Index("(deadline) WHERE deadline IS NOT NULL")
    _live_idx = models.Index(
        "(company_id) WHERE state IN ('dialing', 'ringing', 'connected')"
    )
    # Of two clicks at once each sees no call of the other yet; these two tell them
    # apart (`run_in_transaction` looks again after a conflict).
    _one_call_each_uniq = models.UniqueIndex(
        "(handler_id) WHERE handler_id IS NOT NULL"
        " AND state IN ('dialing', 'ringing', 'connected')",
        "This operator is in another call.",
    )
    _dialled_once_uniq = models.UniqueIndex(
        "(number_id, contact_id) WHERE direction = 'outbound'"
        " AND (handler_id IS NOT NULL OR handler_kind IS NOT NULL)"
        " AND state IN ('dialing', 'ringing', 'connected')",
        "This customer is being called already.",
    )
    _missed_idx = models.Index("(ended_at) WHERE state = 'missed'")
    _chatter_idx = models.Index("(id) WHERE chatter_due")
    _company_start_idx = models.Index("(company_id, started_at)")
    # a number's pick-up rate of the last weeks
    _number_start_idx = models.Index("(number_id, started_at)")

    @api.depends("contact_id")
    def _compute_peer(self):
        for call in self:
            contact = call.contact_id
            call.peer_name = contact.display_name or self.env._("Unknown caller")
            call.peer_phone = contact.phone

    @api.depends("peer_name", "direction", "started_at")
    def _compute_display_name(self):
        for call in self:
            if call.direction == "outbound":
                name = self.env._("Call to %(name)s", name=call.peer_name)
            else:
                name = self.env._("Call from %(name)s", name=call.peer_name)
            call.display_name = name

    # ---- facts and the state derived from them

    def _lock(self):
        """Wait for whoever changes this call, before anything is read of it.

        When the other one did change it, PostgreSQL reports a conflict here, where
        it is expected (and not logged as an error), and the transaction starts anew.
        """
        if self:
            self.env.cr.execute(
                SQL(
                    "SELECT 1 FROM whatsapp_call WHERE id IN %s FOR NO KEY UPDATE",
                    tuple(self.ids),
                ),
                log_exceptions=False,
            )
        return self

    def _note_facts(self, **facts):
        """Set facts that are not set yet and derive the state anew.

        Moments keep their earliest value, other facts their first one.

        :return: whether anything changed
        """
        self.ensure_one()
        news = {
            name: value
            for name, value in facts.items()
            if value and self._improves(self[name], value)
        }
        if not news:
            return False
        self.write(news)
        self._derive()
        return True

    @staticmethod
    def _improves(known, value):
        if not known:
            return True
        return isinstance(value, datetime) and value < known

    def _derive(self):
        """Write state, end and duration as the facts say, and tell who looks."""
        self.ensure_one()
        answered = self.official_start or self.accepted_at
        ended = self.terminated_at or self.closed_at
        state = self._state(answered, ended)
        vals = {"state": state, "version": self.version + 1}
        if answered:
            vals["wait_seconds"] = self._wait(answered)
        if ended:
            end = self.official_end or ended
            vals |= {
                "ended_at": end,
                "duration": self._duration(answered, end, state),
                "deadline": False,
                "lease_until": False,
                "offer_sdp": False,
                "answer_sdp": False,
                "chatter_due": True,
            }
        self.write(vals)
        if not ended:
            self._set_deadline()
        self._announce()

    def _state(self, answered, ended):
        inbound = self.direction == "inbound"
        if not ended:
            if answered:
                return "connected"
            return "ringing" if inbound or self.ringing_at else "dialing"
        if self.closed_reason in ("not_sent", "sidecar_lost"):
            return "failed"
        if self.closed_reason == "no_sidecar" and not inbound:
            return "failed"
        failed = self.outcome == "failed"
        if answered:
            return "failed" if failed else "completed"
        if self.rejected_at or self.closed_reason in ("declined", "blocked"):
            return "rejected"
        if self.hung_up_at and not inbound:
            return "cancelled"
        if failed and self.error_code:
            return "failed"
        # an unanswered call may be "completed" to WhatsApp, and "failed" as well
        return "missed" if inbound else "unanswered"

    def _wait(self, answered):
        began = self.offered_at or self.ringing_at or self.started_at
        waited = int((answered - began).total_seconds())
        return min(max(0, waited), MAX_INTEGER)

    def _duration(self, answered, end, state):
        if not answered or state in ("missed", "unanswered", "rejected", "cancelled"):
            return 0
        counted = int((end - answered).total_seconds())
        return self.official_duration or min(max(0, counted), MAX_INTEGER)

    def _is_live(self):
        return self.state in LIVE_STATES

    def _announce(self):
        """Tell everyone who was rung, handles the call or looks at it: ids only."""
        payload = {
            "id": self.id,
            "version": self.version,
            "state": self.state,
            "live": self._is_live(),
            "connecting": self._is_connecting(),
            "handler_id": self.handler_id.id,
            "server_time": self._now_ms(),
        }
        self._audience()._bus_send("whatsapp_calling/update", payload)
        self._bus_send("whatsapp_calling/update", payload)

    def _audience(self):
        """Users who are told of each change: who was rung and who handles it."""
        return self.rung_user_ids | self.handler_id

    def _is_connecting(self):
        return bool(
            self.state == "ringing"
            and self.direction == "inbound"
            and self.handler_id
            and self.lease_until
        )

    def _set_deadline(self):
        self.deadline = self._next_deadline()
        if self.deadline:
            clock.watch_after_commit(self.env)

    # ---- times

    @api.model
    def _moment(self, epoch):
        """Odoo's naive UTC datetime of epoch seconds; None and nonsense give now."""
        try:
            moment = datetime.fromtimestamp(float(epoch), UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            return fields.Datetime.now()
        return moment.replace(tzinfo=None, microsecond=0)

    @api.model
    def _milliseconds(self, moment):
        """Epoch milliseconds of a naive UTC datetime; False stays False."""
        if not moment:
            return False
        return int(moment.replace(tzinfo=UTC).timestamp() * 1000)

    @api.model
    def _now_ms(self):
        return int(datetime.now(UTC).timestamp() * 1000)

    # ---- texts

    @api.depends("error_code", "error_message")
    def _compute_error_fix(self):
        for call in self:
            error = call._error_view()
            call.error_fix = error["advice"] if error else False

    @api.depends("quality")
    def _compute_quality_text(self):
        for call in self:
            quality = call.quality
            call.quality_text = bool(quality) and self.env._(
                "round trip %(rtt)s ms, jitter %(jitter)s ms, loss %(loss)s %%",
                rtt=quality.get("rtt_ms", "?"),
                jitter=quality.get("jitter_ms", "?"),
                loss=quality.get("loss_percent", "?"),
            )

    @api.depends("state", "closed_reason", "error_message", "hung_up_at")
    def _compute_reason(self):
        reasons = dict(self._fields["closed_reason"]._description_selection(self.env))
        for call in self:
            call.reason = call._reason(reasons)

    def _reason(self, reasons):
        if self._is_live():
            return ""
        if self.error_message:
            return self.error_message
        if self.closed_reason and self.closed_reason != "hung_up":
            return reasons[self.closed_reason]
        if self.state == "missed":
            return self.env._("The caller hung up before anybody answered")
        if self.state == "rejected":
            return self.env._("The customer declined")
        if self.state == "unanswered":
            return self.env._("The customer did not answer")
        if self.hung_up_at:
            return self.env._("Hung up by us")
        return self.env._("Hung up by the customer")
