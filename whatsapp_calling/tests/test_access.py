"""Who may see and do what: each role, each model, each route."""

import json

from odoo import fields
from odoo.exceptions import AccessError
from odoo.http import root
from odoo.tests import new_test_user, tagged
from odoo.tests.common import JsonRpcException

from . import meta_bodies as meta
from .common import (
    ADMINISTRATOR,
    MANAGER,
    WhatsappCallingCase,
    WhatsappCallingHttpCase,
)

SECRETS = ("token_encrypted", "app_secret_encrypted")
LISTENERS = "whatsapp_calling.group_recordings"
HIDDEN = {
    "whatsapp.calling.account": SECRETS,
    "whatsapp.call": ("handler_tab", "offer_sdp", "answer_sdp", "recording_uid"),
    "whatsapp.call.recording": ("key_encrypted", "attachment_id", "sha256"),
    "whatsapp.call.request": ("payload",),
    "whatsapp.call.inbound.message": ("text", "file_name"),
}


class AccessMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.portal = new_test_user(
            cls.env,
            login="calling_portal",
            groups="base.group_portal",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.roles = {
            "listener": cls._user("lena", LISTENERS, cls.company),
            "administrator": cls.admin,
            "manager": cls.maria,
            "operator": cls.anna,
            "internal": cls.nora,
            "portal": cls.portal,
        }

    def as_user(self, user, model):
        return self.phone(user).env[model]


@tagged("post_install", "-at_install")
class TestRights(AccessMixin, WhatsappCallingCase):
    """What the table of rights says, model by model."""

    RIGHTS = {
        # model: {role: operations allowed on it}
        "whatsapp.call": {"administrator": "r", "manager": "r", "operator": "r"},
        "whatsapp.call.event": {"administrator": "r", "manager": "r", "operator": "r"},
        "whatsapp.call.request": {"administrator": "r", "manager": "r"},
        "whatsapp.call.contact": {
            "administrator": "rwc",
            "manager": "rwc",
            "operator": "r",
        },
        "whatsapp.call.permission": {
            "administrator": "r",
            "manager": "r",
            "operator": "r",
        },
        "whatsapp.calling.account": {"administrator": "rwcd", "manager": "r"},
        "whatsapp.calling.number": {
            "administrator": "rwcd",
            "manager": "rw",
            "operator": "r",
        },
        "whatsapp.calling.health": {"administrator": "r"},
        "whatsapp.calling.hours": {
            "administrator": "rwcd",
            "manager": "rwcd",
            "operator": "r",
        },
        "whatsapp.calling.holiday": {
            "administrator": "rwcd",
            "manager": "rwcd",
            "operator": "r",
        },
        "whatsapp.calling.received": {"administrator": "r"},
        "whatsapp.calling.notice": {"administrator": "r", "manager": "r"},
        "whatsapp.call.inbound.message": {"administrator": "r", "manager": "r"},
        "whatsapp.call.block": {"administrator": "rwc", "manager": "rwc"},
        # beside the roles: a manager is no listener
        "whatsapp.call.recording": {"listener": "r"},
        "whatsapp.call.turn": {"listener": "r"},
        "whatsapp.call.listen": {"administrator": "r", "manager": "r"},
        "whatsapp.call.legal.hold": {"administrator": "rc", "manager": "rc"},
        "whatsapp.calling.message": {
            "administrator": "r",
            "manager": "r",
            "operator": "r",
        },
        "whatsapp.calling.hook": {"administrator": "rwcd"},
        "whatsapp.calling.delivery": {"administrator": "r"},
        "whatsapp.calling.happening": {},
        "whatsapp.calling.error": {
            "administrator": "r",
            "manager": "r",
            "operator": "r",
        },
        "whatsapp.calling.template": {
            "administrator": "rwcd",
            "manager": "rwcd",
            "operator": "r",
        },
    }
    LETTERS = {"r": "read", "w": "write", "c": "create", "d": "unlink"}

    def test_each_role_may_do_on_each_model_what_the_table_says(self):
        for model, roles in self.RIGHTS.items():
            for role, user in self.roles.items():
                allowed = roles.get(role, "")
                for letter, operation in self.LETTERS.items():
                    with self.subTest(model=model, role=role, operation=operation):
                        may = self.as_user(user, model).has_access(operation)
                        self.assertEqual(may, letter in allowed)

    def test_the_table_knows_every_model_of_the_addon(self):
        models = self.env["ir.model"].search(
            [
                ("model", "=like", "whatsapp.call%"),
                ("abstract", "=", False),
                ("transient", "=", False),
            ]
        )
        known = set(self.RIGHTS)
        ours = {name for name in models.mapped("model")}
        self.assertEqual(ours & known, known)
        for name in ours - known:
            self.assertFalse(
                self.as_user(self.nora, name).has_access("read"),
                f"{name} is open to everybody, and no test says so",
            )

    def test_hidden_fields_stay_hidden_from_every_role_in_debug_mode_too(self):
        for model, names in HIDDEN.items():
            for name in names:
                with self.subTest(model=model, field=name):
                    groups = self.env[model]._fields[name].groups
                    self.assertEqual(groups, fields.NO_ACCESS)


class StrangersCase(AccessMixin, WhatsappCallingCase):
    """Some customers are hidden from operators."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a user with this group sees the customers of their company only
        cls.env["ir.rule"].create(
            {
                "name": "test: no stranger",
                "model_id": cls.env.ref("base.model_res_partner").id,
                "domain_force": "[('ref', '!=', 'hidden')]",
                "groups": [(4, cls.env.ref("base.group_user").id)],
            }
        )


@tagged("post_install", "-at_install")
class TestCalls(StrangersCase):
    """Own calls, calls of records one may read, and nobody else's."""

    def foreign(self):
        """A call that Berta alone was rung for, of a customer Anna may not see."""
        self.eva.ref = "hidden"
        self.number.ring_user_ids = self.berta
        return self.ring()

    def sees(self, user, call):
        found = self.as_user(user, "whatsapp.call").search([("id", "=", call.id)])
        readable = found.browse(call.id).has_access("read")
        self.assertEqual(bool(found), readable, "search and read disagree")
        return readable

    def test_an_operator_sees_a_call_that_rang_for_them(self):
        self.eva.ref = "hidden"
        call = self.ring()
        self.assertTrue(self.sees(self.anna, call))

    def test_an_operator_sees_a_call_they_handled(self):
        self.eva.ref = "hidden"
        self.number.ring_user_ids = self.anna
        call = self.answered()
        call.rung_user_ids = False
        self.assertTrue(self.sees(self.anna, call))

    def test_an_operator_sees_a_colleagues_call_of_a_customer_they_may_read(self):
        call = self.foreign()
        self.eva.ref = False
        self.assertTrue(self.sees(self.anna, call))

    def test_an_operator_sees_no_colleagues_call_of_a_customer_they_may_not_read(self):
        call = self.foreign()
        self.assertFalse(self.sees(self.anna, call))
        with self.assertRaises(AccessError):
            call.with_user(self.anna).read(["peer_phone"])

    def test_an_operator_sees_no_colleagues_call_without_any_record(self):
        self.number.ring_user_ids = self.berta
        self.deliver(meta.calls(meta.offer(customer="436601234567")))
        call = self.the_call()
        self.assertFalse(call.res_model)
        self.assertFalse(self.sees(self.anna, call))
        self.assertTrue(self.sees(self.berta, call))

    def test_a_foreign_call_is_not_counted_or_grouped_either(self):
        self.foreign()
        calls = self.as_user(self.anna, "whatsapp.call")
        domain = [("provider_ref", "=", meta.WACID)]
        self.assertEqual(calls.search_count(domain), 0)
        groups = calls.formatted_read_group(domain, ["handler_id"], ["__count"])
        self.assertEqual(groups, [])

    def test_a_manager_sees_every_call_of_their_company_and_none_of_another(self):
        call = self.foreign()
        self.assertTrue(self.sees(self.maria, call))
        boss_2 = self._user("manuel", "whatsapp_calling.group_manager", self.company_2)
        self.assertFalse(self.sees(boss_2, call))

    def test_an_operator_of_another_company_sees_nothing(self):
        call = self.ring()
        self.assertFalse(self.sees(self.carlos, call))
        for model in (
            "whatsapp.call.event",
            "whatsapp.call.contact",
            "whatsapp.calling.number",
        ):
            found = self.as_user(self.carlos, model).search([])
            self.assertFalse(found.filtered(lambda r: r.company_id == self.company))

    def test_who_is_no_operator_sees_no_call_not_even_of_their_own_customer(self):
        call = self.ring()
        for user in (self.nora, self.portal):
            with self.assertRaises(AccessError):
                self.as_user(user, "whatsapp.call").search([])
            with self.assertRaises(AccessError):
                call.with_user(user).read(["state"])

    def test_the_history_of_a_call_is_read_by_whoever_reads_the_call(self):
        call = self.foreign()
        domain = [("call_id", "=", call.id)]
        events = self.as_user(self.anna, "whatsapp.call.event")
        self.assertFalse(events.search(domain))
        self.assertFalse(events.search_count(domain))
        with self.assertRaises(AccessError):
            call.event_ids.with_user(self.anna).read(["data"])
        self.eva.ref = False
        self.env.invalidate_all()
        self.assertEqual(events.search(domain).ids, call.event_ids.sorted("id").ids)

    def test_what_belongs_to_no_call_is_for_managers(self):
        self.deliver(meta.body(meta.change("nonsense", number_ref="1")))
        flagged = [("flagged", "=", True), ("company_id", "=", self.company.id)]
        events = self.env["whatsapp.call.event"].search(flagged)
        self.assertTrue(events)
        of_anna = self.as_user(self.anna, "whatsapp.call.event")
        of_maria = self.as_user(self.maria, "whatsapp.call.event")
        self.assertFalse(of_anna.search(flagged))
        self.assertEqual(of_maria.search(flagged), events)

    def test_nobody_changes_or_deletes_the_history_not_even_the_system(self):
        event = self.ring().event_ids[:1]
        for user in (self.admin, self.env.user):
            with self.assertRaises(AccessError):
                event.with_user(user).write({"note": "nothing happened"})
            with self.assertRaises(AccessError):
                event.with_user(user).unlink()
        with self.assertRaises(AccessError):
            event.sudo().write({"note": "nothing happened"})
        with self.assertRaises(AccessError):
            event.sudo().unlink()

    def test_nobody_writes_a_call_by_hand(self):
        call = self.ring()
        for user in (self.anna, self.maria, self.admin):
            with self.assertRaises(AccessError):
                call.with_user(user).write({"state": "completed"})
            with self.assertRaises(AccessError):
                call.with_user(user).unlink()


@tagged("post_install", "-at_install")
class TestMessages(StrangersCase):
    """Messages about calls: own ones, and those to people one may know of."""

    def message(self, user=None, contact=None, **values):
        permission = self.permit(contact or self.contact("436601234567"))
        return self.env["whatsapp.calling.message"].create(
            {
                "permission_id": permission.id,
                "kind": "permission",
                "text": "May we call?",
                "user_id": (user or self.berta).id,
                "state": "sent",
                **values,
            }
        )

    def reads(self, user, message):
        messages = self.as_user(user, "whatsapp.calling.message")
        found = messages.search([("id", "=", message.id)])
        readable = messages.browse(message.id).has_access("read")
        self.assertEqual(bool(found), readable, "search and read disagree")
        return readable

    def test_who_sent_it_and_managers_read_it_and_no_colleague(self):
        message = self.message()
        self.assertTrue(self.reads(self.berta, message))
        self.assertTrue(self.reads(self.maria, message))
        self.assertFalse(self.reads(self.anna, message))
        self.assertFalse(self.reads(self.carlos, message))
        with self.assertRaises(AccessError):
            message.with_user(self.anna).read(["text"])

    def test_it_is_read_by_whoever_reads_the_record_it_was_sent_from(self):
        message = self.message(res_model="res.partner", res_id=self.eva.id)
        self.assertTrue(self.reads(self.anna, message))
        self.eva.ref = "hidden"
        self.assertFalse(self.reads(self.anna, message))

    def test_it_is_read_by_whoever_reads_the_customer(self):
        message = self.message(contact=self.contact())
        self.assertTrue(self.reads(self.anna, message))
        self.eva.ref = "hidden"
        self.assertFalse(self.reads(self.anna, message))

    def test_it_is_read_by_whoever_had_a_call_with_the_customer(self):
        self.eva.ref = "hidden"
        call = self.ring()
        message = self.message(contact=call.contact_id)
        self.assertTrue(self.reads(self.anna, message))
        call.rung_user_ids = self.berta
        self.assertFalse(self.reads(self.anna, message))

    def test_limits_count_the_messages_of_colleagues_that_one_may_not_read(self):
        message = self.message()
        self.env.flush_all()
        self.env.invalidate_all()
        permission = message.permission_id.with_user(self.anna)
        self.assertFalse(permission.message_ids)
        self.assertEqual(permission._limits()["day"]["used"], 1)
        permission.sudo()._fold_answers()
        self.assertEqual(permission.sudo().requested_by_id, self.berta)


@tagged("post_install", "-at_install")
class TestWizards(AccessMixin, WhatsappCallingCase):
    """What one person typed in is nobody else's to read, change or send."""

    def made_by(self, user, model, **values):
        return self.as_user(user, model).create(values)

    def assertOwn(self, wizard, colleague):
        model = self.as_user(colleague, wizard._name)
        self.assertFalse(model.search([("id", "in", wizard.ids)]))
        for operation in ("read", "write"):
            with self.subTest(model=wizard._name, operation=operation):
                self.assertTrue(wizard.has_access(operation))
                self.assertFalse(model.browse(wizard.ids).has_access(operation))

    def test_a_message_that_is_being_written_is_its_authors(self):
        wizard = self.made_by(
            self.anna, "whatsapp.calling.send", line_ids=[(0, 0, {"typed": "+43660"})]
        )
        for colleague in (self.berta, self.maria):
            self.assertOwn(wizard, colleague)
            self.assertOwn(wizard.line_ids, colleague)

    def test_a_diagnosis_is_of_who_asked_for_it(self):
        other = self._user("mona", MANAGER, self.company)
        wizard = self.made_by(self.maria, "whatsapp.call.diagnosis", phone="+43660")
        self.assertTrue(wizard.line_ids)
        self.assertOwn(wizard, other)
        self.assertOwn(wizard.line_ids, other)

    def test_every_wizard_has_a_rule_of_its_author(self):
        names = [
            name
            for name, model in self.env.registry.items()
            if name.startswith("whatsapp.call") and model._transient
        ]
        self.assertGreaterEqual(len(names), 9)
        for name in names:
            rules = self.env["ir.rule"].search([("model_id.model", "=", name)])
            with self.subTest(name):
                self.assertIn("user.id", " ".join(rules.mapped("domain_force")))
                self.assertFalse(rules.groups, "a rule for everybody")


@tagged("post_install", "-at_install")
class TestSoftphoneIsForOperators(AccessMixin, WhatsappCallingCase):
    """Every method that RPC can reach, called by somebody who is no operator."""

    def setUp(self):
        super().setUp()
        self.call = self.ring()
        self.permit(self.call.contact_id)
        self.before = self.call.read()[0]
        self.target = {"phone": "+" + meta.CUSTOMER}
        self.arguments = {
            "softphone_start": (),
            "softphone_poll": (),
            "softphone_calls": ([self.call.id],),
            "softphone_accept": (self.call.id, "tab", meta.ANSWER_SDP),
            "softphone_decline": (self.call.id, "no"),
            "softphone_silence": (self.call.id,),
            "softphone_hang_up": (self.call.id,),
            "softphone_tab_closed": (self.call.id, False),
            "softphone_lookup": (self.target,),
            "softphone_dial": (self.target, "tab", meta.OFFER_SDP),
            "softphone_request_permission": (self.target,),
            "softphone_ping": (self.call.id, "tab"),
            "softphone_notes": (self.call.id, "mine"),
            "softphone_quality": (self.call.id, {"rtt_ms": 1}),
            "softphone_link": (self.call.id, "res.partner", self.nora.partner_id.id),
            "softphone_history": ({},),
            "softphone_contacts": ({"query": "Eva"},),
            "softphone_missed_seen": (),
            "softphone_ask_view": (self.target,),
            "softphone_block": (self.call.id, {"reason": "rude"}),
            "softphone_unblock": (self.call.id,),
            "softphone_ready": (),
            "softphone_reattach": (self.call.id, "tab", meta.OFFER_SDP),
            "softphone_recording": (self.call.id, "stop"),
            "softphone_hold": (self.call.id, True),
            "softphone_transfer_targets": (self.call.id, {}),
            "softphone_transfer": (self.call.id, {"user_id": self.berta.id}, "blind"),
            "softphone_transfer_talk": (self.call.id, "consult"),
            "softphone_transfer_complete": (self.call.id,),
            "softphone_transfer_cancel": (self.call.id,),
            "softphone_consult_leave": (self.call.id,),
            "softphone_monitor": (self.call.id, "tab", meta.OFFER_SDP, "listen"),
            "softphone_monitor_mode": (self.call.id, "join"),
            "softphone_monitor_leave": (self.call.id,),
        }

    def test_no_public_method_is_forgotten_here(self):
        names = {name for name in dir(type(self.call)) if name.startswith("softphone_")}
        self.assertEqual(names, set(self.arguments))

    def test_strangers_learn_nothing_and_change_nothing(self):
        for role in ("internal", "portal"):
            for name, arguments in self.arguments.items():
                with self.subTest(role=role, method=name):
                    calls = self.phone(self.roles[role])
                    try:
                        answer = getattr(calls, name)(*arguments)
                    except AccessError:
                        continue
                    said = json.dumps(answer)
                    for secret in ("Eva", meta.CUSTOMER, "664 5557001", "v=0"):
                        self.assertNotIn(secret, said)
                    if isinstance(answer, dict):
                        self.assertFalse(answer.get("enabled"))
                        self.assertFalse(answer.get("allowed"))
                        self.assertFalse(answer.get("calls"))
                        self.assertFalse(answer.get("numbers"))
        self.env.invalidate_all()
        self.assertEqual(self.call.read()[0], self.before)
        self.assertFalse(self.queued(self.call))

    def test_an_operator_of_another_company_changes_nothing_either(self):
        for name, arguments in self.arguments.items():
            with self.subTest(method=name):
                try:
                    said = json.dumps(
                        getattr(self.phone(self.carlos), name)(*arguments)
                    )
                except AccessError:
                    continue
                self.assertNotIn("Berta", said)
                self.assertNotIn("v=0", said)
        self.env.invalidate_all()
        self.assertEqual(self.call.read()[0], self.before)

    def test_who_was_an_operator_once_gets_nothing_any_more(self):
        answered = self.call
        self.accept(self.anna, answered)
        self.anna.group_ids -= self.env.ref("whatsapp_calling.group_operator")
        for name in ("softphone_poll", "softphone_history"):
            arguments = self.arguments[name]
            answer = getattr(self.phone(self.anna), name)(*arguments)
            self.assertFalse(answer.get("calls"))

    def test_a_colleague_may_not_hang_up_note_or_link_anothers_call(self):
        self.accept(self.anna, self.call)
        phone = self.phone(self.berta)
        for answer in (
            phone.softphone_hang_up(self.call.id),
            phone.softphone_notes(self.call.id, "mine now"),
            phone.softphone_link(self.call.id, "res.partner", self.eva.id),
            phone.softphone_ping(self.call.id, "tab-1"),
        ):
            self.assertFalse(answer["ok"])
        self.assertEqual(self.call.handler_id, self.anna)
        self.assertFalse(self.call.notes)

    def test_a_call_is_not_linked_to_a_record_one_may_not_read(self):
        self.accept(self.anna, self.call)
        hidden = self.env["ir.mail_server"].create({"name": "x", "smtp_host": "x"})
        answer = self.phone(self.anna).softphone_link(
            self.call.id, hidden._name, hidden.id
        )
        self.assertFalse(answer["ok"])
        self.assertNotEqual(self.call.res_model, hidden._name)


@tagged("post_install", "-at_install")
class TestSecrets(AccessMixin, WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin.group_ids |= cls.env.ref("base.group_allow_export")

    def test_a_secret_is_written_and_never_read_again(self):
        account = self.account.with_user(self.admin)
        account.write({"token": "EAAnew", "app_secret": "shhh"})
        values = account.read()[0]
        self.assertTrue(values["token_set"] and values["app_secret_set"])
        self.assertFalse(values["token"] or values["app_secret"])
        said = json.dumps(values, default=str)
        for secret in ("EAAnew", "shhh", *self.ciphertexts()):
            self.assertNotIn(secret, said)
        self.assertEqual(self.account._credentials().token, "EAAnew")

    def test_the_answer_to_saving_holds_no_secret(self):
        account = self.account.with_user(self.admin)
        specification = {"name": {}, "token": {}, "app_secret": {}}
        secrets = {"token": "EAAnew", "app_secret": "shhh"}
        self.assertEqual(
            account.web_save(secrets, specification),
            [
                {"id": account.id, "name": "Account 1", "token": False}
                | {"app_secret": False}
            ],
        )
        new = account.browse().web_save({"name": "New", **secrets}, specification)
        self.assertFalse(new[0]["token"] or new[0]["app_secret"])

    def ciphertexts(self):
        return [self.account.sudo()[name] for name in SECRETS]

    def test_a_blank_field_keeps_the_secret_there_is(self):
        self.account.with_user(self.admin).write({"token": False, "app_secret": ""})
        credentials = self.account._credentials()
        self.assertEqual(credentials.token, "token-1")
        self.assertEqual(credentials.app_secret, "app-secret-1")

    def test_no_way_of_reading_gives_the_ciphertext(self):
        account = self.account.with_user(self.admin)
        for name in SECRETS:
            with self.subTest(field=name):
                with self.assertRaises(AccessError):
                    account.read([name])
                with self.assertRaises(AccessError):
                    account.search([(name, "like", "a%")])
                with self.assertRaises(AccessError):
                    account.export_data([name])
                with self.assertRaises(AccessError):
                    account.formatted_read_group([], [name], ["__count"])
                with self.assertRaises(AccessError):
                    account.search([], order=name)
                self.assertNotIn(name, account.fields_get())

    def test_export_and_copy_of_an_account_hold_no_secret(self):
        account = self.account.with_user(self.admin)
        rows = account.export_data(["name", "token", "app_secret"])["datas"]
        self.assertEqual(rows, [["Account 1", "", ""]])
        copy = account.copy()
        self.assertFalse(copy.token_set or copy.app_secret_set)
        self.assertNotEqual(copy.webhook_key, account.webhook_key)
        self.assertNotEqual(copy.verify_token, account.verify_token)

    def test_a_manager_sees_the_account_without_what_would_open_it(self):
        account = self.account.with_user(self.maria)
        self.assertEqual(account.read(["name"])[0]["name"], "Account 1")
        for name in ("token", "token_set", "verify_token", "webhook_url", "base_url"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                account.read([name])
        with self.assertRaises(AccessError):
            account.action_test_connection()


@tagged("post_install", "-at_install")
class TestRoutes(AccessMixin, WhatsappCallingHttpCase):
    """The same over HTTP, as a browser or a script would ask."""

    def rpc(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def log_in(self, user, debug=""):
        self.authenticate(user.login, user.login)
        self.session.debug = debug
        root.session_store.save(self.session)

    def test_debug_mode_opens_no_hidden_field(self):
        self.ring()
        for user in (self.admin, self.anna):
            self.log_in(user, debug="1")
            for model, names in HIDDEN.items():
                for name in names:
                    with self.subTest(user=user.name, model=model, field=name):
                        with self.assertRaises(JsonRpcException) as caught:
                            self.rpc(model, "search_read", [], [name])
                        self.assertIn("AccessError", str(caught.exception))

    def test_a_stranger_ends_no_call_by_the_beacons_route(self):
        call = self.answered()
        for user in (self.nora, self.carlos, self.berta):
            self.log_in(user)
            for tab in ("tab-1", False, None):
                self.make_jsonrpc_request(
                    "/whatsapp_calling/hang_up", {"call_id": call.id, "tab": tab}
                )
        call.invalidate_recordset()
        self.assertEqual(call.state, "connected")
        self.assertEqual(call.handler_id, self.anna)
        self.assertFalse(self.queued(call))

    def test_the_beacons_route_wants_a_log_in(self):
        call = self.answered()
        response = self.url_open(
            "/whatsapp_calling/hang_up",
            data=json.dumps({"params": {"call_id": call.id, "tab": "tab-1"}}),
            headers={"Content-Type": "application/json"},
        )
        self.assertIn("error", response.json())
        call.invalidate_recordset()
        self.assertEqual(call.state, "connected")

    def test_the_owning_tab_ends_its_call_by_the_beacons_route(self):
        call = self.answered()
        self.log_in(self.anna)
        answer = self.make_jsonrpc_request(
            "/whatsapp_calling/hang_up", {"call_id": call.id, "tab": "tab-1"}
        )
        self.assertTrue(answer["ok"])
        call.invalidate_recordset()
        self.assertEqual(call.closed_reason, "lost_tab")

    def test_private_methods_cannot_be_reached(self):
        call = self.ring()
        self.log_in(self.admin)
        for model, method in (
            ("whatsapp.call", "_close"),
            ("whatsapp.call", "_note_facts"),
            ("whatsapp.call.request", "_send_due"),
            ("whatsapp.call.event", "_append"),
            ("whatsapp.calling.account", "_credentials"),
        ):
            with (
                self.subTest(model=model, method=method),
                self.assertRaises(JsonRpcException),
            ):
                self.rpc(model, method, [call.id])
