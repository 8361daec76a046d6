"""Each list and form opens for each role, and counts are right."""

from lxml import etree

from odoo.tests import Form, tagged
from odoo.tools.misc import file_path
from odoo.tools.safe_eval import safe_eval

from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase

# what a menu leads to: the least role that gets it
ACTIONS = {
    "whatsapp_call_action": "operator",
    "whatsapp_call_contact_action": "operator",
    "whatsapp_call_permission_action": "operator",
    "whatsapp_call_refused_action": "manager",
    "whatsapp_calling_account_action": "manager",
    "whatsapp_calling_number_action": "manager",
    "whatsapp_calling_error_action": "manager",
    "whatsapp_calling_hook_action": "administrator",
    "whatsapp_call_event_action": "administrator",
    "whatsapp_call_request_action": "administrator",
    "whatsapp_calling_health_action": "administrator",
}


def actions_of(*roles):
    return [name for name, role in ACTIONS.items() if role in roles]


@tagged("post_install", "-at_install")
class TestViews(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.root = cls.env.ref("whatsapp_calling.whatsapp_calling_menu")

    def setUp(self):
        super().setUp()
        self.call = self.answered()
        self.permit(self.call.contact_id)

    def open_all(self, user):
        """Open what the menus of a user lead to, as the web client does."""
        env = self.phone(user).env
        menus = env["ir.ui.menu"].load_menus(False)
        shown = self.action_ids(menus, self.root.id)
        actions = {name: self.env.ref(f"whatsapp_calling.{name}") for name in ACTIONS}
        opened = [name for name, action in actions.items() if action.id in shown]
        for name in opened:
            self.open_action(env, actions[name])
        return opened

    def action_ids(self, menus, menu_id):
        """The actions that can be reached from a menu of load_menus."""
        if menu_id not in menus:
            return set()
        menu = menus[menu_id]
        below = [self.action_ids(menus, child) for child in menu["children"]]
        return {menu["action_id"]}.union(*below)

    def open_action(self, env, action):
        model = env[action.res_model]
        views = [(view.view_id.id, view.view_mode) for view in action.view_ids]
        types = action.view_mode.split(",")
        descriptions = model.get_views(
            [*(views or [(False, kind) for kind in types]), (False, "search")]
        )
        for kind in types:
            names = self.spec(env, descriptions, model._name, kind)
            model.web_search_read([], names, limit=5)
        for record in model.search([], limit=2):
            record.web_read(self.spec(env, descriptions, model._name, "form"))

    def spec(self, env, descriptions, model, kind):
        """Which fields the client asks for: those in the view, subviews too."""
        if kind not in descriptions["views"]:
            return {}
        known = descriptions["models"][model]["fields"]
        arch = etree.fromstring(descriptions["views"][kind]["arch"])
        names = [
            node.get("name")
            for node in arch.iter("field")
            if not any(parent.tag == "field" for parent in node.iterancestors())
        ]
        spec = {}
        for name in names:
            if known[name]["type"] == "many2one":
                spec[name] = {"fields": {"display_name": {}}}
            elif known[name]["type"] == "one2many":
                sub = [
                    node.get("name")
                    for node in arch.xpath(f"//field[@name='{name}']/list/field")
                ]
                spec[name] = {"fields": {field: {} for field in sub}}
            else:
                spec[name] = {}
        return spec

    def test_each_menu_opens_for_an_administrator(self):
        self.assertEqual(self.open_all(self.admin), list(ACTIONS))

    def test_each_menu_opens_for_a_manager_who_gets_no_technical_ones(self):
        self.assertEqual(self.open_all(self.maria), actions_of("operator", "manager"))

    def test_each_menu_opens_for_an_operator_who_configures_nothing(self):
        self.assertEqual(self.open_all(self.anna), actions_of("operator"))

    def test_who_is_no_operator_has_no_menu(self):
        self.assertEqual(self.open_all(self.nora), [])
        menus = self.phone(self.nora).env["ir.ui.menu"].load_menus(False)
        self.assertNotIn(self.root.id, menus)

    def test_every_list_says_what_to_do_when_it_is_empty(self):
        for name in ACTIONS:
            help_text = self.env.ref(f"whatsapp_calling.{name}").help
            self.assertIn("o_view_nocontent_smiling_face", help_text, name)

    def test_the_app_has_its_icon(self):
        file_path(self.root.web_icon.replace(",", "/"))

    def test_the_filters_of_calls_find_what_they_say(self):
        search = self.env.ref("whatsapp_calling.whatsapp_call_view_search")
        calls = self.env["whatsapp.call"]
        found = {}
        for node in etree.fromstring(search.arch).iter("filter"):
            if node.get("domain"):
                domain = safe_eval(node.get("domain"), {"uid": self.anna.id})
                found[node.get("name")] = self.call in calls.search(domain)
        self.assertEqual(
            found,
            {
                "last_24_hours": True,
                "last_7_days": True,
                "last_30_days": True,
                "live": True,
                "completed": False,
                "missed": False,
                "left_message": False,
                "message_unheard": False,
                "rejected": False,
                "unanswered": False,
                "cancelled": False,
                "failed": False,
                "answered": True,
                "over": False,
                "attempts": False,
                "stale": False,
                "mine": True,
                "rang_for_me": True,
                "inbound": True,
                "outbound": False,
            },
        )


@tagged("post_install", "-at_install")
class TestCallForm(WhatsappCallingCase):
    def test_talk_time_is_written_as_minutes_and_seconds(self):
        call = self.env["whatsapp.call"].new({"duration": 743})
        self.assertEqual(call.duration_text, "12:23")
        self.assertEqual(call.new({"duration": 5}).duration_text, "0:05")
        self.assertEqual(call.new({"duration": 0}).duration_text, "")

    def test_a_failed_call_says_what_whatsapp_said_what_to_do_and_where_to_read(self):
        call = self.ring()
        errors = meta.failure(138000, "Call failed", "No media", href="https://x.test")
        self.deliver(meta.calls(meta.terminate(status="FAILED", errors=errors)))
        self.assertEqual(call.state, "failed")
        self.assertEqual(call.error_message, "No media")
        self.assertTrue(call.error_title)
        self.assertTrue(call.error_fix)
        self.assertEqual(call.error_link, "https://x.test")

    def test_a_failed_call_without_a_code_has_a_title_too(self):
        call = self.env["whatsapp.call"].new({"state": "failed"})
        self.assertTrue(call.error_title)

    def test_a_call_that_went_well_has_no_red_box(self):
        self.assertFalse(self.answered().error_title)

    def test_the_line_quality_is_blank_when_none_was_measured(self):
        self.assertFalse(self.answered().quality_text)

    def test_the_form_opens_the_record_the_call_is_about(self):
        call = self.ring()
        action = call.action_open_record()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", self.eva.id)
        )
        self.assertIn("Eva Berger", call.record_label)

    def test_a_record_one_may_not_read_is_not_named(self):
        call = self.ring()
        server = self.env["ir.mail_server"].create({"name": "x", "smtp_host": "x"})
        call.write({"res_model": server._name, "res_id": server.id})
        self.assertFalse(call.with_user(self.anna).record_label)

    def test_within_one_second_the_timeline_keeps_the_order_of_arrival(self):
        call = self.ring()
        self.deliver(meta.calls(meta.terminate()))
        events = call.event_ids
        shown = events.search([("id", "in", events.ids)], order="occurred_at, id")
        self.assertEqual(shown.mapped("kind"), ["offer", "rung", "ended"])

    def test_the_timeline_names_who_was_rung(self):
        call = self.ring()
        rung = call.event_ids.filtered(lambda event: event.kind == "rung")
        self.assertIn("Anna, Berta", rung.data_text)
        self.assertEqual(call.rung_names, "Anna, Berta")


@tagged("post_install", "-at_install")
class TestPartnerButton(WhatsappCallingCase):
    def count(self, user, partner=None):
        partner = (partner or self.eva).with_env(self.phone(user).env)
        return partner.whatsapp_call_count

    def test_it_counts_the_calls_of_the_customer(self):
        self.assertEqual(self.count(self.anna), 0)
        self.ring()
        self.env.invalidate_all()
        self.assertEqual(self.count(self.anna), 1)

    def test_it_counts_only_calls_that_the_user_may_see(self):
        self.ring()
        self.assertEqual(self.count(self.carlos), 0)
        self.assertEqual(self.count(self.nora), 0)

    def test_a_companys_calls_are_those_of_its_people(self):
        company = self.env["res.partner"].create({"name": "Berger", "is_company": True})
        self.eva.parent_id = company
        self.ring()
        self.assertEqual(self.count(self.anna, company), 1)

    def test_its_list_shows_what_was_counted(self):
        call = self.ring()
        partner = self.eva.with_env(self.phone(self.anna).env)
        action = partner.action_whatsapp_calls()
        found = self.phone(self.anna).search(action["domain"])
        self.assertEqual(found, call)
        self.assertIn("Eva Berger", action["display_name"])

    def test_the_form_of_a_customer_shows_the_button_to_operators_only(self):
        self.ring()
        for user, there in ((self.anna, True), (self.nora, False)):
            arch = (
                self.phone(user).env["res.partner"].get_view(view_type="form")["arch"]
            )
            self.assertEqual("action_whatsapp_calls" in arch, there)


@tagged("post_install", "-at_install")
class TestAccountForm(WhatsappCallingCase):
    def test_an_account_is_entered_with_a_few_fields(self):
        admin = self._user("ada", ADMINISTRATOR, self.company)
        env = self.phone(admin).env
        with Form(env["whatsapp.calling.account"]) as form:
            form.name = "Hotline"
            form.waba_id = "190000000000009"
            form.token = "EAAtyped"
            form.app_secret = "typed"
            with form.number_ids.new() as number:
                number.name = "Hotline"
                number.display_number = "+43 720 999300"
                number.provider_ref = "290000000000009"
                number.calling_enabled = True
        account = form.record
        self.assertTrue(account.token_set and account.app_secret_set)
        self.assertFalse(account.token or account.app_secret)
        self.assertEqual(account.state, "draft")
        self.assertEqual(account.number_ids.wa_id, "43720999300")
        self.assertEqual(account.number_ids.calling_pending, "on", "WhatsApp is asked")
        self.assertTrue(account.webhook_url.endswith(account.webhook_key))
        self.assertEqual(account._credentials().token, "EAAtyped")

    def test_saving_the_form_again_keeps_the_secrets(self):
        admin = self._user("ada", ADMINISTRATOR, self.company)
        account = self.account.with_env(self.phone(admin).env)
        with Form(account) as form:
            form.name = "Renamed"
        self.assertEqual(self.account._credentials().token, "token-1")

    def test_a_manager_reads_the_form(self):
        account = self.account.with_env(self.phone(self.maria).env)
        self.assertEqual(Form(account).name, "Account 1")
