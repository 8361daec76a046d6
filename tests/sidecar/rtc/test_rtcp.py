"""What two ends tell each other of loss, jitter and round trip."""

import pytest
from aiortc import clock

from media_sidecar.rtc.inlet import Inlet
from media_sidecar.rtc.outlet import Outlet
from media_sidecar.rtc.rtcp import Reports, is_rtcp


class End:
    """One end: what it sends and hears, and its reports."""

    def __init__(self, own, other):
        self.inlet = Inlet(111, None, own, source=1)
        self.outlet = Outlet(111, None, own)
        self.reports = Reports(self.inlet, self.outlet)


@pytest.fixture
def ends(monkeypatch):
    """Two ends on one clock that the test turns: (one, other, turn)."""
    now = [1000.0]
    monkeypatch.setattr(clock, "current_ntp_time", lambda: int(now[0] * 2**32))

    def turn(seconds):
        now[0] += seconds
        return now[0]

    return End(1, 2), End(2, 1), turn


def talk(speaker, listener, turn, lost=()):
    for number in range(100):
        now = turn(0.02)
        data = speaker.outlet.send(b"x", 960, False, now)
        if number not in lost:
            listener.inlet.take(data, now)


def test_the_round_trip_is_known_after_each_has_reported(ends):
    one, other, turn = ends
    talk(one, other, turn)
    talk(other, one, turn)
    report = one.reports.write(turn(0))
    other.reports.read(report, turn(0.04))
    report = other.reports.write(turn(0.5))
    one.reports.read(report, turn(0.06))
    assert one.reports.rtt == pytest.approx(0.1, abs=0.001)


def test_the_sender_learns_how_much_is_lost(ends):
    one, other, turn = ends
    talk(one, other, turn, lost=range(10, 35))
    one.reports.read(other.reports.write(turn(0)), turn(0))
    assert one.reports.lost_by_peer == pytest.approx(25, abs=0.5)


def test_who_sends_nothing_reports_all_the_same(ends):
    one, other, turn = ends
    one.reports.read(other.reports.write(turn(0)), turn(0))
    assert one.reports.lost_by_peer == 0
    assert one.reports.rtt is None


def test_a_report_for_a_tick_that_is_made_up_for_can_be_written(ends):
    """Its time is before the one at which the other's report came."""
    one, other, turn = ends
    talk(other, one, turn)
    one.reports.read(other.reports.write(turn(0)), turn(0))
    assert is_rtcp(one.reports.write(turn(-0.08)))


def test_a_goodbye_is_seen(ends):
    one, other, turn = ends
    one.reports.read(other.reports.goodbye(), turn(0))
    assert one.reports.bye


@pytest.mark.parametrize("data", [b"\x80\xc8\x00\x06" + bytes(4), b"\x81\xc9" * 6])
def test_a_malformed_report_is_an_error(ends, data):
    one, _, turn = ends
    with pytest.raises(ValueError):
        one.reports.read(data, turn(0))


def test_rtp_and_rtcp_are_told_apart():
    """Their first byte is the same (RFC 5761)."""
    assert is_rtcp(b"\x80\xc8" + bytes(26))
    assert is_rtcp(b"\x81\xc9" + bytes(30))
    assert not is_rtcp(b"\x80\x6f" + bytes(12))
    assert not is_rtcp(b"\x80\xef" + bytes(12))
