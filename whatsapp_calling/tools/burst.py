"""How many refused requests one address may make: a bucket for each, in memory.

Only what is refused anyway is counted and turned away. Whoever shares an address with
an attacker (a proxy in front of this server, say) and signs rightly never meets it.
"""

import ipaddress
import threading
import time
from collections import OrderedDict

# how many refused requests an address may make at once, and then in a minute
PARAMETER = "whatsapp_calling.refused_burst"
USUAL = 60
# an attacker with many addresses takes the place of their own oldest ones
MOST_ADDRESSES = 4096


class Buckets:
    """Token buckets: `burst` at once, then `burst` a minute.

    :ivar clock: seconds that only grow
    """

    def __init__(self, most=MOST_ADDRESSES, clock=time.monotonic):
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._left = OrderedDict()  # address: (tokens left, since when)

    def __len__(self):
        return len(self._left)

    def empty(self, address, burst):
        """Whether an address has used up its bucket; nothing is taken from it."""
        with self._lock:
            return bool(burst) and self._tokens(_network(address), burst) < 1

    def take(self, address, burst):
        """Count a refused request.

        :param burst: how many at once; 0: no limit
        :return: whether the bucket was not empty
        """
        if not burst:
            return True
        key = _network(address)
        with self._lock:
            tokens = self._tokens(key, burst)
            there = tokens >= 1
            self._left[key] = (tokens - 1 if there else tokens, self._clock())
            self._left.move_to_end(key)
            if len(self._left) > self._most:
                self._left.popitem(last=False)
        return there

    def _tokens(self, key, burst):
        if key not in self._left:
            return float(burst)
        tokens, since = self._left[key]
        return min(burst, tokens + (self._clock() - since) * burst / 60)


def _network(address):
    """The address, of IPv6 the /64: one customer of a provider has all of it."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


refused = Buckets()
