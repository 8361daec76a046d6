"""Where providers report: signature first, parsing after, one short transaction.

Whoever makes many requests that are refused is turned away with 429, before the
database is asked. A request with a right signature is taken in whatever else came from
the same address.
"""

import hmac
import logging
import time

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..models.account.whatsapp_calling_received import counters_of
from ..providers import PROVIDERS
from ..providers.base import PayloadError
from ..tools import burst, clock, counters, crypto, pool

_logger = logging.getLogger(__name__)

MAX_BODY = 3 * 1024 * 1024  # bytes; Meta sends no more (create-webhook-endpoint)
PATH = "/whatsapp_calling/webhook/<string:key>"
SIGNATURES = frozenset(each.signature_header for each in PROVIDERS.values())


def _limit(_controller):
    """Bytes that Odoo takes of a body; it answers 413 itself, so here it is counted."""
    if (request.httprequest.content_length or 0) > MAX_BODY:
        counters.count(request.db, None, "too_large")
        clock.watch(request.db)
    return MAX_BODY


class WebhookController(http.Controller):
    @http.route(PATH, type="http", auth="none", methods=["GET"], readonly=False)
    def handshake(self, key, **query):
        """Meta's check that the address is ours: echo the challenge."""
        account = self._account(key)
        connecting = not account and self._connecting(key)
        if not account and not connecting:
            return self._refuse(None, "unknown_key", 404, "Unknown webhook address.")
        token = query.get("hub.verify_token") or ""
        expected = (account or connecting).verify_token or ""
        right = expected and hmac.compare_digest(token.encode(), expected.encode())
        if query.get("hub.mode") != "subscribe" or not right:
            return self._refuse(
                account, "bad_verify_token", 403, "The verify token is not the one set."
            )
        self._count(account, "handshake")
        if connecting:
            connecting._verified()
        return self._text(query.get("hub.challenge") or "")

    @http.route(
        PATH,
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=_limit,
    )
    def receive(self, key):
        """Take in the events of one delivery.

        200 taken in; 400 not JSON; 403 wrong signature; 404 unknown address;
        413 over 3 MB; 429 too many refused ones; 503 the app secret is not set.
        """
        arrived = time.monotonic()
        headers = request.httprequest.headers
        signed = any(name in headers for name in SIGNATURES)
        if not signed and self._bursting():
            # it would be refused: what for is not worth a query
            return self._too_many()
        account = self._account(key)
        if not account:
            return self._refuse(None, "unknown_key", 404, "Unknown webhook address.")
        body = request.httprequest.get_data()
        try:
            secret = account._secret("app_secret_encrypted")
        except crypto.CryptoError as error:
            _logger.error("WhatsApp account %s: %s", account.id, error)
            secret = ""
        if not secret:
            return self._refuse(
                account, "no_secret", 503, "Server misconfigured: no app secret is set."
            )
        provider = account._provider
        if not provider.verify_signature(secret, body, headers):
            return self._refuse(
                account, "bad_signature", 403, "The signature does not fit the body."
            )
        try:
            events = provider.parse(body, frozenset(account.number_ids.mapped("wa_id")))
        except PayloadError:
            # signed, so from WhatsApp: it counts against nobody's burst
            self._count(account, "bad_body")
            return self._text("The body is not JSON.", 400)
        try:
            with pool.urgent_work():
                request.env["whatsapp.call"]._receive(account, events, arrived)
        except Exception:
            self._count(account, "failed")  # WhatsApp delivers it again
            raise
        self._count(account, "accepted", time.monotonic() - arrived)
        for name in counters_of(events):
            self._count(account, name)
        return self._text("")

    def _account(self, key):
        # the path's key says whose it is, the signature that it is true
        request.update_env(user=SUPERUSER_ID, su=True)
        return request.env["whatsapp.calling.account"]._by_webhook_key(key)

    def _connecting(self, key):
        # the wizard shows the address before there is an account
        return request.env["whatsapp.calling.connect"]._by_webhook_key(key)

    def _count(self, account, name, took=None):
        account_id = account.id if account else None
        counters.count(request.db, account_id, name, took=took)
        clock.watch(request.db)

    def _refuse(self, account, name, status, text):
        if not burst.refused.take(request.httprequest.remote_addr, self._burst()):
            return self._too_many()
        self._count(account, name)
        return self._text(text, status)

    def _bursting(self):
        return burst.refused.empty(request.httprequest.remote_addr, self._burst())

    def _burst(self):
        # sudo: parameter - nobody is logged in here
        parameters = request.env["ir.config_parameter"].sudo()
        try:
            return max(0, int(parameters.get_param(burst.PARAMETER) or burst.USUAL))
        except ValueError:
            return burst.USUAL

    def _too_many(self):
        self._count(None, "rate_limited")
        answer = self._text("Too many refused requests. Try again later.", 429)
        answer.headers["Retry-After"] = "60"
        return answer

    def _text(self, text, status=200):
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        return request.make_response(text, headers, status=status)
