"""All that the sidecar uses of aioice's and aiortc's insides.

Their classes for ICE and DTLS are used, their peer connection is not: its jitter
buffer holds sound back by 80 to 280 ms, and every datagram passes a queue, a task and
several parsers. Here media leave the socket's callback for the leg at once.

`self_check` runs when a media process starts and names what a new version lacks.
"""

import asyncio
import contextlib
import functools
import secrets
import string
import time
from collections.abc import Callable

import aioice
import aioice.ice
import aiortc
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from OpenSSL import SSL

from .ice import GATHERING, IceOptions, host_candidate, udp_socket
from .wire import Wire

_LETTERS = string.ascii_letters + string.digits
_DATAGRAM = 2048  # bytes to read; asyncio would take a fresh 256 KiB for each packet
_PAIRS = 64  # a peer that checks from ever new ports gets no more
_CERTIFICATE_AGE = 86400  # seconds one certificate serves all legs of the process

_WANTED = (
    (aioice.ice.StunProtocol, ("datagram_received",)),
    (
        aioice.Connection,
        ("gather_candidates", "check_complete", "check_incoming", "connect", "close"),
    ),
    (aioice.ice, ("server_reflexive_candidate", "relayed_candidate")),
    (
        RTCDtlsTransport,
        ("start", "stop", "_set_role", "_write_ssl", "_recv_next", "_setup_srtp"),
    ),
    (RTCCertificate, ("_create_ssl_context", "generateCertificate")),
)
_WANTED_ATTRIBUTES = (
    "_nominated",
    "_check_list",
    "_check_list_state",
    "_check_list_done",
    "_local_candidates",
    "_local_candidates_end",
    "_local_candidates_start",
    "_protocols",
)


def self_check() -> list[str]:
    """What is missing in aioice and aiortc, one sentence each; empty when all is well.

    Needs a running loop. What it makes is closed again by being dropped.
    """
    missing = []
    for owner, names in _WANTED:
        for name in names:
            if not hasattr(owner, name):
                missing.append(f"{owner.__name__}.{name}")
    with contextlib.suppress(Exception):
        connection = aioice.Connection(ice_controlling=True)
        missing += [
            f"aioice.Connection.{name}"
            for name in _WANTED_ATTRIBUTES
            if not hasattr(connection, name)
        ]
        dtls = RTCDtlsTransport(Wire(lambda data: None), [certificate()])
        missing += [
            f"RTCDtlsTransport.{name}"
            for name in ("_rx_srtp", "_tx_srtp", "_ssl")
            if not hasattr(dtls, name)
        ]
    versions = f"aiortc {aiortc.__version__}, aioice {aioice.__version__}"
    return [
        f"{name} is missing in the installed {versions}; install the versions of "
        "requirements/media.txt"
        for name in missing
    ]


class _Protocol(aioice.ice.StunProtocol):
    """A socket: media go straight to the leg, DTLS to its queue, STUN to aioice."""

    transmit: Callable[[bytes, tuple], object]

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if not data:
            return
        first = data[0]
        if 127 < first < 192:
            self.receiver.on_media(data)
        elif 19 < first < 64:
            self.receiver.on_dtls(data)
        else:
            self.receiver.last_check_at = time.monotonic()
            super().datagram_received(data, addr)


class Agent(aioice.Connection):
    """An ICE agent of one component.

    It can be used as soon as one pair has passed a check, before it is nominated
    (RFC 8445 section 12.1): Chromium nominates with its second check, up to a second
    later.

    :param on_media: called with each RTP and RTCP datagram
    :param on_dtls: called with each DTLS datagram
    :param on_lost: called when the peer has answered no check for half a minute
    """

    def __init__(
        self,
        options: IceOptions,
        on_media: Callable[[bytes], None],
        on_dtls: Callable[[bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        turn = {}
        if options.turn:
            host, port, name, password = options.turn
            turn = {
                "turn_server": (host, port),
                "turn_username": name,
                "turn_password": password,
            }
        super().__init__(
            ice_controlling=False,
            stun_server=options.stun,
            local_username="".join(secrets.choice(_LETTERS) for _ in range(8)),
            local_password="".join(secrets.choice(_LETTERS) for _ in range(24)),
            **turn,
        )
        self._options = options
        self.on_media = on_media
        self.on_dtls = on_dtls
        self.on_lost = on_lost
        self.last_check_at = 0.0
        self.unsent = 0
        self._pair = self._address = None

    async def gather_candidates(self) -> None:
        """Bind the sockets; ask STUN and TURN, if wanted, for half a second."""
        self._local_candidates_start = True
        loop = asyncio.get_running_loop()
        for address in self._options.addresses():
            protocol = await self._bind(loop, address)
            if protocol:
                self._protocols.append(protocol)
                self._local_candidates.append(protocol.local_candidate)
        if not self._protocols:
            raise OSError(f"no UDP port could be bound on {self._options.addresses()}")
        if self.stun_server or self.turn_server:
            await self._ask_servers()
        self._local_candidates_end = True

    async def _bind(self, loop, address: str) -> _Protocol | None:
        for port in self._options.port_order():
            try:
                sock = udp_socket(address, port)
            except OSError:
                continue
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: _Protocol(self), sock=sock
            )
            transport.max_size = _DATAGRAM
            protocol.transmit = sock.sendto
            host, port = transport.get_extra_info("sockname")[:2]
            protocol.local_candidate = host_candidate(host, port, len(self._protocols))
            return protocol
        return None

    async def _ask_servers(self) -> None:
        asked = []
        if self.stun_server:
            asked += [
                aioice.ice.server_reflexive_candidate(protocol, self.stun_server)
                for protocol in self._protocols
                if ":" not in protocol.local_candidate.host
            ]
        if self.turn_server:
            asked.append(
                aioice.ice.relayed_candidate(
                    component=1,
                    hide_related_address=False,
                    protocol_factory=lambda: _Protocol(self),
                    turn_server=self.turn_server,
                    turn_username=self.turn_username,
                    turn_password=self.turn_password,
                    turn_ssl=False,
                    turn_transport="udp",
                )
            )
        tasks = [asyncio.ensure_future(coroutine) for coroutine in asked]
        done, late = await asyncio.wait(tasks, timeout=GATHERING)
        for task in late:
            task.cancel()
        for task in done:
            if task.exception() is None:
                candidate, protocol = task.result()
                self._local_candidates.append(candidate)
                if protocol is not None:
                    protocol.transmit = protocol.transport.sendto
                    self._protocols.append(protocol)

    def check_complete(self, pair) -> None:
        super().check_complete(pair)
        if (
            pair.state == pair.State.SUCCEEDED
            and not self.ice_controlling
            and not self._nominated
        ):
            self._nominated[pair.component] = pair
            self._check_list_maybe_complete()

    def check_incoming(self, message, addr, protocol) -> None:
        # A check of ours that was cancelled when the first pair was found stays "in
        # progress"; if the browser nominates that pair it has to be made again.
        for pair in self._check_list:
            if pair.task is not None and pair.task.cancelled():
                pair.task = None
                pair.state = pair.State.WAITING
        if len(self._check_list) < _PAIRS:
            super().check_incoming(message, addr, protocol)

    async def close(self) -> None:
        """Free the sockets; aioice calls it itself when consent has expired."""
        await super().close()
        self.on_lost()

    def transmit(self, data: bytes) -> None:
        """Send a datagram now; raises ConnectionError before there is a pair."""
        pair = self._nominated.get(1)
        if pair is None:
            raise ConnectionError("there is no way to the peer")
        if pair is not self._pair:
            self._pair, self._address = pair, pair.remote_addr
        try:
            pair.protocol.transmit(data, self._address)
        except OSError:
            # a full buffer, no route for the moment: as if it were lost on the way
            self.unsent += 1


class _Certificate(RTCCertificate):
    """One certificate and one OpenSSL context for all legs: making them for each takes
    longer than the rest of an answer, and most of a leg's memory."""

    context = None

    def _create_ssl_context(self, srtp_profiles) -> SSL.Context:
        if self.context is None:
            self.context = super()._create_ssl_context(srtp_profiles)
            self.context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self.context

    @functools.cached_property
    def digest(self) -> str:
        return self.getFingerprints()[0].value


_certificates: list[tuple[float, _Certificate]] = []


def certificate() -> _Certificate:
    """The process's certificate, a new one each day; ECDSA P-256."""
    now = time.monotonic()
    if not _certificates or now - _certificates[-1][0] > _CERTIFICATE_AGE:
        _certificates[:] = [(now, _Certificate.generateCertificate())]
    return _certificates[-1][1]


class Dtls(RTCDtlsTransport):
    """The handshake; after it the keys, and nothing but the peer's close."""

    def __init__(self, wire: Wire) -> None:
        self._certificate = certificate()
        super().__init__(wire, [self._certificate])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of our certificate, upper-case hex pairs with colons."""
        return self._certificate.digest

    async def shake_hands(self, role: str, fingerprint: str) -> bool:
        """Be "client" or "server" of the handshake; whether it came to an end.

        It fails when the peer's certificate is not that of `fingerprint` (SHA-256).
        """
        self._set_role(role)
        await self.start(
            RTCDtlsParameters([RTCDtlsFingerprint("sha-256", fingerprint)], role)
        )
        self.transport.still()
        return self.state == "connected"

    async def _write_ssl(self) -> None:
        try:
            data = self._ssl.bio_read(4096)
        except SSL.Error:
            return
        await self.transport._send(data)
        if not self.encrypted:
            self.transport.repeat(data)

    @property
    def protect(self) -> Callable[[bytes], bytes]:
        return self._tx_srtp.protect

    @property
    def protect_rtcp(self) -> Callable[[bytes], bytes]:
        return self._tx_srtp.protect_rtcp

    @property
    def unprotect(self) -> Callable[[bytes], bytes]:
        return self._rx_srtp.unprotect

    @property
    def unprotect_rtcp(self) -> Callable[[bytes], bytes]:
        return self._rx_srtp.unprotect_rtcp
