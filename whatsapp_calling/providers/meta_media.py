"""Media that customers send: where they may be fetched, and whether they are whole.

A link is good for 5 minutes and needs the token (media page).
"""

import base64
import binascii
import hashlib
from urllib.parse import urlsplit

from . import reading
from .base import Credentials, ProviderError

MEDIA_LIMIT = 16 * 1024 * 1024  # bytes; WhatsApp's for audio and video
# Nobody else may be handed the token, whatever a media object says.
_HOSTS = ("fbsbx.com", "facebook.com", "fbcdn.net", "whatsapp.net")


def media_url(credentials: Credentials, data: dict, limit: int = MEDIA_LIMIT) -> str:
    """Where to fetch the file.

    :raises ProviderError: it is too large, or lies where the token must not go
    """
    size = reading.integer(data, "file_size", [], high=2**60)
    if size is not None and size > limit:
        raise _too_large(limit)
    url = reading.plain(data.get("url")) or ""
    try:
        parts, ours = urlsplit(url), urlsplit(credentials.base_url)
        host = parts.hostname or ""
    except ValueError:
        parts = host = None
    metas = host and any(host == each or host.endswith("." + each) for each in _HOSTS)
    if parts and (
        (parts.scheme == "https" and metas)
        or (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)
    ):
        return url
    raise ProviderError(
        "The file does not lie with WhatsApp, so it was not fetched.", kind="nonsense"
    )


def check_media(
    data: dict, content: bytes, told: str | None = None, limit: int = MEDIA_LIMIT
) -> None:
    """Raise ProviderError when the file is not what the media object promised.

    :param told: the checksum a webhook told of it before
    """
    if len(content) > limit:
        raise _too_large(limit)
    promised = {reading.plain(data.get("sha256")) or "", told or ""} - {""}
    wanted = {_digest(each) for each in promised}
    if wanted != {hashlib.sha256(content).digest()}:
        raise ProviderError(
            "The file did not arrive as it was sent: its checksum differs.",
            kind="nonsense",
        )


def _too_large(limit):
    return ProviderError(
        f"The file is larger than {limit // 1024 // 1024} MB.", kind="refused"
    )


def _digest(text: str) -> bytes | None:
    """32 bytes of Base64 or hexadecimal digits: both occur."""
    try:
        if len(text) == 64:
            return bytes.fromhex(text)
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None


def media_facts(data: dict) -> dict:
    """{"mime_type", "sha256", "size"}; the link is nobody else's business."""
    ignored = []
    return {
        "mime_type": reading.text(data, "mime_type", ignored, limit=128) or "",
        "sha256": reading.text(data, "sha256", ignored, limit=128),
        "size": reading.integer(data, "file_size", ignored, high=2**60),
    }
