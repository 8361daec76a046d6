"""The guide: its pages open for those they are for, their buttons lead somewhere."""

from lxml import html

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.account.whatsapp_calling_guide import PAGES
from .common import ADMINISTRATOR, WhatsappCallingCase

# seed S2, "Troubleshooting": symptom, section of the page
SYMPTOMS_OF_WADESK = {
    "No Call button in Team Inbox": "no-call-button",
    "Incoming calls never ring": "never-rings",
    'Webhook returns a "server misconfigured" error': "server-misconfigured",
    "Microphone access blocked": "microphone-blocked",
    "Outbound call refused": "call-refused",
    "Already accepted by another teammate": "already-accepted",
    "Caller hears silence on an AI call, then voicemail": "ai-silence",
    "AI didn't answer, only voicemail": "ai-not-answering",
    "Recording player is empty": "no-recording",
}
SYMPTOMS_OF_THE_MEDIA_SERVER = (
    "no-transcript",
    "no-voicemail",
    "no-media-server",
    "one-way-sound",
)
SYMPTOMS_OF_CONNECTING = (
    "token-refused",
    "missing-rights",
    "other-account",
    "connect-left",
    "two-administrators",
    "setting-refused",
    "template",
    "window-closed",
    "clock",
    "rings-late",
    "key-gone",
)


@tagged("post_install", "-at_install")
class TestGuide(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._user("ada", ADMINISTRATOR, cls.company)

    def pages(self, user):
        found = self.env["whatsapp.calling.guide"].with_user(user).pages()
        return {
            page["id"]: html.fromstring(f"<div>{page['html']}</div>") for page in found
        }

    def test_each_page_has_a_title_and_sections_that_can_be_searched(self):
        pages = self.pages(self.anna)
        self.assertEqual(tuple(pages), PAGES)
        for page in pages.values():
            self.assertEqual(len(page.findall(".//h1")), 1)
            for section in page.iter("section"):
                self.assertTrue(section.get("id"))
                self.assertIn(section[0].tag, ("h2", "h3"))

    def test_the_guide_is_for_operators(self):
        with self.assertRaises(AccessError):
            self.pages(self.nora)

    def test_the_steps_of_connecting_are_numbered(self):
        page = self.pages(self.admin)["connect"]
        meta, odoo = page.xpath("//section[@id='meta' or @id='odoo']/ol")
        self.assertEqual(len(meta.findall("li")) + 1, int(odoo.get("start")))
        text = page.text_content()
        for name in ("whatsapp_business_management", "whatsapp_business_messaging"):
            self.assertIn(name, text)

    def test_each_symptom_has_something_to_check(self):
        page = self.pages(self.admin)["troubleshooting"]
        for symptom in (
            *SYMPTOMS_OF_WADESK.values(),
            *SYMPTOMS_OF_CONNECTING,
            *SYMPTOMS_OF_THE_MEDIA_SERVER,
        ):
            (section,) = page.xpath(f"//section[@id='{symptom}']")
            self.assertTrue(section.findall(".//li"), symptom)

    def test_buttons_open_screens_and_sections_that_exist(self):
        pages = self.pages(self.admin)
        buttons = [button for page in pages.values() for button in page.iter("button")]
        self.assertTrue(buttons)
        for button in buttons:
            if button.get("data-action"):
                action = self.env.ref(button.get("data-action"))
                self.assertTrue(action._name.startswith("ir.actions."))
            else:
                target = pages[button.get("data-page")]
                section = button.get("data-section")
                if section:
                    self.assertTrue(
                        target.xpath(f"//section[@id='{section}']"), section
                    )

    def test_a_button_is_left_out_for_those_who_may_not_open_its_screen(self):
        def actions(user):
            page = self.pages(user)["troubleshooting"]
            return {button.get("data-action") for button in page.iter("button")}

        accounts = "whatsapp_calling.whatsapp_calling_account_action"
        numbers = "whatsapp_calling.whatsapp_calling_number_action"
        self.assertFalse({accounts, numbers} & actions(self.anna))
        self.assertIn(numbers, actions(self.maria))
        self.assertIn(accounts, actions(self.admin))

    def test_each_flow_is_told_from_lane_to_lane(self):
        page = self.pages(self.anna)["flows"]
        flows = page.find_class("o-whatsapp-Flow")
        self.assertEqual(
            [flow.getparent().get("id") for flow in flows],
            ["inbound", "through-the-media-server", "outbound", "permission-flow"],
        )
        for flow in flows:
            lanes = {lane.get("data-lane") for lane in flow.iter("li")} - {None}
            for step in flow.findall("ol/li"):
                self.assertIn(step.get("data-from"), lanes)
                self.assertIn(step.get("data-to", step.get("data-from")), lanes)
