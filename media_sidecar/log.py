"""Logs: one JSON object per line on stderr.

Never in them: secrets, keys, SDP, digits, what was said, bodies of requests. A log call
here has a fixed sentence and its facts as `extra={"facts": {...}}`: ids and numbers.
"""

import json
import logging
import sys
import time

# aiortc's and aioice's lines hold addresses and candidates; each end of a call is a
# "failure" to them
QUIET = ("aioice", "aiortc", "aiohttp.access")


class JsonLines(logging.Formatter):
    """`{"time", "level", "unit", "logger", "message", ...facts, "trace"?}`."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.time(record.created),
            "level": record.levelname,
            "unit": self.unit,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)

    @staticmethod
    def time(seconds: float) -> str:
        """ISO 8601 in UTC with milliseconds."""
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return f"{whole}.{int(seconds * 1000) % 1000:03d}Z"


def set_up(level: str, unit: str) -> None:
    """Log to stderr from now on; `unit` names this process in each line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(unit))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
