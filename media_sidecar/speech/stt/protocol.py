"""What the media process and a worker say to each other over the worker's pipes.

To the worker: frames of a head (kind, stream, length, start_ms; big-endian) and a
body. From it: lines of JSON with "stream" and "kind".
"""

import json
import struct

HEAD = struct.Struct(">BIIq")
OPEN, AUDIO, PAUSE, CLOSE = range(4)
LARGEST = 1 << 20  # bytes of a body


def frame(kind: int, stream: int, body: bytes = b"", start_ms: int = 0) -> bytes:
    return HEAD.pack(kind, stream, len(body), start_ms) + body


def line(stream: int, kind: str, **data) -> bytes:
    """One thing a worker tells: turn, gap, speech, failed or closed."""
    return json.dumps({"stream": stream, "kind": kind, **data}).encode() + b"\n"
