"""What can be told from an Opus packet without decoding it (RFC 6716, section 3).

Durations are in samples of 48 kHz, the clock of Opus in RTP and Ogg.
"""

RATE = 48000
FRAME = 960
LONGEST = 5760  # 120 ms, what one packet may hold
SHORTEST = 120  # 2.5 ms
# one frame that decodes to exact silence, by its duration: CELT, full band, mono
SILENCE = {
    960: b"\xf8\xff\xfe",
    480: b"\xf0\xff\xfe",
    240: b"\xe8\xff\xfe",
    120: b"\xe0\xff\xfe",
}
_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)


def frame_samples(payload: bytes) -> int:
    """How long each of its frames is."""
    config = payload[0] >> 3
    if config < 12:
        return _SILK[config & 3]
    if config < 16:
        return _HYBRID[config & 1]
    return _CELT[config & 3]


def samples(payload: bytes) -> int:
    """How long it lasts; 0 for bytes that no Opus decoder takes."""
    if not payload:
        return 0
    count = _frames(payload)
    total = count * frame_samples(payload)
    return total if total <= LONGEST else 0


def lost(previous: bytes) -> bytes:
    """A packet of one frame that asks the decoder to conceal a loss (RFC 7845, 4.1).

    It has the mode of the packet before it, so that the decoder carries on from there.
    """
    return bytes([previous[0] & 0b11111100])


def fill(length: int, previous: bytes = b"") -> list[bytes]:
    """Packets that last `length` samples, to within 2.5 ms: concealed or silent.

    :param previous: what to carry on from; without it the packets are silent
    """
    packets = []
    if previous:
        count, length = divmod(length, frame_samples(previous))
        packets = [lost(previous)] * count
    for duration, packet in SILENCE.items():
        count, length = divmod(length, duration)
        packets += [packet] * count
    return packets


def _frames(payload):
    """How many frames it holds, 0 when its framing is broken."""
    code, rest = payload[0] & 3, len(payload) - 1
    if code == 0:
        return 1
    if code == 1:
        return 2 if rest % 2 == 0 else 0
    if code == 2:
        length, used = _length(payload, 1)
        return 2 if used and length <= rest - used else 0
    return _many(payload) if rest else 0


def _many(payload):
    """The frames of a packet of code 3."""
    count, place, end = payload[1] & 63, 2, len(payload)
    if payload[1] & 64:  # padding
        while True:
            if place >= end:
                return 0
            byte = payload[place]
            place += 1
            end -= min(byte, 254)
            if byte != 255:
                break
    if payload[1] & 128:  # each frame with a length of its own
        for _frame in range(count - 1):
            length, used = _length(payload, place)
            if not used:
                return 0
            place += used
            end -= length
        return count if place <= end else 0
    return count if count and place <= end and (end - place) % count == 0 else 0


def _length(payload, place):
    """A frame's length and the bytes it was written in; 0 bytes when there is none."""
    if place >= len(payload):
        return 0, 0
    if payload[place] < 252:
        return payload[place], 1
    if place + 1 >= len(payload):
        return 0, 0
    return payload[place] + 4 * payload[place + 1], 2
