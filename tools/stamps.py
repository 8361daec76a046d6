"""A step of the set-up runs again only when what it was made from has changed."""

import hashlib
from pathlib import Path

from tools.paths import STAMPS


def digest(*inputs):
    """One hash over texts and the contents of files (given as Path)."""
    total = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if isinstance(item, Path) else str(item).encode()
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def is_current(step, value):
    stamp = STAMPS / step
    return stamp.exists() and stamp.read_text() == value


def set_current(step, value):
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(value)
