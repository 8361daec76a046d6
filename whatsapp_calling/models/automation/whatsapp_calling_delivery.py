"""Deliveries of outgoing webhooks: one row each, sent outside any transaction.

At least once: a worker that dies in mid-send sends again, under the same webhook-id.
"""

import time
from datetime import timedelta
from functools import partial

import requests

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools import crypto, pool
from ...tools.hook_signature import signed_headers
from ...tools.transaction import run_in_transaction

# seconds until the next try, after the first, second ... failed one
WAITS = (60, 300, 1800, 7200, 21600)
TIMEOUT = 10  # seconds
ABANDONED_AFTER = 60  # seconds in "sending"
KEPT_FOR = 30  # days
GONE = 410  # the one answer that says: never again


class WhatsappCallingDelivery(models.Model):
    _name = "whatsapp.calling.delivery"
    _description = "WhatsApp Calling Webhook Delivery"
    _order = "id desc"
    _rec_name = "event"

    hook_id = fields.Many2one(
        "whatsapp.calling.hook",
        "Outgoing webhook",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="hook_id.company_id", store=True, index=True)
    event = fields.Char(required=True)
    call_id = fields.Many2one(
        "whatsapp.call", index="btree_not_null", ondelete="set null"
    )
    delivery_ref = fields.Char("webhook-id", required=True)
    body = fields.Text("What is sent")
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sending", "Sending"),
            ("done", "Delivered"),
            ("failed", "Failed"),
        ],
        required=True,
        default="queued",
    )
    attempts = fields.Integer(default=0, aggregator=None)
    next_at = fields.Datetime("Next try")
    sent_at = fields.Datetime("Last try")
    took_ms = fields.Integer("Took (ms)", aggregator="avg")
    http_status = fields.Integer("HTTP status", aggregator=None)
    error = fields.Char("What went wrong")

    _open_idx = models.Index("(next_at) WHERE state IN ('queued', 'sending')")

    def action_send_again(self):
        """Queue a delivery once more, from the first try on."""
        self.check_access("read")
        if not self.env["whatsapp.calling.hook"].has_access("write"):
            raise UserError(self.env._("Only an administrator can send it again."))
        # sudo: delivery - users do not write the log
        for delivery in self.sudo():
            delivery.write(
                {"state": "queued", "attempts": 0, "next_at": fields.Datetime.now()}
            )
            delivery._send_soon()

    def _send_soon(self):
        pool.submit_after_commit(
            self.env,
            self._name,
            "_send_due",
            self.id,
            lane=pool.HOOK,
            share=self.hook_id.id,
        )

    @api.model
    def _send_due(self, delivery_id):
        """Send one delivery (runs in the pool)."""
        send = run_in_transaction(self.env, partial(self._take, delivery_id))
        if send:
            note = send()  # outside any transaction
            run_in_transaction(self.env, note)

    def _take(self, delivery_id):
        """Mark it as sending, so that no other thread does; what sends it, or None."""
        if self.env["res.company"]._whatsapp_calling_paused():
            return None  # a copy of a database tells nobody
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_calling_delivery
                   SET state = 'sending', sent_at = %(now)s, next_at = %(later)s,
                       attempts = attempts + 1
                 WHERE id = %(id)s AND state IN ('queued', 'sending')
                   AND next_at <= %(now)s
                RETURNING id
                """,
                id=delivery_id,
                now=fields.Datetime.now(),
                later=fields.Datetime.now() + timedelta(seconds=ABANDONED_AFTER),
            )
        )
        self.env.invalidate_all()
        return self.browse(rows[0][0])._prepared() if rows else None

    def _prepared(self):
        """All that sending needs; see whatsapp.call.request."""
        body, url = self.body.encode(), self.hook_id.url
        try:
            secret = self.hook_id._signing_secret()
        except crypto.CryptoError as error:
            return partial(partial, self._fail, str(error), 0)
        ref = self.delivery_ref

        def send():
            moment = int(time.time())
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                **signed_headers(secret, ref, moment, body),
            }
            started = time.monotonic()
            try:
                # the answer's body is nobody's business here, and may be endless
                with requests.post(
                    url,
                    data=body,
                    headers=headers,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    status = response.status_code
            except requests.RequestException as error:
                return partial(self._fail, type(error).__name__, 0)
            took = int((time.monotonic() - started) * 1000)
            return partial(self._note_answer, status, took)

        return send

    def _note_answer(self, status, took):
        if 200 <= status < 300:
            self.write(
                {
                    "state": "done",
                    "http_status": status,
                    "took_ms": took,
                    "error": False,
                    "next_at": False,
                }
            )
            return
        self.took_ms = took
        self._fail(
            self.env._("The receiver answered with HTTP %(status)s.", status=status),
            status,
        )

    def _fail(self, message, status):
        # a receiver that is being set up, or moved, answers anything for a while
        again = status != GONE and self.attempts <= len(WAITS)
        wait = timedelta(seconds=WAITS[self.attempts - 1]) if again else None
        self.write(
            {
                "state": "queued" if again else "failed",
                "http_status": status,
                "error": message,
                "next_at": fields.Datetime.now() + wait if again else False,
            }
        )

    @api.model
    def _sweep(self):
        """Once a minute: what is due again, and what a stopped server left."""
        due = self.search(
            [
                ("state", "in", ("queued", "sending")),
                ("next_at", "<=", fields.Datetime.now()),
            ],
            order="next_at, id",
            limit=200,
        )
        for delivery in due:
            delivery._send_soon()

    @api.autovacuum
    def _gc_deliveries(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_FOR)
        self.search([("create_date", "<", limit)], limit=10000).unlink()
