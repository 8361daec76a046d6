"""What every route for a media sidecar shares: who it is, once only, not too large."""

import logging

from werkzeug.exceptions import RequestEntityTooLarge

from odoo import SUPERUSER_ID
from odoo.http import request

from ..tools import burst, clock, counters, crypto, sidecar_signature
from ..tools.transaction import run_in_transaction

_logger = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is not taken in.

    :ivar status: of HTTP
    :ivar code: for the sidecar
    :ivar message: plain words
    :ivar counter: under which health counts it, or None
    """

    def __init__(self, status, code, message, counter=None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.counter = counter


def any_length(_controller):
    """Odoo's own limit answers with a page: `read_body` checks the length instead."""
    return (request.httprequest.content_length or 0) + 1


def answer_sidecar(ref, limit, work):
    """Answer a request of the media sidecar `ref`, if it is signed and new.

    :param limit: bytes of a body at most
    :param work: function (sidecar, body) -> JSON, or (status, JSON); it runs in one
        transaction together with the note of the nonce, so it may run twice, and may
        raise Refusal
    """
    try:
        body = _read_body(limit)
        sidecar, nonce = _known(ref, body)
        answer = run_in_transaction(
            request.env, lambda: _once(sidecar, nonce, work, body)
        )
    except Refusal as refusal:
        return _refuse(refusal)
    status, data = answer if isinstance(answer, tuple) else (200, answer)
    return request.make_json_response(data, status=status)


def _read_body(limit):
    too_large = Refusal(
        413,
        "too_large",
        f"A body here has {limit} bytes at most.",
        "media_too_large",
    )
    if (request.httprequest.content_length or 0) > limit:
        raise too_large
    try:
        return request.httprequest.get_data()
    except RequestEntityTooLarge:
        raise too_large from None


def _known(ref, body):
    """The sidecar that signed this request, and the nonce."""
    request.update_env(user=SUPERUSER_ID, su=True)
    sidecar = request.env["whatsapp.media.sidecar"]._by_ref(ref)
    asked = request.httprequest
    if not sidecar or (asked.headers.get("X-Sidecar") or ref) != ref:
        raise Refusal(
            404, "unknown_sidecar", "No media sidecar has this name.", "media_unknown"
        )
    try:
        known = sidecar._secrets()
    except crypto.CryptoError as error:
        _logger.error("Media sidecar %s: %s", sidecar.ref, error)
        known = []
    # as it came: decoded, other bytes would be signed than were sent
    query = asked.query_string.decode("latin-1")
    path = asked.environ.get("RAW_URI") or asked.environ.get("REQUEST_URI") or ""
    path = path or asked.path + (f"?{query}" if query else "")
    try:
        nonce, secret = sidecar_signature.check(
            known, asked.method, path, asked.headers, body
        )
    except sidecar_signature.Refused as error:
        if error.code == "bad_signature":
            run_in_transaction(request.env, sidecar._note_refused)
        raise Refusal(401, error.code, error.message, "media_unsigned") from None
    if request.env["res.company"]._whatsapp_calling_paused():
        raise Refusal(
            503,
            "copied_database",
            "This database is a copy: it takes in nothing until an administrator says "
            "that it is the original now.",
        )
    sidecar._signed_with(secret)
    return sidecar, nonce


def _once(sidecar, nonce, work, body):
    if not request.env["whatsapp.media.nonce"]._use(sidecar, nonce):
        raise Refusal(409, "replayed", "This was sent before.", "media_replayed")
    return work(sidecar, body)


def _refuse(refusal):
    address = request.httprequest.remote_addr
    if refusal.counter:
        counters.count(request.db, None, refusal.counter)
        clock.watch(request.db)
    if refusal.status == 401 and not burst.refused.take(address, burst.USUAL):
        refusal = Refusal(429, "too_many", "Too many refused requests.")
    answer = request.make_json_response(
        {"error": {"code": refusal.code, "message": refusal.message}},
        status=refusal.status,
    )
    if refusal.status in (413, 429):
        answer.headers["Connection"] = "close"  # the body was not read
    if refusal.status == 429:
        answer.headers["Retry-After"] = "60"
    return answer
