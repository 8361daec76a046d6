"""Where a leg can be reached: the addresses it binds and those it tells."""

import copy
import functools
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import ifaddr
from aioice import Candidate
from aioice.candidate import candidate_foundation

GATHERING = 0.5  # seconds that STUN and TURN may take together


@dataclass(frozen=True, slots=True)
class IceOptions:
    """How legs gather candidates.

    :param public: addresses told to the peer in place of the host's own, of the same
        family: what a NAT or a cloud forwards one to one
    :param bind: local addresses to bind; by default all the host has
    :param ports: first and last UDP port to use; by default the system chooses
    :param stun: (host, port) of a STUN server, or None: off, the answer needs no wait
    :param turn: (host, port, user name, password) of a TURN server over UDP, or None
    """

    public: tuple[str, ...] = ()
    bind: tuple[str, ...] = ()
    ports: tuple[int, int] | None = None
    stun: tuple[str, int] | None = None
    turn: tuple[str, int, str, str] | None = None

    def addresses(self) -> tuple[str, ...]:
        """Local addresses to bind a socket each."""
        if self.bind:
            return self.bind
        if self.public:
            versions = {ipaddress.ip_address(public).version for public in self.public}
            return tuple({4: "0.0.0.0", 6: "::"}[version] for version in versions)
        return host_addresses()

    def port_order(self) -> Sequence[int]:
        """UDP ports to try, from a random one on; 0 is any."""
        if not self.ports:
            return (0,)
        first, last = self.ports
        ports = range(first, last + 1)
        start = secrets.randbelow(len(ports))
        return [*ports[start:], *ports[:start]]

    def told(self, candidates: list[Candidate]) -> list[Candidate]:
        """`candidates` as the peer may know them."""
        if not self.public:
            return candidates
        told = []
        for candidate in candidates:
            if candidate.type != "host":
                told.append(candidate)
                continue
            version = ipaddress.ip_address(candidate.host).version
            for public in self.public:
                if ipaddress.ip_address(public).version == version:
                    changed = copy.copy(candidate)
                    changed.host = public
                    told.append(changed)
        return told


@functools.cache
def host_addresses() -> tuple[str, ...]:
    """The host's addresses, without link-local ones; loopback if there are no others.

    Looked up once: a process has no use for an address that comes later, its
    neighbours in the SDP would be told it in vain.
    """
    found, loopback = [], []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text.partition("%")[0])
            if address.is_loopback:
                loopback.append(str(address))
            elif not (address.is_link_local or address.is_unspecified):
                found.append(str(address))
    return tuple(dict.fromkeys(found or loopback))


def host_candidate(host: str, port: int, index: int) -> Candidate:
    """What a bound socket is told as; the first address is the preferred one."""
    return Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=1,
        transport="udp",
        priority=(126 << 24) | ((65535 - index) << 8) | 255,  # RFC 8445 5.1.2.1
        host=host,
        port=port,
        type="host",
    )


def udp_socket(address: str, port: int) -> socket.socket:
    """A bound UDP socket; asyncio's transport adds a copy and three checks to each
    packet that is sent, so the socket itself is kept."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
    except BaseException:
        sock.close()
        raise
    return sock
