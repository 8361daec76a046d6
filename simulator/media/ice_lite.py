"""An ICE-lite endpoint: one UDP socket that answers checks and never sends any.

WhatsApp's media servers are ICE-lite and controlled, with host candidates only
(calling FAQ). aiortc has no lite mode, so this class takes the place of its
``RTCIceTransport`` below an ``RTCDtlsTransport``, which uses ``role``, ``_recv``
and ``_send`` of it and nothing more.
"""

import asyncio
import base64
import secrets
import string

from aioice import stun

# A busy page or a stuck DTLS handshake must not fill the memory: 500 datagrams
# are ten seconds of sound.
QUEUE_LIMIT = 500
EARLY_LIMIT = 16  # addresses of one peer whose checks are kept
UFRAG_CHARS = string.ascii_letters + string.digits


class IceLite(asyncio.DatagramProtocol):
    """One component on one local address.

    ``ufrag`` has 16 characters and ``password`` is base64 that may end in ``==``,
    both as WhatsApp writes them. Checks are left unanswered until `set_remote` was
    called: WhatsApp cannot converge before it has the business's SDP either. The
    newest of each address is kept and answered then at once, because Chromium and
    aioice wait half a second and more before they check again.

    The first pair that passes a check is used from then on, and the nominated one
    as soon as there is one: Chromium starts DTLS with its first answered check but
    nominates with its next one, up to a second later (RFC 8445 section 12.1 allows
    data on any valid pair).
    """

    role = "controlled"

    def __init__(self) -> None:
        self.ufrag = "".join(secrets.choice(UFRAG_CHARS) for _ in range(16))
        self.password = base64.b64encode(secrets.token_bytes(16)).decode()
        self.address: tuple[str, int] = ("", 0)
        self.remote_address: tuple[str, int] | None = None
        self.usable = asyncio.Event()
        self.nominated = False
        self.checks = 0
        self._remote_ufrag: str | None = None
        self._valid: set[tuple[str, int]] = set()
        self._early: dict[tuple[str, int], bytes] = {}
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = False

    @classmethod
    async def open(cls, host: str = "127.0.0.1") -> "IceLite":
        """Bind a free port of `host`; raises OSError when that is impossible."""
        loop = asyncio.get_running_loop()
        _, self = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def set_remote(self, ufrag: str) -> None:
        """Name the peer whose checks are to be answered; answers the early ones."""
        self._remote_ufrag = ufrag
        early, self._early = self._early, {}
        for addr, data in early.items():
            self._on_stun(data, addr)

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if not data:
            return
        if data[0] < 4:
            self._on_stun(data, addr[:2])
        elif addr[:2] in self._valid and self._queue.qsize() < QUEUE_LIMIT:
            if not self.nominated:
                self.remote_address = addr[:2]  # the peer has made its choice
            self._queue.put_nowait(data)

    def _on_stun(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer an authenticated binding request (RFC 8445 section 7.3)."""
        try:
            request = stun.parse_message(data)
        except (ValueError, IndexError):
            return
        if (
            request.message_class != stun.Class.REQUEST
            or request.message_method != stun.Method.BINDING
        ):
            return
        if self._remote_ufrag is None:
            self._early.pop(addr, None)
            if len(self._early) < EARLY_LIMIT:
                self._early[addr] = data
            return
        expected = f"{self.ufrag}:{self._remote_ufrag}"
        if request.attributes.get(
            "USERNAME"
        ) != expected or not request.check_message_integrity(self.password.encode()):
            return
        self.checks += 1
        reply = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id
        )
        if "ICE-CONTROLLED" in request.attributes:
            # A lite agent is always controlled; a full agent that claims the same
            # role has to change it (RFC 8445 section 7.3.1.1). WhatsApp is known
            # to stall here (calling FAQ).
            reply.message_class = stun.Class.ERROR
            reply.attributes["ERROR-CODE"] = (487, "Role Conflict")
        else:
            reply.attributes["XOR-MAPPED-ADDRESS"] = addr
        reply.add_message_integrity(self.password.encode())
        self._transport.sendto(bytes(reply), addr)
        if "ERROR-CODE" in reply.attributes:
            return
        self._valid.add(addr)
        nominates = "USE-CANDIDATE" in request.attributes
        if nominates or self.remote_address is None:
            self.remote_address = addr
            self.nominated = self.nominated or nominates
            self.usable.set()

    async def _recv(self) -> bytes:
        data = None if self._closed else await self._queue.get()
        if data is None:
            raise ConnectionError("the ICE transport is closed")
        return data

    async def _send(self, data: bytes) -> None:
        self.send(data)

    def send(self, data: bytes) -> None:
        """Send to the peer; raises ConnectionError before a check and after the end."""
        if self._closed or self.remote_address is None:
            raise ConnectionError("no valid pair")
        self._transport.sendto(data, self.remote_address)

    def close(self) -> None:
        """Close the socket and wake a reader. May be called twice."""
        if not self._closed:
            self._closed = True
            self._queue.put_nowait(None)
            if self._transport:
                self._transport.close()
