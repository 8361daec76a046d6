"""Chromium for tests and for `make smoke`: people with a fake microphone."""

import contextlib

from playwright.sync_api import sync_playwright

from tools.commands import CHROMIUM_FLAGS, chromium

# Chromium's fake permission dialog says yes to everybody: a person who blocks it
REFUSE_MICROPHONE = """
(() => {
    if (!navigator.mediaDevices) {
        return;
    }
    const refused = () => new DOMException("Permission denied", "NotAllowedError");
    navigator.mediaDevices.getUserMedia = () => Promise.reject(refused());
    const query = navigator.permissions.query.bind(navigator.permissions);
    const denied = { name: "microphone", state: "denied" };
    navigator.permissions.query = (descriptor) =>
        descriptor.name === "microphone"
            ? Promise.resolve(Object.assign(new EventTarget(), denied))
            : query(descriptor);
})();
"""


class Browser:
    """One headless Chromium; open it with `with`.

    :param str microphone: a WAV file that every microphone plays, else a beep each
        second
    :param bool headless: False shows the window
    """

    def __init__(self, microphone=None, headless=True):
        self.flags = list(CHROMIUM_FLAGS)
        if microphone:
            self.flags.append(f"--use-file-for-fake-audio-capture={microphone}")
        self.headless = headless

    def __enter__(self):
        self._driver = sync_playwright().start()
        self._chromium = self._driver.chromium.launch(
            executable_path=chromium(), headless=self.headless, args=self.flags
        )
        return self

    def __exit__(self, *_):
        self._chromium.close()
        self._driver.stop()

    @contextlib.contextmanager
    def people(self, odoo):
        """Windows of several people on one Odoo, closed after the block."""
        people = People(self._chromium, odoo)
        try:
            yield people
        finally:
            people.close()


class People:
    """Each `operator` or `page` is a person of their own: own cookies and storage."""

    def __init__(self, chromium, odoo):
        self._chromium = chromium
        self._odoo = odoo
        self._contexts = []

    def operator(
        self,
        login,
        password=None,
        path="/odoo",
        microphone=True,
        prepare=None,
        **options,
    ):
        """A page of Odoo's web client, logged in, once it is usable.

        :param bool microphone: False refuses it, as a person who clicked Block
        :param prepare: called with the Playwright context before its first page
        :param options: Playwright's for a context (viewport, color_scheme, locale, …)
        """
        context = self._context(microphone, options)
        if prepare:
            prepare(context)
        session = self._odoo.rpc(login, password).session
        context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value, "url": self._odoo.url}
                for cookie in session.cookies
            ]
        )
        page = context.new_page()
        # the first page of a new database makes the bundles
        page.goto(self._odoo.url + path, timeout=60_000)
        page.wait_for_selector(".o_main_navbar", timeout=60_000)
        return page

    def page(self, url, microphone=True, **options):
        """Any page, as someone who is not logged in (the phone page, say)."""
        page = self._context(microphone, options).new_page()
        page.goto(url)
        return page

    def close(self):
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def _context(self, microphone, options):
        context = self._chromium.new_context(**options)
        context.grant_permissions(
            ["microphone", "notifications"] if microphone else ["notifications"]
        )
        if not microphone:
            context.add_init_script(REFUSE_MICROPHONE)
        context.on("page", _collect_errors)
        self._contexts.append(context)
        return context


# Chromium about its own private windows, which a test's windows are
NOT_OURS = "does not support the Push API in incognito mode"


def _collect_errors(page):
    page.console_errors = []

    def on_console(message):
        if message.type == "error" and NOT_OURS not in message.text:
            page.console_errors.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: page.console_errors.append(str(error)))
