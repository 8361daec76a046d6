"""A real Chromium at the other end of a leg: ICE, DTLS, what it sends, digits."""

import asyncio

import pytest_asyncio
from playwright.async_api import async_playwright

from media_sidecar.rtc.leg import Leg
from media_sidecar.rtc.packet import SILENCE, opus_duration
from tests.sidecar.rtc.sounds import pitch, tone
from tools.commands import CHROMIUM_FLAGS, chromium

SCRIPT = """
window.softphone = {
    async offer() {
        this.pc = new RTCPeerConnection({ iceServers: [] });
        const media = await navigator.mediaDevices.getUserMedia({ audio: true });
        this.sender = this.pc.addTrack(media.getAudioTracks()[0], media);
        this.pc.ontrack = ({ track, streams }) => {
            const context = new AudioContext();
            this.streams = streams.length;
            this.meter = context.createAnalyser();
            this.meter.fftSize = 8192;
            const audio = new Audio();
            audio.srcObject = new MediaStream([track]);
            audio.play();
            context.createMediaStreamSource(audio.srcObject).connect(this.meter);
        };
        await this.pc.setLocalDescription();
        while (this.pc.iceGatheringState !== "complete") {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return this.pc.localDescription.sdp;
    },
    async take(sdp) {
        await this.pc.setRemoteDescription({ type: "answer", sdp });
        return this.streams;
    },
    pitch() {
        const bins = new Float32Array(this.meter.frequencyBinCount);
        this.meter.getFloatFrequencyData(bins);
        const top = bins.indexOf(Math.max(...bins));
        return bins[top] > -70 ? (top * this.meter.context.sampleRate) / 8192 : 0;
    },
    async stat(type, name) {
        const found = [...(await this.pc.getStats()).values()];
        return found.find((entry) => entry.type === type)?.[name] ?? null;
    },
};
"""


@pytest_asyncio.fixture
async def page():
    async with async_playwright() as driver:
        chrome = await driver.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_FLAGS
        )
        page = await chrome.new_page()
        await page.route("**/*", lambda route: route.fulfill(body="<html></html>"))
        await page.goto("http://localhost/")
        await page.evaluate(SCRIPT)
        yield page
        await chrome.close()


@pytest_asyncio.fixture
async def leg():
    leg = await Leg.open("browser")
    yield leg
    await leg.close()


async def connect(leg, page):
    """Have `page` offer and `leg` answer; the streams the page was told of."""
    states = asyncio.Queue()
    leg.on_state = states.put_nowait
    answer = await leg.answer(await page.evaluate("softphone.offer()"))
    streams = await page.evaluate("sdp => softphone.take(sdp)", answer)
    assert await asyncio.wait_for(states.get(), 10) == "connected"
    leg.start_sending()
    return streams


async def packets(leg, count):
    """The next `count` packets of the page."""
    queue = asyncio.Queue()
    leg.on_packet = queue.put_nowait
    taken = [await asyncio.wait_for(queue.get(), 10) for _ in range(count)]
    leg.on_packet = None
    return taken


async def test_it_sends_20_ms_of_opus_at_no_more_than_20_kbps(leg, page):
    assert await connect(leg, page) == 1
    heard = (await packets(leg, 200))[50:]

    assert {opus_duration(packet.payload) for packet in heard} == {960}
    assert not any(packet.payload[0] & 4 for packet in heard), "it is mono"
    steps = {b.timestamp - a.timestamp for a, b in zip(heard, heard[1:], strict=False)}
    assert steps == {960}
    bytes_a_second = sum(len(packet.payload) for packet in heard) / len(heard) * 50
    assert bytes_a_second * 8 < 24_000


async def test_it_hears_what_is_sent_and_reports_back(leg, page):
    await connect(leg, page)
    for payload in tone(440, seconds=3):
        leg.send(payload)
        await asyncio.sleep(0.02)
        if abs(await page.evaluate("softphone.pitch()") - 440) < 12:
            break
    else:
        raise AssertionError("440 Hz did not arrive")

    async with asyncio.timeout(10):
        while leg.stats().rtt_ms is None:
            await asyncio.sleep(0.1)
    assert leg.stats().rtt_ms < 1000
    assert await page.evaluate("softphone.stat('inbound-rtp', 'packetsLost')") == 0


async def test_silence_keeps_it_fed_when_nothing_is_said(leg, page):
    await connect(leg, page)
    async with asyncio.timeout(10):
        while leg.stats().packets_out < 50:
            await asyncio.sleep(0.1)
    stat = "softphone.stat('inbound-rtp', 'packetsReceived')"
    assert await page.evaluate(stat) >= 40
    assert leg.stats().bytes_out == leg.stats().packets_out * len(SILENCE)


async def test_a_digit_pressed_in_the_page_is_told_once(leg, page):
    await connect(leg, page)
    digits = asyncio.Queue()
    leg.on_digit = lambda digit, ms: digits.put_nowait((digit, ms))
    await page.evaluate("softphone.sender.dtmf.insertDTMF('7#', 120, 60)")
    told = [await asyncio.wait_for(digits.get(), 10) for _ in range(2)]
    assert [digit for digit, _ in told] == ["7", "#"]
    assert all(100 <= ms <= 200 for _, ms in told)
    assert digits.empty()


async def test_a_page_that_hangs_up_closes_the_leg(leg, page):
    await connect(leg, page)
    states = asyncio.Queue()
    leg.on_state = states.put_nowait
    await page.evaluate("softphone.pc.close()")
    assert await asyncio.wait_for(states.get(), 3) == "closed"


async def test_two_legs_are_bridged_without_decoding(leg, page):
    """What the page says comes out at the other leg's peer, packet by packet."""
    await connect(leg, page)
    near, far = await Leg.open("whatsapp"), await Leg.open("whatsapp")
    connected = asyncio.Event()
    near.on_state = lambda state: connected.set()
    offer = await far.offer()
    await far.set_answer(await near.answer(offer))
    await asyncio.wait_for(connected.wait(), 10)
    near.start_sending()
    said = []

    def pass_on(packet):
        said.append(packet.payload)
        near.forward(packet)

    leg.on_packet = pass_on
    try:
        arrived = [packet.payload for packet in await packets(far, 120)]
    finally:
        await near.close()
        await far.close()
    heard = [payload for payload in arrived if payload != SILENCE]
    assert len(heard) > 100
    assert heard == [payload for payload in said if payload in set(heard)]
    assert pitch(heard) > 0
