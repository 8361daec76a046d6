"""What is to be asked of a provider: one row each, sent in order per call.

Rows are queued inside the transaction that decides and sent after it by the pool,
never inside a transaction: Odoo may run one twice, and a second `connect` is a
second call.
"""

import logging
from datetime import UTC, datetime, timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.base import ProviderError
from ...tools import clock, crypto, pool
from ...tools.transaction import run_in_transaction

_logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
# what a hang-up makes pointless; a text to the caller leaves all the same
ABOUT_THE_CALL = ("connect", "pre_accept", "accept", "reject", "terminate")
# what reaches customers: not where calling is switched off, but for ending a call
TO_CUSTOMERS = (
    "connect",
    "pre_accept",
    "accept",
    "permission_request",
    "permission_template",
    "call_button",
    "send_text",
    "send_template",
)


class WhatsappCallRequest(models.Model):
    _name = "whatsapp.call.request"
    _description = "WhatsApp Call Request"
    _order = "id"
    _rec_name = "action"

    call_id = fields.Many2one(
        "whatsapp.call", index="btree_not_null", ondelete="cascade"
    )
    number_id = fields.Many2one("whatsapp.calling.number", ondelete="cascade")
    account_id = fields.Many2one(
        "whatsapp.calling.account",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty while an account is being connected.",
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    record_model = fields.Char("Asked for (model)")
    record_id = fields.Many2oneReference("Asked for", model_field="record_model")
    contact_id = fields.Many2one("whatsapp.call.contact", ondelete="set null")
    user_id = fields.Many2one("res.users", "Asked by")
    action = fields.Char(required=True)
    payload = fields.Json(groups=fields.NO_ACCESS)
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sending", "Sending"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("unknown", "Unknown"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        required=True,
        default="queued",
    )
    repeatable = fields.Boolean()
    not_before = fields.Datetime()
    expires_at = fields.Datetime(required=True)
    attempts = fields.Integer(default=0)
    sent_at = fields.Datetime()
    answered_at = fields.Datetime()
    http_status = fields.Integer("HTTP status")
    error_code = fields.Integer()
    error_message = fields.Char()
    response = fields.Json()

    _open_idx = models.Index("(call_id, id) WHERE state IN ('queued', 'sending')")
    # a look at it every five minutes: has WhatsApp reported of what it took?
    _connected_idx = models.Index(
        "(account_id, answered_at) WHERE action = 'connect' AND state = 'done'"
    )

    @api.model
    def _enqueue(self, number, action, payload, *, expires_in, **values):
        """Queue a request; it leaves when the transaction has committed.

        :param payload: as providers.base says for the action; wiped when sent
        :param expires_in: seconds after which it is not sent any more
        :param values: call, contact, user (records)
        """
        values["number"] = number
        return self._enqueue_account(
            number.account_id, action, payload, expires_in=expires_in, **values
        )

    @api.model
    def _enqueue_account(self, account, action, payload, *, expires_in, **values):
        """Queue a request about an account, or about one that is being connected.

        :param account: what has the credentials (`_credentials`, `_provider`,
            `company_id`): an account, or the wizard that connects one; such a wizard
            is also who gets the answer
        :param values: user, number, call, contact, record (records). `record` gets
            the answer instead of whatsapp.call: `_on_<action>_ok(request, answer)`
            or `_on_<action>_failed(request, error)`
        """
        account = account.sudo()
        is_account = account._name == "whatsapp.calling.account"
        record = values.get("record")
        if record is None and not is_account:
            record = account
        request = self.sudo().create(
            {
                "account_id": is_account and account.id,
                "company_id": account.company_id.id,
                "action": action,
                "payload": payload,
                "repeatable": action in account._provider.REPEATABLE,
                "expires_at": fields.Datetime.now() + timedelta(seconds=expires_in),
                "user_id": (values.get("user") or self.env.user).id,
                "record_model": record is not None and record._name,
                "record_id": record is not None and record.id,
                **{
                    f"{name}_id": values.get(name) and values[name].id
                    for name in ("number", "call", "contact")
                },
            }
        )
        request._send_soon()
        return request

    def _record(self):
        """Whom the answer is for, when not for whatsapp.call; may be gone since."""
        model = self.record_model
        if not model or model not in self.env:
            return None
        return self.env[model].browse(self.record_id).exists()

    def _source(self):
        """What has the credentials: the account, or the wizard that connects one."""
        return self.account_id or self._record()

    def _send_soon(self):
        pool.submit_after_commit(
            self.env,
            self._name,
            "_send_due",
            self.call_id.id,
            self.id,
            "provider",
            share=self.account_id.id,
        )

    @api.model
    def _tell_changed(self, records, users):
        """Have the forms of `records` that `users` have open read them again.

        For forms with <widget name="whatsapp_calling_live"/>.
        """
        if records:
            users._bus_send(
                "whatsapp_calling/record", {"model": records._name, "ids": records.ids}
            )

    @api.model
    def _cancel_queued(self, call):
        """A hang-up makes what is still queued about the call itself pointless."""
        queued = call.sudo().request_ids.filtered(
            lambda r: r.state == "queued" and r.action in ABOUT_THE_CALL
        )
        queued.write({"state": "cancelled", "payload": False})
        return queued

    @api.model
    def _send_due(self, call_id=None, request_id=None, lane=None):
        """Send what is queued for a call, one after the other (runs in the pool).

        :param lane: only what goes to WhatsApp ("provider") or to the sidecar
            ("media")
        """

        def take():
            request = self._take_next(call_id, request_id, lane)
            return request and request._prepared()

        def note_and_take(note):
            note()
            self.env.flush_all()  # the next is looked for in the database
            return take()

        send = run_in_transaction(self.env, take)
        while send:
            note = send()  # outside any transaction
            send = run_in_transaction(self.env, partial(note_and_take, note))

    @api.model
    def _scope(self, call_id, request_id, lane):
        """Which requests a thread looks after."""
        if call_id:
            return SQL("request.call_id = %s", call_id)
        return SQL("request.id = %s", request_id)

    @api.model
    def _take_next(self, call_id, request_id, lane=None):
        """Mark the next request as sending, so that no other thread takes it."""
        now = datetime.now(UTC).replace(tzinfo=None)
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call_request
                   SET state = 'sending', sent_at = %(now)s, attempts = attempts + 1
                 WHERE id = (
                    SELECT request.id FROM whatsapp_call_request request
                     WHERE %(scope)s AND request.state = 'queued'
                       AND (request.not_before IS NULL
                            OR request.not_before <= %(now)s)
                       AND NOT EXISTS (
                            SELECT FROM whatsapp_call_request earlier
                             WHERE earlier.call_id = request.call_id
                               AND earlier.id < request.id
                               AND (earlier.media_unit_id IS NULL)
                                   = (request.media_unit_id IS NULL)
                               AND earlier.state IN ('queued', 'sending'))
                     ORDER BY request.id LIMIT 1
                       FOR UPDATE SKIP LOCKED)
                   AND state = 'queued'
                RETURNING id
                """,
                now=now,
                scope=self._scope(call_id, request_id, lane),
            )
        )
        self.env.invalidate_all()
        return self.browse(rows[0][0]) if rows else None

    def _prepared(self):
        """All that sending needs, read inside the transaction that took the request.

        :return: a function to call outside any; it gives the one that notes the
            answer, to call inside the next
        """
        self.ensure_one()
        if self.expires_at < fields.Datetime.now():
            return lambda: self._expire
        source = self._source()
        if not source:  # the wizard was closed and is gone
            return lambda: self._expire
        withheld = self._withheld()
        if withheld:
            failure = ProviderError(withheld, kind="refused")
            return lambda: partial(self._fail, failure)
        try:
            credentials = source._credentials()
        except crypto.CryptoError as error:
            failure = ProviderError(str(error), kind="auth")
            return lambda: partial(self._fail, failure)
        provider, action = source._provider, self.action
        number_ref = self.number_id.provider_ref or ""
        payload = self._content()

        def send():
            try:
                answer = provider.send(credentials, action, number_ref, payload)
            except ProviderError as error:
                return partial(self._fail, error)
            except ValueError as error:
                # our own mistake: nothing was sent, the row must not stay open
                _logger.exception("Request %s (%s) is not well formed", self.id, action)
                return partial(self._fail, ProviderError(str(error), kind="refused"))
            return partial(self._succeed, answer)

        return send

    def _content(self):
        """What is sent: the payload, and what must not be stored with it."""
        return dict(self.payload or {})

    def _withheld(self):
        """Why this must not leave although it was queued, or "".

        A copy of the database holds what its original had queued; and calling may be
        switched off between the click and the sending.
        """
        company = self.company_id
        if self.action in TO_CUSTOMERS or company._whatsapp_calling_paused():
            return company._whatsapp_calling_refusal()
        return ""

    def _succeed(self, answer):
        self.call_id._lock()
        self.write(
            {
                "state": "done",
                "payload": False,
                "answered_at": fields.Datetime.now(),
                "http_status": answer.http_status,
                "response": answer.data,
            }
        )
        self._log(f"{self.action}_ok", self._taken_note())
        self.env["whatsapp.call"]._on_answer(self, answer)

    def _taken_note(self):
        return self.env._("WhatsApp took it")

    def _fail(self, error):
        self.call_id._lock()
        wait = error.retry_after or min(8, 0.5 * 2**self.attempts)
        if self._may_try_again(error, wait):
            self._try_again(wait)
            return
        unknown = not error.certain and not self.repeatable
        self.write(
            {
                "state": "unknown" if unknown else "failed",
                "payload": False,
                "answered_at": fields.Datetime.now(),
                "http_status": error.http_status,
                "error_code": error.code,
                "error_message": error.message,
            }
        )
        self._log(f"{self.action}_failed", error.message, error)
        self.env["whatsapp.call"]._on_failure(self, error)

    def _may_try_again(self, error, wait):
        left = (self.expires_at - fields.Datetime.now()).total_seconds()
        if self.attempts >= MAX_ATTEMPTS or left < wait:
            return False
        if error.kind in ("unavailable", "timeout", "unreachable", "nonsense"):
            return self.repeatable
        return error.kind == "rate" and self.repeatable

    def _try_again(self, seconds):
        self.write(
            {
                "state": "queued",
                "not_before": fields.Datetime.now() + timedelta(seconds=seconds),
            }
        )
        clock.watch_after_commit(self.env)

    def _expire(self):
        self.write({"state": "expired", "payload": False})
        self._log(f"{self.action}_expired", self.env._("Not sent: it was too late"))
        error = ProviderError(
            self.env._("It could not be sent in time."), kind="unreachable"
        )
        self.env["whatsapp.call"]._on_failure(self, error)

    def _log(self, kind, note, error=None):
        if not self.account_id:
            return  # no account, no history yet
        data = {"action": self.action, "attempts": self.attempts}
        if error:
            data |= {
                "code": error.code,
                "type": error.kind,
                "details": error.details,
                "http_status": error.http_status,
            }
        if self.sent_at:
            data["took_ms"] = self._milliseconds_since_sent()
        self.env["whatsapp.call.event"]._append(
            self.account_id,
            kind,
            source=self._log_source(),
            call=self.call_id,
            number=self.number_id,
            contact=self.contact_id,
            user=self.user_id,
            note=note,
            data=data,
        )

    def _log_source(self):
        return "request"

    def _milliseconds_since_sent(self):
        now = datetime.now(UTC).replace(tzinfo=None)
        return int((now - self.sent_at).total_seconds() * 1000)
