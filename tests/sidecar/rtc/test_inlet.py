"""One time line of what a peer sends, whatever it does with its numbers."""

import pytest

from media_sidecar.rtc.inlet import RESTART, SOURCES, Inlet
from media_sidecar.rtc.packet import write_header

OPUS, DTMF, OWN = 111, 126, 99


class Peer:
    """Sends 20 ms packets to an inlet on a clock of its own."""

    def __init__(self, ssrc=1, sequence=65530, timestamp=2**32 - 2000):
        self.inlet = Inlet(OPUS, DTMF, OWN, source=5)
        self.ssrc, self.sequence, self.timestamp, self.now = (
            ssrc,
            sequence,
            timestamp,
            100.0,
        )

    def send(self, payload=b"x", payload_type=OPUS, skip=0, pause=0.0, data=None):
        steps = 1 + skip
        self.sequence += steps
        self.timestamp += 960 * steps + round(pause * 48000)
        self.now += 0.02 * steps + pause
        if data is None:
            data = self.datagram(payload, payload_type)
        return self.deliver(data)

    def datagram(self, payload=b"x", payload_type=OPUS):
        return (
            write_header(payload_type, False, self.sequence, self.timestamp, self.ssrc)
            + payload
        )

    def deliver(self, data):
        if self.inlet.admits(data, self.now):
            return self.inlet.take(data, self.now)
        return None


def numbers(packets):
    first = packets[0]
    return [
        (p.sequence - first.sequence, p.timestamp - first.timestamp) for p in packets
    ]


def test_sequence_and_time_stamps_go_on_over_the_wrap():
    peer = Peer()
    packets = [peer.send() for _ in range(10)]
    assert numbers(packets) == [(n, 960 * n) for n in range(10)]
    assert [packet.source for packet in packets] == [5] * 10


def test_a_packet_out_of_order_has_its_own_place():
    peer = Peer()
    first = peer.send()
    late = Peer.datagram(peer)
    peer.sequence += 1
    peer.timestamp += 960
    late = peer.datagram(b"late")
    newer = peer.send()
    packet = peer.deliver(late)
    assert numbers([first, newer, packet]) == [(0, 0), (2, 1920), (1, 960)]
    assert peer.inlet.lost == 0


def test_a_pause_is_a_gap_in_time_and_none_in_sequence():
    peer = Peer()
    packets = [peer.send(), peer.send(pause=3.0)]
    assert numbers(packets) == [(0, 0), (1, 960 + 3 * 48000)]


def test_a_new_source_goes_on_in_the_same_time_line():
    """A browser that replaces its track restarts with other numbers."""
    peer = Peer()
    packets = [peer.send(), peer.send()]
    peer.ssrc, peer.sequence, peer.timestamp = 2, 7, 12345
    peer.now += 0.98
    packets.append(peer.send())
    packets.append(peer.send())
    assert numbers(packets) == [(0, 0), (1, 960), (2, 960 + 48000), (3, 1920 + 48000)]


def test_a_clock_that_jumps_does_not_move_the_time_line():
    peer = Peer()
    packets = [peer.send(), peer.send()]
    for jump in (2**31 - 1, -(2**30), 3_000_000):
        peer.timestamp += jump
        packets.append(peer.send())
    assert numbers(packets) == [(n, 960 * n) for n in range(5)]


def test_sequence_numbers_that_jump_are_a_new_start_and_no_loss():
    peer = Peer()
    packets = [peer.send()]
    peer.sequence += RESTART + 1
    packets.append(peer.send())
    assert numbers(packets) == [(0, 0), (1, 960)]
    assert peer.inlet.lost == 0


def test_a_second_source_is_not_heard_while_the_first_speaks():
    peer = Peer()
    peer.send()
    other = write_header(OPUS, False, 1, 1, 2) + b"y"
    peer.now += 0.1
    assert peer.deliver(other) is None
    assert peer.inlet.foreign == 1
    peer.now += 0.2
    assert peer.deliver(other).payload == b"y"


def test_our_own_stream_that_comes_back_is_dropped():
    peer = Peer(ssrc=OWN)
    assert peer.send() is None
    assert peer.inlet.foreign == 1


def test_a_peer_may_use_so_many_sources_and_no_more():
    """Each costs memory in libsrtp."""
    peer = Peer()
    heard = 0
    for ssrc in range(1000, 1000 + 5 * SOURCES):
        peer.ssrc = ssrc
        peer.now += 1
        heard += peer.send() is not None
    assert heard == SOURCES


@pytest.mark.parametrize(
    "data",
    [
        b"\x80" * 11,
        b"\x80" * 1501,
        write_header(13, False, 1, 1, 1) + b"unknown codec",
        b"\x8f" + write_header(OPUS, False, 1, 1, 1)[1:],
        b"\x90" + write_header(OPUS, False, 1, 1, 1)[1:] + b"\0\0\xff\xff",
        b"\xa0" + write_header(OPUS, False, 1, 1, 1)[1:] + b"\0",
        b"\xa0" + write_header(OPUS, False, 1, 1, 1)[1:] + b"x\xff",
    ],
    ids=[
        *("short", "long", "codec", "csrc", "extension", "padding 0", "padding long"),
    ],
)
def test_what_is_no_sound_is_counted_and_dropped(data):
    peer = Peer()
    assert peer.deliver(data) is None
    assert peer.inlet.refused == 1
    assert peer.inlet.packets == 0


def test_extensions_and_padding_are_no_sound():
    peer = Peer()
    plain = write_header(OPUS, False, 1, 1, 1)
    data = b"\xb0" + plain[1:] + b"\xbe\xde\0\x01abcd" + b"opus" + b"\0\0\x03"
    assert peer.deliver(data).payload == b"opus"


def test_loss_is_reported_since_the_last_report_and_in_all():
    peer = Peer()
    peer.send()
    for _ in range(3):
        peer.send(skip=1)
    assert peer.inlet.lost == 3
    assert peer.inlet.fraction_lost() == 3 * 256 // 7
    peer.send()
    assert peer.inlet.fraction_lost() == 0
    assert peer.inlet.lost == 3


def test_a_digit_is_marked_as_one():
    peer = Peer()
    assert peer.send(b"\x01\x0a\x00\xa0", DTMF).dtmf
    assert not peer.send().dtmf
