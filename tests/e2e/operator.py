"""An operator in Odoo's web client: the phone as a person uses it."""

from playwright.sync_api import expect

from tests.waiting import wait_until
from tools import listening

PATIENCE = 20_000  # ms
SOFTPHONE = "odoo.__WOWL_DEBUG__.root.env.services['whatsapp_calling.softphone']"


class Operator:
    """One page of one person. The members are what the person sees."""

    def __init__(self, page):
        page.set_default_timeout(PATIENCE)
        self.page = page
        find = page.locator
        self.popup = find(".o-whatsapp-IncomingCall")
        self.accept = find(".o-whatsapp-IncomingCall-accept")
        self.decline = find(".o-whatsapp-IncomingCall-reject")
        self.silence = find(".o-whatsapp-IncomingCall-silence")
        self.notice = find(".o-whatsapp-IncomingCall-notice")
        self.connecting = find(".o-whatsapp-IncomingCall-connecting")
        self.systray = find(".o-whatsapp-Systray-button")
        self.panel = find(".o-whatsapp-Panel")
        self.on_call = find(".o-whatsapp-OnCall")
        self.state = find(".o-whatsapp-OnCall-state")
        self.connected = find(".o-whatsapp-OnCall-state .text-success")
        self.timer = find(".o-whatsapp-OnCall-state .o-whatsapp-CallTimer")
        self.mute = find(".o-whatsapp-OnCall-mute")
        self.hang_up = find(".o-whatsapp-OnCall-hangUp")
        self.ended = find(".o-whatsapp-EndedCall")
        self.toast = find(".o_notification")
        self.dialog = find(".modal-dialog")
        self.wait_ready()

    @classmethod
    def log_in(cls, people, login, prepare=None, **options):
        """A window of its own; `prepare` is called with its Playwright context."""

        def prepare_all(context):
            listening.remember_connections(context)
            if prepare:
                prepare(context)

        return cls(people.operator(login, prepare=prepare_all, **options))

    def new_tab(self):
        """The same person's second tab."""
        page = self.page.context.new_page()
        page.goto(self.page.url)
        return type(self)(page)

    def wait_ready(self):
        """Until the phone in the systray is there: the client has asked the server."""
        expect(self.systray).to_be_visible(timeout=PATIENCE)

    def open(self, path):
        """Go to another page of the web client."""
        self.page.goto(self.page.url.split("/odoo")[0] + path)
        self.wait_ready()
        return self

    def dial(self, number):
        """Type a number on the keypad and press Call."""
        keypad = self.page.locator(".o-whatsapp-Keypad-input")
        if not keypad.is_visible():
            if not self.panel.is_visible():
                self.systray.click()
            self.panel.locator("[data-tab=keypad]").click()
        keypad.fill(number)
        self.page.locator(".o-whatsapp-Keypad-call").click()

    def answer(self):
        self.accept.click()
        expect(self.connected).to_have_text("Connected")

    def hears(self, hertz, seconds=10):
        """Wait until this is the tone that arrives."""
        wait_until(
            lambda: listening.is_pitch(listening.pitch_in_page(self.page), hertz),
            seconds,
            f"{hertz} Hz",
        )

    def microphones(self):
        """How many tracks of microphones are open in this page."""
        return self.page.evaluate(
            "() => window.__connections.flatMap((c) => c.getSenders())"
            ".filter((s) => s.track && s.track.readyState === 'live').length"
        )

    def rings(self):
        """Whether the ring tone is playing in this tab."""
        return self.page.evaluate(
            f"() => {{ const ring = {SOFTPHONE}.soundEffects"
            ".soundEffects['whatsapp-calling-ring'];"
            " return Boolean(ring?.audio && !ring.audio.paused); }"
        )

    def tidy(self):
        """Back to how the page was: no call, no panel, no dialog."""
        if self.page.is_closed():
            return
        self.page.evaluate(
            f"() => {{ const phone = {SOFTPHONE};"
            " phone.live?.close(); phone.ended = null; phone.panel.open = false;"
            " phone.panel.tab = 'keypad'; phone.notices = {}; }"
        )
        self.page.evaluate(
            "() => document.querySelectorAll('.o_notification_close')"
            ".forEach((button) => button.click())"
        )
        if self.dialog.is_visible():
            self.page.keyboard.press("Escape")
        expect(self.popup).to_have_count(0)
