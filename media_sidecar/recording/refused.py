"""Recordings that Odoo does not want: tried for a week, then left for a person.

What Odoo calls gone (410) is erased at once, and what it only cannot take at present
(no answer, an error of its own, a wrong secret) is tried without end. Any other refusal
will hardly change by itself. It is tried for `KEEP`, because the other side may be a
copy that is being restored, or be mended; then once after each start of the sidecar.
Nothing is erased: `refused.json` in its folder says since when, and with which status.
"""

import logging
import time

from media_sidecar.recording.folder import Folder

logger = logging.getLogger(__name__)

KEEP = 7 * 24 * 3600  # seconds from the first refusal
# a wrong secret or clock, too many requests: somebody is about to mend it
FOR_NOW = {401, 403, 408, 425, 429}
NOTE = "refused.json"


def for_good(status: int) -> bool:
    """Whether the same request will be refused again."""
    return 400 <= status < 500 and status not in FOR_NOW


def note(folder: Folder, status: int) -> tuple[bool, bool]:
    """Remember a refusal: (it was tried for long enough, this was not known yet)."""
    before = folder.read(NOTE) or {}
    since = before.get("since") or time.time()
    over = time.time() - since > KEEP
    now = {"since": since, "status": status, "over": over}
    if now != before:
        folder.write(NOTE, now)
    fresh = over and not before.get("over")
    if fresh:
        logger.error(
            "recording %s: Odoo refused it for a week, the last time with %s; it stays"
            " here",
            folder.uid,
            status,
        )
    return over, fresh
