"""What a peer is sent: one stream that goes on, whoever speaks in it."""

from media_sidecar.rtc.outlet import BEHIND, Outlet
from media_sidecar.rtc.packet import SILENCE, Packet, read_header

OPUS, DTMF = 111, 126


class Line:
    """An outlet, the clock, and what left: (sequence, time stamp) from 0 on."""

    def __init__(self, dtmf=DTMF):
        self.outlet = Outlet(OPUS, dtmf, ssrc=9)
        self.start = self.outlet.sequence + 1, self.outlet.timestamp
        self.now = 50.0
        self.left = []
        self.markers = []

    def take(self, data):
        if data is None:
            return None
        payload_type, marker, sequence, timestamp, ssrc = read_header(data)
        assert ssrc == 9
        placed = (sequence - self.start[0]) % 65536, (timestamp - self.start[1]) % 2**32
        self.left.append(placed)
        self.markers.append(marker)
        return placed

    def say(self, payload=b"music", wait=0.02):
        placed = self.take(self.outlet.send(payload, 960, False, self.now))
        self.now += wait
        return placed

    def pass_on(self, source, number, wait=0.02, **changes):
        packet = Packet(b"speech", number, 960 * number, self.now, source=source)
        for name, value in changes.items():
            setattr(packet, name, value)
        placed = self.take(self.outlet.forward(packet, self.now))
        self.now += wait
        return placed

    def keep_alive(self):
        data = self.outlet.silence(self.now)
        placed = self.take(data)
        assert data is None or data[12:] == SILENCE
        return placed


def test_what_is_said_every_20_ms_has_no_gap():
    line = Line()
    for _ in range(4):
        line.say()
    assert line.left == [(0, 0), (1, 960), (2, 1920), (3, 2880)]
    assert line.markers == [False] * 4


def test_a_tick_that_is_late_makes_no_gap_and_a_pause_makes_one():
    line = Line()
    line.say(wait=0.065)
    line.say(wait=2.02)
    line.say()
    assert line.left == [(0, 0), (1, 960), (2, 960 + 101 * 960)]
    assert line.markers == [False, False, True]


def test_music_then_operator_then_another_operator_is_one_stream():
    line = Line()
    line.say()
    line.say()
    for number in range(700, 703):
        line.pass_on(1, number)
    for number in range(65000, 65003):
        line.pass_on(2, number)
    line.say()
    assert line.left == [(n, 960 * n) for n in range(9)]
    assert line.markers == [False, False, True, False, False, True, False, False, False]


def test_a_bridged_stream_keeps_its_losses_pauses_and_order():
    """The peer repairs a loss itself, if it can see it."""
    line = Line()
    for number in (10, 11, 13, 12, 14):
        line.pass_on(1, number)
    line.pass_on(1, 15, timestamp=960 * 40)
    assert line.left == [
        *((0, 0), (1, 960), (3, 2880), (2, 1920), (4, 3840), (5, 960 * 30)),
    ]


def test_what_the_last_operator_said_late_does_not_come_after_the_next():
    line = Line()
    line.pass_on(1, 10)
    line.pass_on(2, 500)
    assert line.pass_on(2, 499) is None
    assert line.pass_on(2, 501) == (2, 1920)


def test_silence_follows_our_own_packets_when_one_is_missing():
    line = Line()
    line.say()
    assert line.keep_alive() is None
    line.now += 0.02
    assert line.keep_alive() == (1, 960)
    assert line.keep_alive() is None
    line.now += 0.02
    assert line.keep_alive() == (2, 1920)


def test_no_silence_comes_between_packets_that_are_sent_at_any_time_of_a_tick():
    line = Line()
    for _ in range(10):
        line.say(wait=0.018)
        assert line.keep_alive() is None
        line.now += 0.002


def test_silence_comes_at_once_when_nothing_was_said_yet():
    line = Line()
    assert line.keep_alive() == (0, 0)


def test_an_operator_whose_network_stutters_is_not_talked_into():
    line = Line()
    line.pass_on(1, 10, wait=0.3)
    assert line.keep_alive() is None
    line.now += 0.1
    assert line.keep_alive() == (1, 960 * 20)


def test_after_silence_an_operator_goes_on_in_his_own_time():
    line = Line()
    line.pass_on(1, 10, wait=0.4)
    line.keep_alive()
    line.now += 0.02
    assert line.pass_on(1, 31) == (2, 960 * 21)
    assert line.pass_on(1, 32) == (3, 960 * 22)


def test_speech_whose_time_silence_has_filled_is_dropped():
    """A burst after a stall would push all that follows into the future."""
    line = Line()
    line.pass_on(1, 10, wait=0.4)
    line.keep_alive()
    for number in range(11, 31):
        assert line.pass_on(1, number, wait=0) is None
    assert line.pass_on(1, 31) == (2, 960 * 21)
    assert line.outlet.late == 20


def test_a_source_that_stays_behind_is_heard_again():
    """Its clock stood still while it was away; it is not away for ever."""
    line = Line()
    line.pass_on(1, 10, wait=0.4)
    for _ in range(200):
        line.keep_alive()
        line.now += 0.02
    dropped = 0
    while line.pass_on(1, 11 + dropped) is None:
        line.keep_alive()
        dropped += 1
    assert dropped == BEHIND - 1
    before = line.left[-1]
    after = line.pass_on(1, 12 + dropped)
    assert after[0] - before[0] == 1
    assert after[1] > before[1]


def test_digits_go_out_in_the_same_stream():
    line = Line()
    line.pass_on(1, 10)
    started = line.outlet.begin_event(line.now)
    for step in range(8):
        event = line.outlet.event(b"\x05\x0a\0\xa0", started, step == 0, line.now)
        assert event[1] & 0x7F == DTMF
        line.take(event)
        line.now += 0.02
    line.now += 0.08
    line.pass_on(1, 23)
    assert line.left[1:9] == [(n, 960) for n in range(1, 9)]
    assert line.left[9] == (9, 960 * 13)


def test_digits_of_another_leg_are_passed_on_to_who_knows_them():
    assert Line().pass_on(1, 10, dtmf=True) == (0, 0)
    assert Line(dtmf=None).pass_on(1, 10, dtmf=True) is None
