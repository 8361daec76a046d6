"""One timer for all calls, and how late it is; on a loop whose clock the test turns."""

import asyncio

import pytest

from media_sidecar.rtc.ticker import Ticker


class Loop:
    """A clock and one timer, as a ticker uses them of a loop."""

    def __init__(self):
        self.now = 100.0
        self.timers = []

    def time(self):
        return self.now

    def call_at(self, when, callback):
        timer = Timer(when, callback)
        self.timers = [t for t in self.timers if not t.cancelled] + [timer]
        return timer

    def run(self, seconds, late=0.0):
        """Let `seconds` pass; every timer is called `late` seconds after its time."""
        end = self.now + seconds
        while True:
            due = [t for t in self.timers if not t.cancelled and t.when + late <= end]
            if not due:
                break
            timer = min(due, key=lambda t: t.when)
            self.timers.remove(timer)
            self.now = max(self.now, timer.when + late)
            timer.callback()
        self.now = end


class Timer:
    def __init__(self, when, callback):
        self.when, self.callback, self.cancelled = when, callback, False

    def cancel(self):
        self.cancelled = True


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def ticker(loop):
    return Ticker(loop)


def test_every_20_ms_and_no_drift(loop, ticker):
    times = []
    ticker.every_20ms(times.append)
    loop.run(1.001, late=0.003)
    assert len(times) == 49
    assert times[-1] == pytest.approx(100.98 + 0.003)


def test_one_timer_serves_all(loop, ticker):
    for _ in range(50):
        ticker.every_20ms(lambda now: None)
    assert len(loop.timers) == 1


def test_a_cancelled_one_is_called_no_more_and_the_last_stops_the_timer(loop, ticker):
    times = []
    handle = ticker.every_20ms(times.append)
    other = ticker.every_20ms(lambda now: handle.cancel())
    loop.run(0.1)
    assert len(times) == 1
    other.cancel()
    other.cancel()
    assert [t for t in loop.timers if not t.cancelled] == []


def test_one_that_fails_keeps_nobody_from_his_turn(loop, ticker, caplog):
    times = []

    def fail(now):
        raise RuntimeError("boom")

    ticker.every_20ms(fail)
    ticker.every_20ms(times.append)
    loop.run(0.1)
    assert len(times) == 5
    assert "a callback of the ticker failed" in caplog.text


def test_a_short_stall_is_made_up_for_and_a_long_one_is_a_gap(loop, ticker):
    times = []
    ticker.every_20ms(times.append)
    loop.run(0.07)
    loop.now += 0.06
    loop.run(0.0)
    assert len(times) == 6
    loop.now += 2.0
    loop.run(0.0)
    assert len(times) == 12
    loop.run(0.02)
    assert len(times) == 13


def test_lag_is_the_lateness_of_the_slowest_tick_in_a_hundred(loop, ticker):
    ticker.every_20ms(lambda now: None)
    assert ticker.lag.p99() == 0.0
    loop.run(4, late=0.001)
    assert ticker.lag.p99() == pytest.approx(1.0)
    for _ in range(8):
        loop.now += 0.15
        loop.run(0.0)
    assert ticker.lag.p99() > 20


def test_lag_forgets_after_ten_seconds(loop, ticker):
    ticker.every_20ms(lambda now: None)
    loop.now += 1.0
    loop.run(0.0)
    loop.run(11.0)
    assert ticker.lag.p99() == pytest.approx(0.0, abs=0.01)


async def test_a_loop_has_one_ticker():
    assert Ticker.of_loop() is Ticker.of_loop()
    called = asyncio.Event()
    handle = Ticker.of_loop().every_20ms(lambda now: called.set())
    await asyncio.wait_for(called.wait(), 5)
    handle.cancel()
