"""One webhook on its way to one app: body, signature, attempts."""

import asyncio
import hashlib
import hmac
import itertools
import time
from dataclasses import dataclass, field

from ..model import App


@dataclass
class Delivery:
    """One webhook to one app, with what became of it."""

    app: App
    url: str
    body: bytes
    names: tuple[str, ...]  # event names, for logs and faults
    call_id: str | None
    signature: str | None
    id: int = field(default_factory=itertools.count(1).__next__)
    created: float = field(default_factory=time.time)
    attempts: list[dict] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def as_dict(self, full: bool = False) -> dict:
        data = {
            "id": self.id,
            "app_id": self.app.app_id,
            "url": self.url,
            "names": list(self.names),
            "call_id": self.call_id,
            "created": self.created,
            "attempts": self.attempts,
            "delivered": bool(self.attempts and self.attempts[-1]["status"] == 200),
        }
        if full:
            data["body"] = self.body.decode(errors="replace")
        return data


def sign(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"
