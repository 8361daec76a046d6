"""What every request passes: size, signature, freshness; every refusal is counted."""

import json
import logging
import time

from aiohttp import web

from .. import auth
from ..errors import ApiError
from ..rtc.sdp import SdpRefused

logger = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024  # bytes; an SDP has 3,000
BODY = web.RequestKey("body", dict)
OPEN = ("/health", "/metrics", "/openapi.json")


def make_gate(unit):
    """An aiohttp middleware: errors as JSON, `request[BODY]` a JSON object."""

    @web.middleware
    async def gate(request: web.Request, handler) -> web.StreamResponse:
        began = time.perf_counter()
        action = _action(request)
        try:
            if request.path not in OPEN:
                await _admit(unit, request)
            response = await handler(request)
            unit.metrics.asked.labels(action).inc()
            return response
        except ApiError as error:
            return _refuse(unit, action, error)
        except SdpRefused as error:
            refusal = ApiError(400, "bad_sdp", f"{error.reason}.")
            return _refuse(unit, action, refusal)
        except web.HTTPException as error:
            return _refuse(unit, action, _plain(error))
        except Exception:
            # the trace says where, never what was sent
            logger.exception("Request failed", extra={"facts": {"action": action}})
            message = "The sidecar could not do this; its log says why."
            return _refuse(unit, action, ApiError(500, "internal", message))
        finally:
            spent = time.perf_counter() - began
            unit.metrics.answer_time.labels(action).observe(spent)

    return gate


async def _admit(unit, request: web.Request) -> None:
    """Read and check the body; nothing of a stranger's request is parsed."""
    config = unit.config
    length = request.content_length
    if length is not None and length > LARGEST_BODY:
        raise ApiError(413, "too_large", f"At most {LARGEST_BODY // 1024} KiB.")
    body = await _read(request)
    auth.verify(
        request.headers,
        config.ref,
        config.secret,
        request.method,
        request.raw_path,
        body,
        unit.nonces,
    )
    request[BODY] = _json(body)


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ApiError(413, "too_large", f"At most {LARGEST_BODY // 1024} KiB.")
    return bytes(body)


def _json(body: bytes) -> dict:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(400, "bad_json", "The body must be a JSON object.")
    return value


def _action(request: web.Request) -> str:
    """The route's name: few values, whatever strangers ask for."""
    return request.match_info.route.name or "unknown"


def _plain(error: web.HTTPException) -> ApiError:
    codes = {404: "unknown_path", 405: "wrong_method", 413: "too_large"}
    code = codes.get(error.status, "refused")
    return ApiError(error.status, code, f"{error.reason}.")


def _refuse(unit, action: str, error: ApiError) -> web.Response:
    unit.metrics.refused.labels(error.code).inc()
    facts = {"action": action, "status": error.status, "code": error.code}
    logger.warning("Refused", extra={"facts": facts})
    return web.json_response(error.body(), status=error.status)
