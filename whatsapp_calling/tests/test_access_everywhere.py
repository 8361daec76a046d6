"""Rules that hold for every model and route of the addon, those to come included."""

import inspect
import json

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..controllers.recording_upload import RECORDING
from . import meta_bodies as meta
from .common import MANAGER, WhatsappCallingCase, WhatsappCallingHttpCase
from .test_access import AccessMixin

OURS = ("whatsapp.call", "whatsapp.calling", "whatsapp.media")
OUR_GROUPS = ("operator", "manager", "administrator", "recordings")
# the same for everybody: what Meta's error codes mean
OF_NO_COMPANY = ("whatsapp.calling.error",)
# routes that whoever knows the address may ask, and why that is safe
PUBLIC_ROUTES = {
    "/whatsapp_calling/webhook/<string:key>": "signed by WhatsApp",
    "/whatsapp_calling/ping/<string:key>": "answers what is signed by ourselves",
    "/whatsapp_calling/media/<string:ref>/hello": "signed by a media sidecar",
    "/whatsapp_calling/media/<string:ref>/events": "signed by a media sidecar",
    f"{RECORDING}/<string:track>": "signed by a media sidecar",
    f"{RECORDING}/finish": "signed by a media sidecar",
    f"{RECORDING}/discarded": "signed by a media sidecar",
}


def is_ours(model):
    return model._name.startswith(OURS)


@tagged("post_install", "-at_install")
class TestEveryModel(AccessMixin, WhatsappCallingCase):
    def models(self, transient=None):
        return [
            model
            for model in (self.env[name] for name in self.env.registry)
            if is_ours(model)
            and not model._abstract
            and (transient is None or model._transient == transient)
        ]

    def _rights(self, model):
        return self.env["ir.model.access"].search(
            [("model_id.model", "=", model._name)]
        )

    def test_only_our_roles_have_rights_on_our_models(self):
        ours = {self.env.ref(f"whatsapp_calling.group_{name}") for name in OUR_GROUPS}
        for model in self.models():
            with self.subTest(model=model._name):
                for right in self._rights(model):
                    self.assertIn(right.group_id, ours)

    def test_strangers_may_do_nothing_with_any_of_them(self):
        for model in self.models():
            for user in (self.nora, self.portal, self.env.ref("base.public_user")):
                for operation in ("read", "write", "create", "unlink"):
                    with self.subTest(model=model._name, user=user.login):
                        self.assertFalse(model.with_user(user).has_access(operation))

    def test_every_model_has_a_rule_that_keeps_companies_apart(self):
        for model in self.models(transient=False):
            if model._name in OF_NO_COMPANY:
                continue
            with self.subTest(model=model._name):
                if not self._rights(model):
                    continue  # for code only
                rules = self.env["ir.rule"].search(
                    [("model_id.model", "=", model._name), ("groups", "=", False)]
                )
                self.assertIn("company_ids", " ".join(rules.mapped("domain_force")))

    def test_nobody_reads_a_record_of_another_company(self):
        self.permit()
        self.answered()
        boss = self._user("boss", MANAGER, self.company_2)
        boss.group_ids |= self.env.ref("whatsapp_calling.group_administrator")
        boss.group_ids |= self.env.ref("whatsapp_calling.group_recordings")
        for model in self.models(transient=False):
            if "company_id" not in model._fields or not self._rights(model):
                continue
            with self.subTest(model=model._name):
                foreign = model.search([("company_id", "=", self.company.id)], limit=5)
                seen = self.phone(boss).env[model._name]
                self.assertFalse(seen.search([]) & foreign.with_user(boss))
                if foreign:
                    with self.assertRaises(AccessError):
                        seen.browse(foreign.ids).read(["id", "display_name"])

    def test_every_ciphertext_is_hidden_from_everybody(self):
        for model, field in self.env["whatsapp.calling.keys"]._secret_fields():
            with self.subTest(model=model, field=field):
                self.assertEqual(self.env[model]._fields[field].groups, ".")

    def test_every_button_of_ours_is_refused_to_who_has_no_role(self):
        """Whatever a public method does, it does it for our roles only."""
        call = self.answered()
        records = {"whatsapp.call": call, "whatsapp.calling.number": self.number}
        records["whatsapp.calling.account"] = self.account
        for model in self.models():
            record = records.get(model._name, model)
            for name in self.public_methods(model):
                for user in (self.nora, self.portal):
                    with self.subTest(model=model._name, method=name, user=user.login):
                        self.assertRefused(record.with_user(user), name)

    def public_methods(self, model):
        """Names of the methods RPC reaches that our modules add and want no more."""
        found = set()
        for base in type(model).mro():
            if "whatsapp_calling" not in base.__module__:
                continue
            for name, member in vars(base).items():
                public = callable(member) and not name.startswith("_")
                if public and not hasattr(models.Model, name):
                    found.add(name)
        # of the softphone's TestSoftphoneIsForOperators calls each with arguments
        return {name for name in found if not name.startswith("softphone_")}

    def assertRefused(self, record, name):
        method = getattr(record, name)
        wanted = [
            {"targets": [], "websocket": True, "microphone": True}.get(
                parameter.name, 1
            )
            for parameter in inspect.signature(method).parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind == parameter.POSITIONAL_OR_KEYWORD
        ]
        before = self.env["whatsapp.call.request"].search_count([])
        try:
            answer = method(*wanted)
        except (AccessError, UserError, ValueError):
            answer = None
        said = json.dumps(answer, default=str)
        for secret in ("Eva", meta.CUSTOMER, "verify-1", "test-key-1", "token-1"):
            self.assertNotIn(secret, said)
        after = self.env["whatsapp.call.request"].search_count([])
        self.assertEqual(before, after, "something was sent")


@tagged("post_install", "-at_install")
class TestEveryRoute(AccessMixin, WhatsappCallingHttpCase):
    def routes(self):
        """{path: how one must be known} of each route of our controllers."""
        rules = self.env["ir.http"].routing_map().iter_rules()
        return {
            rule.rule: rule.endpoint.routing["auth"]
            for rule in rules
            if "whatsapp_calling" in rule.endpoint.func.__module__
        }

    def test_every_route_wants_a_log_in_or_is_known_to_be_public(self):
        routes = self.routes()
        self.assertIn("/whatsapp_calling/hang_up", routes)
        for path, auth in routes.items():
            with self.subTest(route=path):
                if auth != "user":
                    self.assertIn(path, PUBLIC_ROUTES)

    def test_a_log_in_alone_opens_no_route(self):
        call = self.answered()
        self.authenticate(self.nora.login, self.nora.login)
        for path, auth in self.routes().items():
            if auth != "user":
                continue
            path = path.replace("<int:account_id>", str(self.account.id))
            path = path.replace("<int:recording_id>", "1")
            with self.subTest(route=path):
                answer = self.url_open(path, allow_redirects=False)
                self.assertNotIn("Eva", answer.text)
                self.assertNotIn("verify-1", answer.text)
        call.invalidate_recordset()
        self.assertEqual(call.state, "connected")
