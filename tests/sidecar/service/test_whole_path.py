"""The whole path of a call: WhatsApp's phone (the simulator), a sidecar process and a
browser (Chromium, microphone 660 Hz), each real; Odoo alone is played by the test."""

import secrets
from urllib.parse import quote

import pytest_asyncio
from playwright.async_api import async_playwright

from tests.sidecar.rtc.test_chromium import SCRIPT
from tests.sidecar.service.far_end import until
from tests.sidecar.service.test_process import start  # noqa: F401 - a fixture
from tests.simulator.business import EVA, NUMBER_WA_ID
from tests.simulator.business import until as eventually
from tests.simulator.conftest import business  # noqa: F401 - a fixture
from tools.commands import CHROMIUM_FLAGS, chromium
from tools.listening import pitch_of_wav, tone_wav

PHONE, BROWSER, NEAR = 440, 660, 15  # Hz


@pytest_asyncio.fixture
async def browser(tmp_path):
    """A function that opens a page with a microphone."""
    sound = tmp_path / "microphone.wav"
    sound.write_bytes(tone_wav(BROWSER))
    async with async_playwright() as driver:
        chrome = await driver.chromium.launch(
            executable_path=chromium(),
            args=[*CHROMIUM_FLAGS, f"--use-file-for-fake-audio-capture={sound}"],
        )

        async def page():
            page = await chrome.new_page()
            await page.route("**/*", lambda route: route.fulfill(body="<html></html>"))
            await page.goto("http://localhost/")
            await page.evaluate(SCRIPT)
            return page

        yield page
        await chrome.close()


class Line:
    """A customer's call through a sidecar, told by Graph and by the sidecar's API."""

    def __init__(self, business, sidecar):  # noqa: F811
        self.business, self.sidecar = business, sidecar
        self.ref = secrets.token_hex(16)
        self.wacid = ""

    async def do(self, what, body=None, method="POST"):
        path = f"/v1/calls/{self.ref}" + (f"/{what}" if what else "")
        answer = await self.sidecar.ask(method, path, body)
        assert answer.status == 200, answer.content
        return answer.json

    async def rings(self, **options):
        """The phone calls; the sidecar answers to the ring with pre_accept."""
        body = {"from": EVA, "to": NUMBER_WA_ID, "tone": PHONE, "loop": True, **options}
        call = await self.business.control("POST", "calls", body)
        connect = await self.business.wait("connect", len(self.business.webhooks) or 1)
        self.wacid = call["id"]
        opened = await self.sidecar.ask(
            "POST",
            "/v1/calls",
            {
                "call": self.ref,
                "direction": "inbound",
                "offer": connect["session"]["sdp"],
            },
        )
        assert opened.status == 200, opened.content
        self.sdp = opened.json["sdp"]
        await self.graph("pre_accept", sdp=self.sdp)

    async def graph(self, action, **members):
        answer = await self.business.calls(action, call_id=self.wacid, **members)
        assert answer[0] == 200, answer

    async def join(self, page, leg, role="operator", **more):
        body = {"leg": leg, "role": role, "offer": await page.evaluate(OFFER), **more}
        await page.evaluate(TAKE, (await self.do("legs", body))["sdp"])

    async def answered(self):
        """`accept` with the SDP of pre_accept, then sound may leave."""
        await self.graph("accept", sdp=self.sdp)
        await self.do("accepted")

    async def phone(self):
        """What the phone says of its call."""
        path = f"calls/{quote(self.wacid, safe='')}"
        return await self.business.control("GET", path)

    async def phone_hears(self, hertz):
        """Wait until the phone hears a tone; None: anything but the browser."""

        async def heard():
            path = f"calls/{quote(self.wacid, safe='')}/heard.wav"
            tone = pitch_of_wav(await self.business.control("GET", path), 0.5)
            if hertz is None:
                return tone and abs(tone - BROWSER) > NEAR
            return abs(tone - hertz) < NEAR

        await eventually(heard, f"the phone hears {hertz}", 20)


OFFER, TAKE = "softphone.offer()", "sdp => softphone.take(sdp)"


async def hears(page, hertz):
    async def heard():
        return abs(await page.evaluate("softphone.pitch()") - hertz) < NEAR

    await eventually(heard, f"the browser hears {hertz}", 20)


async def test_an_inbound_call_held_lost_taken_up_again_and_ended(
    business,  # noqa: F811
    start,  # noqa: F811
    odoo,
    browser,
):
    line = Line(business, await start())
    await line.rings()
    page = await browser()
    await line.join(page, "leg-1")
    await until(lambda: "leg_connected" in odoo.kinds(line.ref))
    assert (await line.phone())["rtp"]["rtp_in"] == 0  # not a packet before accept
    await line.answered()
    await hears(page, PHONE)
    await line.phone_hears(BROWSER)

    await line.do("hold", {"on": True})
    await line.phone_hears(None)
    await line.do("hold", {"on": False})
    await line.phone_hears(BROWSER)

    await page.close()  # as a reload: no goodbye of the page's own code
    await until(lambda: odoo.told("leg_lost", line.ref), "the lost browser", 15)
    await line.phone_hears(None)
    again = await browser()
    await line.join(again, "leg-2")
    await line.phone_hears(BROWSER)
    await hears(again, PHONE)

    wacid = quote(line.wacid, safe="")
    await business.control("POST", f"calls/{wacid}/dtmf", {"digits": "42"})
    await until(lambda: len(odoo.told("dtmf", line.ref)) == 2)
    assert [d["digit"] for d in odoo.told("dtmf", line.ref)] == ["4", "2"]

    await line.graph("terminate")
    await line.do("", {"reason": "operator"}, "DELETE")
    await until(lambda: odoo.told("ended", line.ref))
    # whichever was here first: WhatsApp's goodbye on the line, or Odoo's word
    assert odoo.told("ended", line.ref)[0]["reason"] in ("peer", "odoo")


async def test_an_outbound_call_is_offered_by_the_sidecar_and_silent_until_pick_up(
    business,  # noqa: F811
    start,  # noqa: F811
    odoo,
    browser,
):
    line = Line(business, await start())
    page = await browser()
    body = {"call": line.ref, "direction": "outbound"}
    body["operator"] = {"leg": "leg-1", "offer": await page.evaluate(OFFER)}
    opened = (await line.sidecar.ask("POST", "/v1/calls", body)).json
    await page.evaluate(TAKE, opened["operator_sdp"])
    await business.control("POST", f"phones/{EVA}", {"answer_after": 1, "tone": PHONE})
    status, answer = await business.calls("connect", to=EVA, sdp=opened["sdp"])
    assert status == 200, answer
    line.wacid = answer["calls"][0]["id"]
    connect = await business.wait("connect")
    await line.do("remote", {"answer": connect["session"]["sdp"]})
    await business.wait("ACCEPTED")
    assert (await line.phone())["rtp"]["rtp_in"] == 0
    await line.do("accepted")
    await line.phone_hears(BROWSER)
    await hears(page, PHONE)


async def test_kill_9_the_next_start_names_no_call_and_takes_the_next_one(
    business,  # noqa: F811
    start,  # noqa: F811
    odoo,
    browser,
):
    server = await start()
    first = Line(business, server)
    await first.rings()
    page = await browser()
    await first.join(page, "leg-1")
    await first.answered()
    await first.phone_hears(BROWSER)
    server.kill()
    server.start()
    await server.ready()
    hellos = len(odoo.hellos)
    await until(lambda: len(odoo.hellos) > hellos)
    assert odoo.hellos[-1]["calls"] == []
    answer = await server.ask("POST", f"/v1/calls/{first.ref}/hold", {"on": True})
    assert (answer.status, answer.code) == (404, "unknown_call")
    await first.graph("terminate")  # as Odoo does then
    business.webhooks.clear()
    second, page = Line(business, server), await browser()
    await second.rings()
    await second.join(page, "leg-1")
    await second.answered()
    await second.phone_hears(BROWSER)
    await hears(page, PHONE)
