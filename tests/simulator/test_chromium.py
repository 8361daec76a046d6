"""A real Chromium as the business's browser: ICE-lite, DTLS roles, sound, digits."""

from urllib.parse import quote

import pytest_asyncio
from playwright.async_api import async_playwright

from tests.simulator.business import EVA, until
from tests.simulator.test_inbound_call import control, ring, show
from tools.commands import CHROMIUM_FLAGS, chromium

# What the softphone does, as short as it can be said: Opus and telephone events of
# WhatsApp's offer, all candidates in the SDP, one sha-256 fingerprint.
SCRIPT = """
window.business = {
    async open() {
        this.pc = new RTCPeerConnection({ iceServers: [] });
        const media = await navigator.mediaDevices.getUserMedia({ audio: true });
        this.sender = this.pc.addTrack(media.getAudioTracks()[0], media);
        this.pc.ontrack = ({ track }) => {
            const context = new AudioContext();
            this.meter = context.createAnalyser();
            this.meter.fftSize = 8192;
            const audio = new Audio();
            audio.srcObject = new MediaStream([track]);
            audio.play();
            context.createMediaStreamSource(audio.srcObject).connect(this.meter);
        };
    },
    async complete() {
        await this.pc.setLocalDescription();
        while (this.pc.iceGatheringState !== "complete") {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return this.pc.localDescription.sdp;
    },
    async answer(sdp) {
        await this.open();
        await this.pc.setRemoteDescription({ type: "offer", sdp });
        return this.complete();
    },
    async offer() {
        await this.open();
        return this.complete();
    },
    take(sdp) {
        return this.pc.setRemoteDescription({ type: "answer", sdp });
    },
    pitch() {
        if (!this.meter) {
            return 0;
        }
        const bins = new Float32Array(this.meter.frequencyBinCount);
        this.meter.getFloatFrequencyData(bins);
        const top = bins.indexOf(Math.max(...bins));
        return bins[top] > -70 ? (top * this.meter.context.sampleRate) / 8192 : 0;
    },
    state() {
        return this.pc.connectionState;
    },
    press(digits) {
        this.sender.dtmf.insertDTMF(digits, 120, 60);
    },
    async remoteReport() {
        const found = [...(await this.pc.getStats()).values()];
        return found.find((entry) => entry.type === "remote-inbound-rtp") || null;
    },
    hold(held) {
        const parameters = this.sender.getParameters();
        parameters.encodings[0].active = !held;
        return this.sender.setParameters(parameters);
    },
};
"""


@pytest_asyncio.fixture
async def browser(business):
    async with async_playwright() as driver:
        chrome = await driver.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_FLAGS
        )
        page = await chrome.new_page()
        await page.goto(f"{business.base}/control/numbers")
        await page.evaluate(SCRIPT)
        yield page
        await chrome.close()


async def hears(page, hertz):
    async def heard():
        return abs(await page.evaluate("business.pitch()") - hertz) < 12

    await until(heard, f"Chromium hears {hertz} Hz")


async def phone_hears_something(business, call):
    async def heard():
        data = await business.control("GET", f"calls/{quote(call['id'])}/heard")
        return data.get("audible_seconds", 0) >= 0.1

    # Chromium's fake microphone beeps once a second
    await until(heard, "the phone hears Chromium")


async def test_inbound_answered_in_chromium(business, browser):
    call, connect = await ring(business)
    sdp = await browser.evaluate("(s) => business.answer(s)", connect["session"]["sdp"])
    assert "a=setup:active" in sdp and "telephone-event/8000" in sdp
    status, body = await business.calls("accept", call_id=call["id"], sdp=sdp)
    assert status == 200, body
    await hears(browser, 440)
    await phone_hears_something(business, call)
    await browser.evaluate("business.press('5#')")

    async def digits():
        return (await show(business, call))["dtmf"] == "5#"

    await until(digits, "the phone gets 5#")
    # the connection quality of the on-call panel comes from our receiver reports
    report = await until(
        lambda: browser.evaluate("business.remoteReport()"), "a receiver report"
    )
    assert report["packetsLost"] == 0
    await control(business, call, "hangup")


async def test_pre_accept_connects_without_answering(business, browser):
    call, connect = await ring(business)
    sdp = await browser.evaluate(
        """async (sdp) => {
            const own = await business.answer(sdp);
            await business.hold(true);
            return own;
        }""",
        connect["session"]["sdp"],
    )
    status, body = await business.calls("pre_accept", call_id=call["id"], sdp=sdp)
    assert status == 200, body
    state = await show(business, call, wait="media_connected")
    assert state["state"] == "pre_accepted" and state["rtp"]["rtp_out"] == 0
    status, _ = await business.calls("accept", call_id=call["id"], sdp=sdp)
    assert status == 200
    await browser.evaluate("business.hold(false)")
    await hears(browser, 440)
    await phone_hears_something(business, call)


async def test_outbound_from_chromium(business, browser):
    await business.control("POST", f"phones/{EVA}", {"answer_after": 0.2, "tone": 520})
    sdp = await browser.evaluate("business.offer()")
    status, body = await business.calls("connect", to=EVA, sdp=sdp)
    assert status == 200, body
    connect = await business.wait("connect")
    await browser.evaluate("(s) => business.take(s)", connect["session"]["sdp"])
    await business.wait("ACCEPTED")
    await hears(browser, 520)
    await phone_hears_something(business, body["calls"][0])
