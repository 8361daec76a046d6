"""Digits are told once, when they are over, however their packets arrive."""

import struct

import pytest

from media_sidecar.rtc.dtmf import DigitReader, payloads


def event(digit, units, end=False):
    return struct.pack("!BBH", digit, 0x80 | 10 if end else 10, units)


@pytest.fixture
def told():
    return []


@pytest.fixture
def reader(told):
    return DigitReader(lambda digit, ms: told.append((digit, ms)))


def test_a_digit_is_told_at_its_end_and_once(reader, told):
    for step in range(1, 8):
        reader.feed(9600, event(7, step * 160), 0.02 * step)
    assert told == []
    for _ in range(3):
        reader.feed(9600, event(7, 1280, end=True), 0.16)
    assert told == [("7", 160)]


def test_the_same_digit_twice_is_told_twice(reader, told):
    for timestamp in (9600, 19200):
        reader.feed(timestamp, event(11, 800, end=True), timestamp / 48000)
    assert told == [("#", 100), ("#", 100)]


def test_a_digit_whose_end_is_lost_is_told_when_it_stops(reader, told):
    reader.feed(9600, event(10, 640), 1.0)
    reader.tick(1.1)
    assert told == []
    reader.tick(1.21)
    assert told == [("*", 80)]
    reader.feed(9600, event(10, 800, end=True), 1.3)
    assert told == [("*", 80)]


def test_a_digit_whose_end_is_lost_is_told_before_the_next(reader, told):
    reader.feed(9600, event(1, 640), 1.0)
    reader.feed(19200, event(2, 640, end=True), 1.1)
    assert told == [("1", 80), ("2", 80)]


def test_packets_out_of_order_do_not_shorten_a_digit(reader, told):
    reader.feed(9600, event(3, 640), 1.0)
    reader.feed(9600, event(3, 480), 1.0)
    reader.tick(2.0)
    assert told == [("3", 80)]


def test_durations_follow_the_clock_that_was_agreed(told):
    reader = DigitReader(lambda digit, ms: told.append((digit, ms)), rate=48000)
    reader.feed(9600, event(4, 4800, end=True), 1.0)
    assert told == [("4", 100)]


@pytest.mark.parametrize("payload", [b"", b"\x01\x8a\x00", event(16, 160, end=True)])
def test_what_is_no_digit_is_passed_over(reader, told, payload):
    reader.feed(9600, payload, 1.0)
    assert told == []


def test_a_sent_digit_lasts_160_ms_and_ends_three_times(reader, told):
    steps = list(payloads("D"))
    assert [len(step) for step in steps] == [1] * 7 + [3]
    for step in steps:
        for payload in step:
            reader.feed(9600, payload, 1.0)
    assert told == [("D", 160)]


def test_a_character_that_is_no_digit_is_an_error():
    with pytest.raises(ValueError):
        next(payloads("x"))
