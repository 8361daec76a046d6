"""Errors of Graph: code, HTTP status and text, and the JSON they travel in."""

import secrets

# code: (HTTP status, title). Calling codes follow Meta's calling troubleshooting
# page, the others its page of error codes.
CODES: dict[int, tuple[int, str]] = {
    4: (429, "Application request limit reached"),
    10: (403, "Application does not have permission for this action"),
    100: (400, "Invalid parameter"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131044: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131051: (400, "Unsupported message type"),
    131053: (400, "Media upload error"),
    131055: (400, "Method not allowed"),
    131056: (429, "Pair rate limit hit"),
    131062: (400, "Recipient BSUID is not supported for this message"),
    130403: (400, "The user is blocked by the business"),
    130429: (429, "Rate limit hit"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (400, "Template name does not exist in the translation"),
    132012: (400, "Template parameter format mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    138000: (401, "Calling not enabled"),
    138001: (400, "Receiver uncallable"),
    138002: (429, "Concurrent calls limit"),
    138003: (400, "Duplicate call"),
    138004: (500, "Connection error"),
    138005: (429, "Call rate limit exceeded"),
    138006: (401, "No approved call permission from the recipient"),
    138007: (500, "Connection timeout error"),
    138008: (400, "SDP Validation error"),
    138009: (400, "Call permission request limit hit"),
    138012: (400, "Limit reached for business initiated calls in 24 hours"),
    138013: (400, "Business initiated calling is not available"),
    138014: (400, "Business initiated calling is temporarily suspended"),
    138015: (400, "Calling cannot be enabled"),
    138017: (400, "Permanent call permission already exists"),
    138018: (400, "Calling cannot be enabled: prerequisites are missing"),
    138019: (400, "Call set-up failed"),
    138020: (400, "Call relay failed"),
    138021: (400, "No media received from the business"),
    138022: (400, "Media could not be sent to the business"),
    138023: (400, "Call accepted but no media signals were seen"),
    139100: (400, "Failed to block or unblock some users"),
    139101: (400, "Block list limit reached"),
    139103: (500, "Internal error"),
    613: (429, "Calls to this api have exceeded the rate limit"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    200: (403, "Permissions error"),
}


class GraphError(Exception):
    """An error answer of Graph; `code` is from Meta's tables."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        http: int | None = None,
        message: str | None = None,
        subcode: int | None = None,
        kind: str = "OAuthException",
        extra: dict | None = None,
    ) -> None:
        status, title = CODES.get(code, (400, "Error"))
        super().__init__(f"{code} {details}")
        self.code = code
        self.details = details
        self.http = http or status
        self.message = message or f"(#{code}) {title}"
        self.subcode = subcode
        self.kind = kind
        self.extra = extra or {}

    def body(self) -> dict:
        """The JSON of the answer."""
        error = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {
                "messaging_product": "whatsapp",
                "details": self.details,
                **self.extra,
            }
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(17)
        return {"error": error}


def unknown_object(object_id: str) -> GraphError:
    """Code 100, subcode 33: the object is not there or not for this token."""
    return GraphError(
        100,
        subcode=33,
        kind="GraphMethodException",
        message=(
            f"Unsupported post request. Object with ID '{object_id}' does not exist, "
            "cannot be loaded due to missing permissions, or does not support this "
            "operation. Please read the Graph API documentation at "
            "https://developers.facebook.com/docs/graph-api"
        ),
    )


def webhook_error(code: int, details: str = "") -> dict:
    """An entry of an ``errors`` list in a webhook."""
    title = CODES.get(code, (400, "Error"))[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/"
        "error-codes/",
        "error_data": {"details": details or title},
    }
