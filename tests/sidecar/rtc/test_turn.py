"""Behind a firewall that lets nothing in, media go through a TURN server (RFC 8656)."""

import asyncio
import hashlib
import re
import struct

import pytest_asyncio
from aioice import stun

from media_sidecar.rtc.leg import IceOptions, Leg

NAME, PASSWORD, REALM = "sidecar", "secret", "bench"
KEY = hashlib.md5(f"{NAME}:{REALM}:{PASSWORD}".encode()).digest()


class Relayed(asyncio.DatagramProtocol):
    """The allocation: what peers send to it goes to the client."""

    def __init__(self, server):
        self.server = server

    def datagram_received(self, data, addr):
        channel = self.server.channels.get(addr)
        if channel is not None:
            self.server.passed += 1
            head = struct.pack("!HH", channel, len(data))
            self.server.transport.sendto(head + data, self.server.client)


class Server(asyncio.DatagramProtocol):
    """One client, one allocation, as much of TURN as it takes."""

    def __init__(self):
        self.client = self.relay = self.transport = None
        self.channels, self.passed, self.names = {}, 0, set()

    async def start(self):
        loop = asyncio.get_running_loop()
        where = {"local_addr": ("127.0.0.1", 0)}
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, **where)
        self.relay, _ = await loop.create_datagram_endpoint(
            lambda: Relayed(self), **where
        )
        return self

    def datagram_received(self, data, addr):
        if data[0] & 0xC0 == 0x40:
            channel, size = struct.unpack("!HH", data[:4])
            peers = [
                peer for peer, number in self.channels.items() if number == channel
            ]
            self.passed += 1
            self.relay.sendto(data[4 : 4 + size], peers[0])
            return
        request = stun.parse_message(data)
        self.client = addr
        answer = stun.Message(request.message_method, stun.Class.RESPONSE)
        answer.transaction_id = request.transaction_id
        if "USERNAME" not in request.attributes:
            answer.message_class = stun.Class.ERROR
            answer.attributes["ERROR-CODE"] = (401, "Unauthorized")
            answer.attributes["REALM"] = REALM
            answer.attributes["NONCE"] = b"nonce"
        else:
            self.names.add(request.attributes["USERNAME"])
            self.grant(request, answer, addr)
            answer.add_message_integrity(KEY)
        self.transport.sendto(bytes(answer), addr)

    def grant(self, request, answer, addr):
        if request.message_method == stun.Method.ALLOCATE:
            address = self.relay.get_extra_info("sockname")
            answer.attributes["LIFETIME"] = 600
            answer.attributes["XOR-MAPPED-ADDRESS"] = addr
            answer.attributes["XOR-RELAYED-ADDRESS"] = address
        elif request.message_method == stun.Method.CHANNEL_BIND:
            peer = request.attributes["XOR-PEER-ADDRESS"]
            self.channels[peer] = request.attributes["CHANNEL-NUMBER"]
        elif request.message_method == stun.Method.REFRESH:
            answer.attributes["LIFETIME"] = request.attributes["LIFETIME"]

    def stop(self):
        self.transport.close()
        self.relay.close()


class Wall:
    """A socket that nothing leaves."""

    def __init__(self, transport):
        self.close = transport.close

    def sendto(self, data, addr):
        pass


def wall_in(leg):
    """Let the host's own socket reach nobody."""
    host = leg._agent._protocols[0]
    host.transport = Wall(host.transport)
    host.datagram_received = lambda data, addr: None


@pytest_asyncio.fixture
async def server():
    server = await Server().start()
    yield server
    server.stop()


async def test_both_directions_go_through_the_relay(server):
    address = server.transport.get_extra_info("sockname")
    hidden = await Leg.open(
        "whatsapp",
        IceOptions(bind=("127.0.0.1",), turn=(*address, NAME, PASSWORD)),
    )
    other = await Leg.open("whatsapp", IceOptions(bind=("127.0.0.1",)))
    offer = await hidden.offer()
    port = server.relay.get_extra_info("sockname")[1]
    assert f" 127.0.0.1 {port} typ relay" in offer

    wall_in(hidden)
    answer = await other.answer(re.sub(r"a=candidate:.*typ host\r\n", "", offer))
    heard = asyncio.Queue(), asyncio.Queue()
    hidden.on_packet, other.on_packet = (queue.put_nowait for queue in heard)
    await hidden.set_answer(answer)
    hidden.start_sending()
    other.start_sending()
    try:
        for queue in heard:
            for _ in range(5):
                await asyncio.wait_for(queue.get(), 10)
        assert server.passed >= 10
        assert server.names == {NAME}
    finally:
        await hidden.close()
        await other.close()
