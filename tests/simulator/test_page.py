"""The phone page as a person uses it: Chromium here, an aiortc peer as the business."""

import asyncio
import json

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import async_playwright

from simulator import model
from simulator.app import make_app
from simulator.world import World
from tests.simulator.business import (
    APP,
    EVA,
    JONAS,
    NUMBER,
    WABA,
    Business,
    Peer,
    until,
)
from tests.simulator.conftest import DEMO, QUICK
from tools.browser import REFUSE_MICROPHONE
from tools.commands import CHROMIUM_FLAGS, chromium
from tools.listening import PITCH_IN_PAGE, REMEMBER_CONNECTIONS, is_pitch, tone_wav

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = 15  # seconds; as long as the machine is busy with other things
MICROPHONE = 523  # Hz of the tone that Chromium's microphone hears
BUSINESS = 660
RECORDING = 880
BROKEN_AUDIO = """
window.AudioContext = class { constructor() { throw new Error("no sound card"); } };
"""


NAMELESS = """
[...document.querySelectorAll("button, a, input")].filter((node) =>
    node.checkVisibility() &&
    !node.ariaLabel && !node.textContent.trim() && !node.labels?.length
).length
"""


class Person:
    """A page of the phone; `errors` is what its console complained about."""

    def __init__(self, page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)

    def _on_console(self, message) -> None:
        # a refusal is told to the person; Chromium logs its HTTP status as well
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    async def sees(self, text: str) -> None:
        await self.page.get_by_text(text).first.wait_for()

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def choose_microphone(self) -> None:
        await self.page.get_by_role("button", name="Your voice").click()
        await self.page.get_by_label("Use the microphone").check()
        await self.press("Done")

    async def choose_recording(self, path) -> None:
        await self.page.get_by_role("button", name="Your voice").click()
        await self.page.get_by_label("or a sound file").set_input_files(path)
        await self.sees(f"Plays {path.name}")
        await self.press("Done")

    async def hears(self, hertz: float) -> None:
        async def found():
            return is_pitch(await self.page.evaluate(PITCH_IN_PAGE, 0.3), hertz)

        await until(found, f"{hertz} Hz in the page")


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for hertz in (MICROPHONE, RECORDING):
        (folder / f"{hertz}.wav").write_bytes(tone_wav(hertz))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(sounds):
    """One Chromium for the file: starting it costs a second."""
    capture = f"--use-file-for-fake-audio-capture={sounds / f'{MICROPHONE}.wav'}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=[*CHROMIUM_FLAGS, capture]
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site():
    """One simulator and one business for the file, in Chromium's event loop."""
    world = World(model.load(DEMO, "http://127.0.0.1:1"))
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    port = server._server.sockets[0].getsockname()[1]
    # a page gets its microphone on localhost only
    business = Business(f"http://localhost:{port}")
    business.url = await business.start()
    yield business
    await business.close()
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="module")
async def business(site):
    """The site as new: nothing happened yet."""
    await site.control("POST", "reset", {"everything": True})
    await site.control("POST", f"apps/{APP}", {"webhook": site.url})
    await site.control("POST", "settings", QUICK)
    site.webhooks.clear()
    return site


@pytest_asyncio.fixture(loop_scope="module")
async def peer():
    """The business's WebRTC peer."""
    peer = Peer(BUSINESS)
    yield peer
    await peer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def person(business, browser):
    """`await person(path, microphone=True, script="", **options)`: a phone page."""
    people = []

    async def make(path=f"#/{EVA}", microphone=True, script="", **options):
        context = await browser.new_context(**options)
        context.set_default_timeout(PATIENCE * 1000)
        if microphone:
            await context.grant_permissions(["microphone"])
        await context.add_init_script(
            REMEMBER_CONNECTIONS + script + ("" if microphone else REFUSE_MICROPHONE)
        )
        made = Person(await context.new_page())
        people.append(made)
        await made.page.goto(f"{business.base}/{path}")
        await made.page.locator("h1").first.wait_for()
        return made

    yield make
    errors = [error for made in people for error in made.errors]
    for made in people:
        await made.page.context.close()
    assert errors == []


async def take(business, peer) -> str:
    """The business accepts the call that rings; its id."""
    call = await business.wait("connect")
    sdp = await peer.answer(call["session"]["sdp"])
    for action in ("pre_accept", "accept"):
        status, answer = await business.calls(action, call_id=call["id"], sdp=sdp)
        assert status == 200, answer
    return call["id"]


async def call_customer(business, peer) -> str:
    status, answer = await business.calls("connect", to=EVA, sdp=await peer.offer())
    assert status == 200, answer
    connect = await business.wait("connect")
    await peer.take_answer(connect["session"]["sdp"])
    return connect["id"]


async def send(business, **message):
    body = {"messaging_product": "whatsapp", "to": EVA, **message}
    status, answer = await business.graph("POST", f"{NUMBER}/messages", body)
    assert status == 200, answer
    return answer["messages"][0]["id"]


async def ask(business) -> str:
    """The business asks for permission to call."""
    await business.control(
        "POST",
        "permissions",
        {"wa_id": EVA, "number": NUMBER, "status": "no_permission", "window": True},
    )
    kind = "call_permission_request"
    return await send(
        business,
        type="interactive",
        interactive={"type": kind, "action": {"name": kind}, "body": {"text": "Yes?"}},
    )


async def test_a_person_calls_by_microphone_and_both_sides_hear(business, peer, person):
    eva = await person()
    await eva.choose_microphone()
    await eva.press("Call YourCompany")
    await eva.sees("Ringing…")
    await take(business, peer)
    await eva.sees("In call")
    await until(lambda: is_pitch(peer.pitch, MICROPHONE), "the microphone")
    await eva.hears(BUSINESS)
    await eva.press("Hang up")
    ended = await business.wait("terminate")
    assert ended["status"] == "COMPLETED" and int(ended["duration"]) >= 0
    await eva.sees("Call ended")


async def test_a_recording_is_the_default_and_is_heard(business, peer, person, sounds):
    eva = await person()
    assert await eva.page.get_by_role("button", name="Your voice: Recording").count()
    await eva.choose_recording(sounds / f"{RECORDING}.wav")
    await eva.press("Call YourCompany")
    await take(business, peer)
    await until(lambda: is_pitch(peer.pitch, RECORDING), "the recording")
    await eva.hears(BUSINESS)


async def test_a_refused_microphone_falls_back_to_the_recording(
    business, peer, person, sounds
):
    eva = await person(microphone=False)
    await eva.choose_recording(sounds / f"{RECORDING}.wav")
    await eva.choose_microphone()
    await eva.press("Call YourCompany")
    await eva.sees("Microphone blocked: speaking a recording instead.")
    await eva.sees("No microphone. You speak a")
    await take(business, peer)
    await until(lambda: is_pitch(peer.pitch, RECORDING), "the recording")


async def test_the_voice_can_be_changed_in_mid_call(business, peer, person, sounds):
    eva = await person()
    await eva.choose_recording(sounds / f"{RECORDING}.wav")
    await eva.press("Call YourCompany")
    await take(business, peer)
    await until(lambda: is_pitch(peer.pitch, RECORDING), "the recording")
    await eva.choose_microphone()
    await until(lambda: is_pitch(peer.pitch, MICROPHONE), "the microphone")


async def test_the_business_calls_and_the_person_answers_by_keyboard(
    business, peer, person
):
    eva = await person()
    await call_customer(business, peer)
    await eva.sees("Incoming voice call…")
    answer = eva.page.get_by_role("button", name="Answer YourCompany")
    await until(
        lambda: answer.evaluate("(node) => node === document.activeElement"), "focus"
    )
    await eva.page.keyboard.press("Enter")
    await business.wait("ACCEPTED")
    await eva.hears(BUSINESS)


async def test_declining_tells_the_business(business, peer, person):
    eva = await person()
    await call_customer(business, peer)
    await eva.press("Decline")
    await business.wait("REJECTED")
    await business.wait("terminate")
    await eva.sees("Declined")


async def test_the_ring_never_throws(business, peer, person):
    eva = await person(script=BROKEN_AUDIO)
    await call_customer(business, peer)
    await eva.sees("Incoming voice call…")
    await eva.press("Decline")
    await business.wait("REJECTED")


async def test_mute_keypad_and_a_reload(business, peer, person):
    eva = await person()
    await eva.press("Call YourCompany")
    call_id = await take(business, peer)
    await eva.sees("In call")
    await eva.press("Mute")
    await eva.sees("Muted")
    assert (await business.control("GET", f"calls/{call_id}"))["muted"]
    await eva.press("Keypad")
    async with eva.page.expect_response(lambda r: r.url.endswith("/dtmf")) as pressed:
        await eva.page.keyboard.press("7")
    response = await pressed.value
    assert response.ok and response.request.post_data_json == {"digits": "7"}
    await eva.page.reload()
    await eva.sees("Muted")
    await eva.hears(BUSINESS)


async def test_an_answer_that_events_overtook_changes_nothing(business, peer, person):
    eva = await person()
    taken = asyncio.Event()

    async def late(route):
        response = await route.fetch()
        await taken.wait()
        await route.fulfill(response=response)

    await eva.page.route("**/control/calls", late)
    await eva.press("Call YourCompany")
    await take(business, peer)
    await eva.sees("In call")
    async with eva.page.expect_response("**/control/calls"):
        taken.set()
    await eva.press("Mute")
    await eva.sees("Muted")


async def test_a_call_can_be_put_behind_the_chats(business, peer, person):
    eva = await person()
    await eva.press("Call YourCompany")
    await take(business, peer)
    await eva.sees("In call")
    await eva.press("Back to the chats, stay in the call")
    await eva.page.get_by_role("button", name="Return to the call").click()
    await eva.sees("In call")


@pytest.mark.parametrize(
    ("button", "response", "permanent", "outcome"),
    [
        ("Allow for 7 days", "accept", False, "You allowed calls for 7 days"),
        ("Always allow", "accept", True, "You always allow calls"),
        ("Don’t allow", "reject", None, "You declined"),
    ],
)
async def test_a_permission_request_is_answered(
    business, person, button, response, permanent, outcome
):
    eva = await person(f"#/{EVA}/{NUMBER}")
    wamid = await ask(business)
    await eva.press(button)
    message = await business.wait("interactive")
    reply = message["interactive"]["call_permission_reply"]
    assert (reply["response"], reply.get("is_permanent")) == (response, permanent)
    assert message["context"]["id"] == wamid
    await eva.sees(outcome)


async def test_a_call_button_calls_with_its_payload(business, person):
    eva = await person(f"#/{EVA}/{NUMBER}")
    await eva.page.get_by_label("Message", exact=True).fill("Hello <b>you</b>")
    await eva.page.keyboard.press("Enter")
    written = await business.wait("text")
    assert written["text"] == {"body": "Hello <b>you</b>"}
    await eva.sees("Hello <b>you</b>")
    parameters = {"display_text": "Call support", "payload": "order 7"}
    await send(
        business,
        type="interactive",
        interactive={
            "type": "voice_call",
            "body": {"text": "Questions?"},
            "action": {"name": "voice_call", "parameters": parameters},
        },
    )
    await eva.press("Call support")
    assert (await business.wait("connect"))["cta_payload"] == "order 7"


async def test_a_template_is_shown_whole_and_what_the_customer_sent_too(
    business, person
):
    await business.control("POST", "settings", {"template_review": 0})
    button = {"type": "voice_call", "text": "Call us now", "ttl_minutes": 1440}
    link = {"type": "URL", "text": "Read more", "url": "https://example.com"}
    template = {
        "name": "visit",
        "language": "en_US",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your inverter"},
            {"type": "BODY", "text": "Our technician is free tomorrow."},
            {"type": "FOOTER", "text": "YourCompany, Graz"},
            {"type": "BUTTONS", "buttons": [button, link]},
        ],
    }
    await business.graph("POST", f"{WABA}/message_templates", template)
    await until(lambda: business.webhooks, "the review")
    named = {"name": "visit", "language": {"code": "en_US"}}
    await send(business, type="template", template=named)
    eva = await person(f"#/{EVA}/{NUMBER}")
    for text in ("Your inverter", "free tomorrow", "YourCompany, Graz", "Read more"):
        await eva.sees(text)
    path = f"phones/{EVA}/messages"
    await business.control("POST", path, {"audio": {"tone": 440}})
    await eva.sees("Voice message")
    await business.control("POST", path, {"type": "location", "location": {}})
    await eva.sees("Location")
    await eva.press("Call us now")
    assert (await business.wait("connect"))["direction"] == "USER_INITIATED"


async def test_a_call_that_whatsapp_does_not_place_says_why(business, person):
    eva = await person()
    await business.control("POST", f"numbers/{NUMBER}", {"blocked": [EVA]})
    await eva.press("Call YourCompany")
    await eva.sees("This business has blocked the customer")


async def test_two_tabs_are_two_customers(business, peer, person):
    eva, jonas = await person(), await person(f"#/{JONAS}")
    await call_customer(business, peer)
    await eva.sees("Incoming voice call…")
    assert not await jonas.page.get_by_text("Incoming voice call…").count()


@pytest.mark.parametrize("path", ["", f"#/{EVA}", f"#/{EVA}/{NUMBER}", "#/1/2"])
async def test_a_small_window_needs_no_scrolling_sideways(business, person, path):
    name = "Maximiliana Theodora " * 6
    await business.control("POST", f"numbers/{NUMBER}", {"name": name})
    await business.control("POST", f"phones/{EVA}", {"name": name})
    size = {"width": 320, "height": 560}
    eva = await person(path, viewport=size, color_scheme="dark")
    wide = await eva.page.evaluate(
        "[...document.querySelectorAll('body, main, section, header')]"
        ".filter((n) => n.scrollWidth > innerWidth).map((n) => n.outerHTML)"
    )
    assert wide == [], json.dumps(wide)


async def test_every_button_and_field_has_a_name(business, person):
    eva = await person()
    await ask(business)
    for path in ("#/", f"#/{EVA}", f"#/{EVA}/{NUMBER}", "call"):
        if path == "call":
            await eva.press("Call YourCompany")
            await eva.sees("Ringing…")
        else:
            await eva.page.evaluate("(hash) => { location.hash = hash }", path)
        nameless = await eva.page.evaluate(NAMELESS)
        assert nameless == 0, path
