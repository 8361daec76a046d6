"""Whole legs on this machine's loopback: with aiortc at the other end, and another."""

import asyncio
import fractions
import gc
import time
import weakref
from types import SimpleNamespace

import av
import numpy as np
import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media_sidecar.rtc import leg as leg_module
from media_sidecar.rtc import private
from media_sidecar.rtc.leg import IceOptions, Leg, SdpRefused
from media_sidecar.rtc.packet import SILENCE
from tests.sidecar.rtc.sounds import pitch, pitch_of, tone

PATIENCE = 10


class Encoded(MediaStreamTrack):
    """Opus packets of a tone, 20 ms apart."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self._count = 0
        self._packets = tone(660)

    async def recv(self):
        await asyncio.sleep(0.02)
        packet = av.Packet(self._packets[self._count % len(self._packets)])
        packet.pts = self._count * 960
        packet.time_base = fractions.Fraction(1, 48000)
        self._count += 1
        return packet


class Aiortc:
    """A stock peer connection that says 660 Hz and keeps what it hears."""

    def __init__(self):
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTrack(Encoded())
        self.connection.on("track", self._on_track)
        self.heard = b""
        self._task = None

    def _on_track(self, track):
        async def read():
            try:
                while True:
                    frame = await track.recv()
                    samples = frame.to_ndarray().reshape(-1, 2)[:, 0]
                    self.heard += samples.astype(np.int16).tobytes()
            except MediaStreamError:
                return

        self._task = asyncio.create_task(read())

    async def offer(self):
        connection = self.connection
        await connection.setLocalDescription(await connection.createOffer())
        return connection.localDescription.sdp

    async def answer(self, sdp):
        connection = self.connection
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    async def take(self, sdp):
        answer = RTCSessionDescription(sdp, "answer")
        await self.connection.setRemoteDescription(answer)


@pytest_asyncio.fixture
async def stock():
    stock = Aiortc()
    yield stock
    await stock.connection.close()


@pytest_asyncio.fixture
async def opened():
    """Opens legs that are closed after the test."""
    legs = []

    async def open_leg(kind="whatsapp", ice=None):
        leg = await Leg.open(kind, ice or IceOptions(bind=("127.0.0.1",)))
        legs.append(leg)
        return leg

    yield open_leg
    for leg in legs:
        await leg.close()


async def state(leg, wanted):
    """Wait until `leg` is `wanted`."""
    if leg.state == wanted:
        return
    reached = asyncio.Event()
    leg.on_state = lambda now: now == wanted and reached.set()
    await asyncio.wait_for(reached.wait(), PATIENCE)


async def pair(opened):
    """Two legs that are connected with each other."""
    one, other = await opened(), await opened()
    await one.set_answer(await other.answer(await one.offer()))
    await asyncio.gather(state(one, "connected"), state(other, "connected"))
    return one, other


def listen(leg):
    queue = asyncio.Queue()
    leg.on_packet = queue.put_nowait
    return queue


async def packets(queue, count):
    return [await asyncio.wait_for(queue.get(), PATIENCE) for _ in range(count)]


@pytest.mark.parametrize("who_offers", ["aiortc", "leg"])
async def test_aiortc_is_heard_and_hears(stock, opened, who_offers):
    leg = await opened(ice=IceOptions())
    if who_offers == "aiortc":
        await stock.take(await leg.answer(await stock.offer()))
    else:
        await leg.set_answer(await stock.answer(await leg.offer()))
    heard = listen(leg)
    await state(leg, "connected")
    leg.start_sending()
    for payload in tone(440, seconds=1.5):
        leg.send(payload)
        await asyncio.sleep(0.02)
    spoken = [packet.payload for packet in await packets(heard, 50)]
    assert pitch(spoken) == pytest.approx(660, abs=5)
    said = stock.heard[-48000:]
    assert pitch_of(said, 48000) == pytest.approx(440, abs=5)


async def test_nothing_leaves_before_it_is_started(opened):
    """WhatsApp's app takes the first packet for the answer."""
    one, other = await pair(opened)
    heard = listen(other)
    assert not one.send(SILENCE)
    assert not one.forward(SimpleNamespace(payload=b"x"))
    await asyncio.sleep(0.1)
    assert heard.empty()
    assert other.stats().packets_in == 0
    one.start_sending()
    assert one.send(b"\x08first")
    assert (await packets(heard, 1))[0].payload == b"\x08first"


async def test_once_started_silence_is_sent_until_something_is_said(opened):
    one, other = await pair(opened)
    heard = listen(other)
    one.start_sending()
    silent = await packets(heard, 10)
    assert {packet.payload for packet in silent} == {SILENCE}
    steps = zip(silent, silent[1:], strict=False)
    assert {b.timestamp - a.timestamp for a, b in steps} == {960}


async def test_it_may_be_started_before_it_is_connected(opened):
    one, other = await opened(), await opened()
    heard = listen(other)
    one.start_sending()
    await one.set_answer(await other.answer(await one.offer()))
    assert (await packets(heard, 1))[0].payload == SILENCE


async def test_digits_arrive_once_each(opened):
    one, other = await pair(opened)
    digits = asyncio.Queue()
    other.on_digit = lambda digit, ms: digits.put_nowait((digit, ms))
    one.start_sending()
    one.send_digits("1#")
    assert await asyncio.wait_for(digits.get(), PATIENCE) == ("1", 160)
    assert await asyncio.wait_for(digits.get(), PATIENCE) == ("#", 160)
    with pytest.raises(ValueError):
        one.send_digits("1x")


async def test_digits_of_whatsapp_need_no_agreement(opened):
    """Meta assumes 126 at 8000 Hz on calls we place (calling documentation, DTMF)."""
    one, other = await opened(), await opened()
    answer = await other.answer(await one.offer())
    bare = [line for line in answer.splitlines(True) if ":126" not in line]
    await one.set_answer("".join(bare).replace("SAVPF 111 126", "SAVPF 111"))
    await asyncio.gather(state(one, "connected"), state(other, "connected"))
    digits = asyncio.Queue()
    one.on_digit = lambda digit, ms: digits.put_nowait(digit)
    other.start_sending()
    other.send_digits("4")
    assert await asyncio.wait_for(digits.get(), PATIENCE) == "4"


async def test_a_browser_that_agreed_to_no_digits_gets_none(opened):
    one, other = await opened("browser"), await opened("browser")
    answer = await other.answer(await one.offer())
    bare = [line for line in answer.splitlines(True) if ":126" not in line]
    await one.set_answer("".join(bare).replace("SAVPF 111 126", "SAVPF 111"))
    with pytest.raises(ValueError):
        one.send_digits("4")


async def test_who_hangs_up_is_seen_at_once(opened):
    one, other = await pair(opened)
    await one.close()
    await asyncio.wait_for(state(other, "closed"), 1)
    assert not other.send(SILENCE)


async def test_closing_twice_and_before_anything_is_no_error(opened):
    leg = await opened()
    told = []
    leg.on_state = told.append
    await leg.close()
    await leg.close()
    assert told == ["closed"]


async def test_a_closed_leg_leaves_nothing_in_memory(opened):
    ends = []
    for _ in range(5):
        one, other = await Leg.open("browser"), await Leg.open("browser")
        await one.set_answer(await other.answer(await one.offer()))
        await asyncio.gather(state(one, "connected"), state(other, "connected"))
        one.start_sending()
        await one.close()
        await other.close()
        ends += [weakref.ref(one), weakref.ref(other)]
    del one, other
    await asyncio.sleep(0)
    gc.collect()
    assert [end() for end in ends if end() is not None] == []
    assert len(asyncio.all_tasks()) == 1


async def test_a_peer_that_vanishes_is_told_and_may_come_back(opened, monkeypatch):
    monkeypatch.setitem(leg_module.GONE, "whatsapp", 0.2)
    one, other = await pair(opened)
    transmit = one._agent.transmit
    monkeypatch.setattr(one._agent, "transmit", lambda data: None)
    await state(other, "disconnected")
    monkeypatch.setattr(one._agent, "transmit", transmit)
    one.start_sending()
    await state(other, "connected")


async def test_nobody_there_is_a_failure(opened, monkeypatch):
    monkeypatch.setattr(leg_module, "CONNECTING", 0.2)
    one, other = await opened(), await opened()
    answer = await other.answer(await one.offer())
    await other.close()
    await one.set_answer(answer)
    await state(one, "failed")


async def test_a_peer_that_does_not_come_back_is_a_failure(opened, monkeypatch):
    """Consent to send expires (RFC 7675); aioice frees the sockets by itself."""
    monkeypatch.setattr(private.aioice.ice, "CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr(private.aioice.ice, "CONSENT_FAILURES", 1)
    one, other = await pair(opened)
    for protocol in other._agent._protocols:
        protocol.transport.abort()
    await state(one, "failed")
    one.start_sending()
    assert not one.send(SILENCE)


async def test_a_peer_with_another_certificate_is_refused(opened):
    one, other = await opened(), await opened()
    answer = await other.answer(await one.offer())
    forged = answer.replace(one._dtls.fingerprint, "AB:" * 31 + "CD")
    assert forged != answer
    await one.set_answer(forged)
    await state(one, "failed")


async def test_the_same_answer_again_changes_nothing_and_another_is_refused(opened):
    one, other, third = await opened(), await opened(), await opened()
    offer = await one.offer()
    answer = await other.answer(offer)
    await one.set_answer(answer)
    await one.set_answer(answer)
    with pytest.raises(SdpRefused):
        await one.set_answer(await third.answer(offer))
    await state(one, "connected")


async def test_a_leg_answers_one_offer(opened):
    one, other, third = await opened(), await opened(), await opened()
    answer = await other.answer(await one.offer())
    with pytest.raises(SdpRefused):
        await other.answer(await third.offer())
    await one.set_answer(answer)
    await state(one, "connected")


async def test_a_refused_offer_leaves_a_leg_that_takes_a_good_one(opened):
    one, other = await opened(), await opened()
    offer = await one.offer()
    with pytest.raises(SdpRefused):
        await other.answer(offer.replace("opus/48000/2", "opus/8000"))
    await one.set_answer(await other.answer(offer))
    await state(one, "connected")


async def test_junk_from_the_network_is_counted_and_nothing_else(opened):
    one, other = await pair(opened)
    junk = [
        b"",
        b"\x80",
        b"\x80" * 12,
        b"\x80\x6f" + bytes(1400),
        b"\x80\xc8" + bytes(60),
        b"\x80" * 1600,
        b"\x16\xfe\xfd" + bytes(40),
        b"\x00\x01" + bytes(18),
        b"\xff" * 100,
    ]
    port = other._agent.local_candidates[0].port
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
    )
    for data in junk * 20:
        transport.sendto(data)
    heard = listen(other)
    one.start_sending()
    await packets(heard, 5)
    transport.close()
    assert other.state == "connected"
    assert other.stats().refused > 0
    assert other.stats().packets_in >= 5


async def test_a_replayed_packet_is_heard_once(opened):
    one, other = await pair(opened)
    heard, sent = listen(other), []
    transmit = one._agent.transmit
    one._agent.transmit = lambda data: (sent.append(data), transmit(data))
    one.start_sending()
    assert one.send(b"\x08once")
    for _ in range(20):
        transmit(sent[0])
    one.send(b"\x08twice")
    payloads = []
    while b"\x08twice" not in payloads:
        payloads += [packet.payload for packet in await packets(heard, 1)]
    assert payloads.count(b"\x08once") == 1


async def test_a_lost_flight_of_the_handshake_costs_a_tenth_of_a_second(opened):
    """OpenSSL alone would wait for a second, and the first words would be gone."""
    one, other = await opened(), await opened()
    transmit, dropped = one._agent.transmit, []

    def lossy(data):
        if 19 < data[0] < 64 and len(dropped) < 1:
            dropped.append(data)
        else:
            transmit(data)

    one._wire._transmit = lossy
    started = time.monotonic()
    await one.set_answer(await other.answer(await one.offer()))
    await state(one, "connected")
    assert dropped
    assert time.monotonic() - started < 0.8


async def test_the_public_address_is_told_in_place_of_the_hosts(opened):
    options = IceOptions(public=("203.0.113.9",))
    leg = await opened(ice=options)
    offer = await leg.offer()
    candidates = [line for line in offer.splitlines() if "a=candidate" in line]
    assert len(candidates) == 1
    port = leg._agent.local_candidates[0].port
    assert f" 203.0.113.9 {port} typ host" in candidates[0]
    assert f"m=audio {port} " in offer
    assert "c=IN IP4 203.0.113.9\r\n" in offer


async def test_behind_a_public_address_it_connects(opened):
    one = await opened(ice=IceOptions(public=("127.0.0.1",)))
    other = await opened(ice=IceOptions(public=("127.0.0.1",)))
    assert one._agent.local_candidates[0].host == "0.0.0.0"
    await one.set_answer(await other.answer(await one.offer()))
    await asyncio.gather(state(one, "connected"), state(other, "connected"))


async def test_ports_are_taken_from_the_range_and_an_empty_one_is_an_error(opened):
    probe, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    port = probe.get_extra_info("sockname")[1]
    options = IceOptions(bind=("127.0.0.1",), ports=(port, port))
    with pytest.raises(OSError):
        await opened(ice=options)
    probe.close()
    await asyncio.sleep(0)
    leg = await opened(ice=options)
    assert leg._agent.local_candidates[0].port == port


@pytest.mark.parametrize("kind", ["stun", "turn"])
async def test_a_server_that_does_not_answer_costs_half_a_second(opened, kind):
    """The usual limit is five, in which the customer has hung up."""
    silent, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    server = silent.get_extra_info("sockname")[:2]
    if kind == "turn":
        server += ("user", "password")
    options = IceOptions(bind=("127.0.0.1",), **{kind: server})
    started = time.monotonic()
    leg = await opened(ice=options)
    assert 0.4 < time.monotonic() - started < 1.5
    offer = await leg.offer()
    assert "typ host" in offer
    assert "typ relay" not in offer
    silent.close()


async def test_no_stun_server_is_asked_unless_wanted(opened):
    started = time.monotonic()
    await opened(ice=IceOptions())
    assert time.monotonic() - started < 0.2


async def test_what_is_used_of_aiortc_is_there():
    assert private.self_check() == []


async def test_what_a_new_version_lacks_is_named(monkeypatch):
    monkeypatch.delattr(private.RTCDtlsTransport, "_setup_srtp")
    [sentence] = private.self_check()
    assert sentence.startswith("RTCDtlsTransport._setup_srtp is missing in the")
    assert sentence.endswith("install the versions of requirements/media.txt")
