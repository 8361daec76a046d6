"""The OpenAPI document, made of the operations that are really there."""

from .. import VERSION
from .operations import OPERATIONS, SIGNED, Operation, parameters
from .shapes import HEX, SCHEMAS, ref

SIGNATURE = (
    "Every request under /v1 is signed: X-Sidecar (reference), X-Timestamp (epoch"
    " seconds), X-Nonce (32 hex digits), X-Signature (hex HMAC-SHA256 with the shared"
    " secret over `v1`, method, path with query, timestamp, nonce and the hex SHA-256"
    " of the body, each on a line of its own). Accepted for 60 seconds, once."
)


def document() -> dict:
    """OpenAPI 3.1."""
    paths: dict[str, dict] = {}
    for operation in OPERATIONS:
        methods = paths.setdefault(operation.path, {})
        methods[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Media sidecar of WhatsApp Calling for Odoo",
            "version": VERSION,
            "description": SIGNATURE,
            "license": {"name": "LGPL-3.0-or-later", "identifier": "LGPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Signature",
                    "description": SIGNATURE,
                }
            },
        },
    }


def _operation(operation: Operation) -> dict:
    answers = {"200": _answer("Done", operation.answer, operation.kind)}
    refusals = (SIGNED if operation.signed else {}) | operation.refusals
    for status, about in sorted(refusals.items()):
        answers[str(status)] = _answer(about, ref("Error"))
    described = {
        "operationId": operation.name,
        "summary": operation.about,
        "security": [{"signature": []}] if operation.signed else [],
        "responses": answers,
    }
    names = parameters(operation.path)
    if names:
        described["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": HEX if name == "call" else {"type": "string"},
            }
            for name in names
        ]
    if operation.body is not None:
        described["requestBody"] = {
            "content": {"application/json": {"schema": operation.body}},
            "required": bool(
                operation.body.get("required") or "$ref" in operation.body
            ),
        }
    return described


def _answer(about: str, schema: dict, kind: str = "application/json") -> dict:
    return {"description": about, "content": {kind: {"schema": schema}}}
