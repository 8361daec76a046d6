"""Buckets of refused requests: who is turned away, and how much is remembered."""

from whatsapp_calling.tools.burst import Buckets


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_address_has_its_burst_and_then_as_much_each_minute():
    clock = Clock()
    buckets = Buckets(clock=clock)
    assert [buckets.take("192.0.2.1", 2) for _try in range(3)] == [True, True, False]
    clock.now += 30
    assert [buckets.take("192.0.2.1", 2) for _try in range(2)] == [True, False]


def test_addresses_do_not_share_a_bucket_but_an_ipv6_network_does():
    buckets = Buckets(clock=Clock())
    assert buckets.take("192.0.2.1", 1)
    assert buckets.take("192.0.2.2", 1)
    assert buckets.take("2001:db8::1", 1)
    assert not buckets.take("2001:db8::2", 1)
    assert buckets.take("2001:db8:0:1::1", 1)


def test_memory_is_bounded_the_oldest_address_goes():
    buckets = Buckets(most=100, clock=Clock())
    for number in range(1000):
        buckets.take(f"192.0.{number // 250}.{number % 250}", 1)
    assert len(buckets) == 100
    assert buckets.empty("192.0.3.249", 1)
    assert not buckets.empty("192.0.0.0", 1)


def test_looking_takes_nothing_and_0_is_no_limit():
    buckets = Buckets(clock=Clock())
    assert [buckets.empty("192.0.2.1", 1) for _look in range(5)] == [False] * 5
    assert [buckets.take("192.0.2.1", 0) for _try in range(5)] == [True] * 5
    assert len(buckets) == 0


def test_an_address_that_is_none_has_a_bucket_too():
    buckets = Buckets(clock=Clock())
    assert [buckets.take(None, 1) for _try in range(2)] == [True, False]
