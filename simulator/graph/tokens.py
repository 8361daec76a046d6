"""Tokens that were good once: they ran out, or were withdrawn."""

import time

from ..errors import GraphError
from ..model import App


def token_refusal(app: App, token: str) -> GraphError | None:
    """Why a token that was once good is so no more."""
    facts = app.token_facts.get(token, {})
    expires = facts.get("expires_at") or 0
    if expires and expires <= time.time():
        day = time.strftime("%A, %d-%b-%y %H:%M:%S UTC", time.gmtime(expires))
        return GraphError(
            190,
            subcode=463,
            message=f"Error validating access token: Session has expired on {day}.",
        )
    if facts.get("valid") is False:
        return GraphError(
            190,
            subcode=460,
            message="Error validating access token: The session has been invalidated "
            "because the user changed their password or Facebook has changed the "
            "session for security reasons.",
        )
    return None
