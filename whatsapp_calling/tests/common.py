"""People, numbers and a stand-in for Graph that all tests of the addon share."""

import hashlib
import hmac
import json
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, TransactionCase, new_test_user
from odoo.tools import SQL

from ..providers.sdp import prepare_answer, prepare_offer
from ..tools import burst, counters
from . import meta_bodies as meta
from .graph import Graph

OPERATOR = "whatsapp_calling.group_operator"
MANAGER = "whatsapp_calling.group_manager"
ADMINISTRATOR = "whatsapp_calling.group_administrator"
# what WhatsApp gets of the browser's SDP
SENT_ANSWER = prepare_answer(meta.ANSWER_SDP)
SENT_OFFER = prepare_offer(meta.OFFER_SDP)
MOMENTS = {
    "whatsapp_call": (
        "create_date",
        "started_at",
        "offered_at",
        "ringing_at",
        "accepted_at",
        "hung_up_at",
        "closed_at",
        "end_heard_at",
        "lease_until",
        "pinged_at",
        "widen_at",
        "deadline",
    ),
    "whatsapp_call_request": ("not_before", "expires_at", "sent_at"),
}


class CallingMixin:
    """Two companies with a number each, their operators, one customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create(
            {
                "name": "Calls Vienna",
                "country_id": cls.env.ref("base.at").id,
                "whatsapp_calling_enabled": True,
            }
        )
        cls.company_2 = cls.env["res.company"].create(
            {
                "name": "Calls Madrid",
                "country_id": cls.env.ref("base.es").id,
                "whatsapp_calling_enabled": True,
            }
        )
        cls.anna = cls._user("anna", OPERATOR, cls.company)
        cls.berta = cls._user("berta", OPERATOR, cls.company)
        cls.carlos = cls._user("carlos", OPERATOR, cls.company_2)
        cls.maria = cls._user("maria", MANAGER, cls.company)
        cls.nora = cls._user("nora", "base.group_user", cls.company)
        cls.account, cls.number = cls._account(1, cls.company, meta.OURS)
        cls.account_2, cls.number_2 = cls._account(2, cls.company_2, "34911998100")
        # a manager is an operator as well: only these two ring
        cls.number.ring_user_ids = cls.anna | cls.berta
        cls.eva = cls.env["res.partner"].create(
            {
                "name": "Eva Berger",
                "phone": "+43 664 5557001",
                "country_id": cls.env.ref("base.at").id,
            }
        )

    @classmethod
    def _user(cls, login, group, company):
        return new_test_user(
            cls.env,
            login=f"calling_{login}",
            name=login.capitalize(),
            groups=f"{group},base.group_partner_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    @classmethod
    def _account(cls, index, company, digits):
        account = cls.env["whatsapp.calling.account"].create(
            {
                "name": f"Account {index}",
                "company_id": company.id,
                "waba_id": f"19000000000000{index}",
                "app_secret": f"app-secret-{index}",
                "token": f"token-{index}",
                "verify_token": f"verify-{index}",
                "webhook_key": f"test-key-{index}",
            }
        )
        number = cls.env["whatsapp.calling.number"].create(
            {
                "name": f"Line {index}",
                "account_id": account.id,
                "provider_ref": f"29000000000000{index}",
                "display_number": f"+{digits}",
                "calling_enabled": True,
            }
        )
        return account, number

    def another_number(self, index=5):
        """One more number of the first company."""
        return self.env["whatsapp.calling.number"].create(
            {
                "name": f"Line {index}",
                "account_id": self.account.id,
                "provider_ref": f"29000000000000{index}",
                "display_number": f"+4372099910{index}",
                "calling_enabled": True,
                "sequence": 10 + index,
            }
        )

    def setUp(self):
        super().setUp()
        type(self).graph = Graph()
        # a test class is one transaction: rows would all be as old as its start
        self.patch(self.env.cr, "now", fields.Datetime.now)
        counters.take(self.env.cr.dbname)
        # what one test has refused must not turn away the next one's requests
        self.patch(burst, "refused", burst.Buckets())

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        if r.url.startswith("https://graph.facebook.com/"):
            return cls.graph.handle(r)
        return super()._request_handler(s, r, **kw)

    # ---- what happens

    def deliver(self, *bodies, account=None):
        """Take in webhook bodies, as the route does after the signature."""
        account = account or self.account
        digits = frozenset(account.number_ids.mapped("wa_id"))
        for body in bodies:
            events = account._provider.parse(body, digits)
            self.env["whatsapp.call"]._receive(account, events)

    def the_call(self, ref=meta.WACID):
        return self.env["whatsapp.call"].search([("provider_ref", "=", ref)])

    def ring(self, **members):
        """A call of Eva that rings for Anna and Berta."""
        members.setdefault("id", meta.WACID)
        self.deliver(meta.calls(meta.offer(**members), contacts=[meta.contact()]))
        return self.the_call(members["id"])

    def phone(self, user):
        """The softphone of a user, who has only their main company ticked."""
        env = self.env(user=user, su=False)
        company_ids = user.company_id.ids
        return env["whatsapp.call"].with_context(allowed_company_ids=company_ids)

    def accept(self, user, call, tab="tab-1"):
        return self.phone(user).softphone_accept(call.id, tab, meta.ANSWER_SDP)

    def answered(self, user=None, **members):
        """A call of Eva that Anna has answered."""
        call = self.ring(**members)
        self.accept(user or self.anna, call)
        self.send_due(call)
        self.assertEqual(call.state, "connected")
        self.graph.requests.clear()
        return call

    def permit(self, contact=None, number=None, **values):
        """A permission to call Eva."""
        contact = contact or self.contact()
        return self.env["whatsapp.call.permission"].create(
            {
                "number_id": (number or self.number).id,
                "contact_id": contact.id,
                "granted": True,
                "permanent": True,
                **values,
            }
        )

    def contact(self, wa_id=meta.CUSTOMER, **values):
        contacts = self.env["whatsapp.call.contact"]
        values = {"company_id": self.company.id, "wa_id": wa_id, **values}
        partner = self.eva.id if wa_id == meta.CUSTOMER else False
        return contacts.create({"partner_id": partner, **values})

    def wrote(self, contact=None, hours=0):
        """Eva wrote to us just now, or so many hours ago."""
        contact = contact or self.env["whatsapp.call.contact"].search(
            [("wa_id", "=", meta.CUSTOMER), ("company_id", "=", self.company.id)]
        )
        contact = contact or self.contact()
        contact.last_inbound = fields.Datetime.subtract(
            fields.Datetime.now(), hours=hours
        )
        return contact

    def sent_messages(self, kind="permission"):
        """Rows of the messages that went to customers of the first number."""
        return self.env["whatsapp.calling.message"].search(
            [("number_id", "=", self.number.id), ("kind", "=", kind)]
        )

    def send_messages(self):
        """What the pool does: send the messages, then tell the records of them."""
        for message in self.sent_messages() | self.sent_messages("call_button"):
            self.send_due(request=message.request_id)
        self.tell_records()

    def tell_records(self):
        messages = self.env["whatsapp.calling.message"]
        for message in messages.search([("due", "=", True)]):
            messages._tell_due(message.id)

    def dial(self, user=None, tab="tab-1", **target):
        """Anna calls Eva; `target` says otherwise."""
        target = target or {"partner_id": self.eva.id}
        user = user or self.anna
        return self.phone(user).softphone_dial(target, tab, meta.OFFER_SDP)

    def dialled(self, **members):
        """A call that Anna has placed to Eva, and that WhatsApp has taken."""
        self.permit()
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        connected = {"calls": [{"id": meta.WACID}], **members}
        self.graph.answer("connect", connected)
        self.send_due(call)
        self.assertEqual(call.provider_ref, meta.WACID)
        self.graph.requests.clear()
        return call

    def send_due(self, call=None, request=None):
        """Send what is queued: nothing reaches the pool under a test runner."""
        requests = self.env["whatsapp.call.request"]
        requests._send_due(call and call.id, request and request.id)

    def pass_time(self, seconds, call):
        """Let time pass: all that is known of a call happened earlier."""
        self.env.flush_all()
        scopes = {"whatsapp_call": "id", "whatsapp_call_request": "call_id"}
        for table, columns in MOMENTS.items():
            shifts = [
                SQL("%s = %s - %s", column, column, timedelta(seconds=seconds))
                for column in map(SQL.identifier, columns)
            ]
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s WHERE %s = %s",
                    SQL.identifier(table),
                    SQL(", ").join(shifts),
                    SQL.identifier(scopes[table]),
                    call.id,
                )
            )
        self.env.invalidate_all()

    def tick(self):
        """What the clock's thread does each second."""
        self.env.flush_all()
        return self.env["whatsapp.call"]._tick()

    # ---- what is to be seen

    def queued(self, call):
        """(action, payload) of the requests that wait."""
        return [
            (request.action, request.payload)
            for request in call.request_ids.sorted("id")
            if request.state == "queued"
        ]

    def timeline(self, call):
        return call.event_ids.sorted("id").mapped("kind")

    @contextmanager
    def bus(self):
        """Collects [(user, type, payload)] of what is sent to users meanwhile."""
        sent = []
        self.env.flush_all()
        self.env.cr.precommit.run()
        last = self.env["bus.bus"].search([], order="id desc", limit=1).id or 0
        yield sent
        self.env.flush_all()
        self.env.cr.precommit.run()
        partners = {user.partner_id.id: user for user in self._users()}
        for row in self.env["bus.bus"].search([("id", ">", last)], order="id"):
            channel, message = json.loads(row.channel), json.loads(row.message)
            if channel[1] == "res.partner" and channel[2] in partners:
                user = partners[channel[2]]
                sent.append((user, message["type"], message["payload"]))

    def _users(self):
        return self.anna | self.berta | self.carlos | self.maria | self.nora

    def assertRings(self, call, users):
        self.assertEqual(call.rung_user_ids.sorted("id"), users.sorted("id"))

    def assertAround(self, moment, seconds):
        """A moment lies `seconds` from now, give or take three."""
        wanted = fields.Datetime.now() + timedelta(seconds=seconds)
        off = abs((moment - wanted).total_seconds())
        self.assertLessEqual(off, 3, f"{moment} is not {wanted}")


class WhatsappCallingCase(CallingMixin, TransactionCase):
    """Rules of models; requests are sent by `send_due`."""


class WhatsappCallingHttpCase(CallingMixin, HttpCase):
    """Rules of the routes."""

    def post(self, body, key="test-key-1", secret="app-secret-1", headers=None):
        """POST a webhook body signed with `secret`; None: unsigned."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if secret:
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            sent["X-Hub-Signature-256"] = f"sha256={digest}"
        return self.url_open(
            f"/whatsapp_calling/webhook/{key}", data=body, headers=sent
        )

    def counted(self):
        """What this process counted since the test began, {(account, name): n}."""
        return counters.take(self.env.cr.dbname)
