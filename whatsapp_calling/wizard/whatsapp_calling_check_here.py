"""What a check sees without asking anybody: company, secrets, webhooks, who rings."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_datetime

from ..models.account.whatsapp_calling_trial import ERROR, OK, UNKNOWN, WARNING
from ..tools import crypto

QUIET = timedelta(days=2)
RECEIVED = {"field_calls": "calls", "field_messages": "messages"}


class WhatsappCallingCheck(models.TransientModel):
    _inherit = "whatsapp.calling.check"

    def _look_here(self):
        self._look_at_company()
        self._look_at_secrets()
        self._look_at_webhooks()
        self._look_at_fields()
        for number in self.account_id.number_ids:
            self._look_at_operators(number)
        self._say(
            "sidecar", UNKNOWN, self.env._("Not used: sound goes straight to browsers.")
        )

    def _look_at_company(self):
        refusal = self.company_id._whatsapp_calling_refusal()
        if not refusal:
            self._say("company", OK, self.env._("Switched on."))
        elif self.company_id._whatsapp_calling_paused():
            self._say("company", ERROR, refusal)
        else:
            self._say(
                "company",
                ERROR,
                refusal,
                self.env._("Until then no call rings and none can be placed."),
                fix="switch_on",
                fix_label=self.env._("Switch on"),
            )

    def _look_at_secrets(self):
        """Whether the stored secrets can be read: without its key none can."""
        account = self.account_id
        try:
            account._credentials()
        except crypto.CryptoError as error:
            self._notice("key_missing", True, detail=str(error))
            for key in ("token", "app_secret"):
                self._say(
                    key,
                    ERROR,
                    str(error),
                    fix="renew",
                    fix_label=self.env._("Enter again"),
                )
            self._say_not_asked("address")
            return
        self._notice("key_missing", False)
        self._notice("secret_missing", not account.app_secret_set)
        if not account.app_secret_set:
            self._say(
                "app_secret",
                ERROR,
                self.env._("Not set: every webhook is refused."),
                self.env._("You find it in Meta's app under App settings, Basic."),
                fix="renew",
                fix_label=self.env._("Enter it"),
            )
            self._say_not_asked("address")
        else:
            self._begin_ping()

    def _look_at_webhooks(self):
        """When the last one came, and whether those that came were refused."""
        accepted, refused = self._last("accepted"), self._last("bad_signature")
        if refused and (not accepted or refused > accepted):
            self._say(
                "reached",
                ERROR,
                self.env._(
                    "The last one, on %(when)s, was refused: its signature is wrong.",
                    when=self._when(refused),
                ),
                self._other_secret(),
                fix="renew",
                fix_label=self.env._("Enter again"),
            )
        elif not accepted:
            self._say(
                "reached",
                WARNING,
                self.env._("None has arrived yet."),
                self.env._(
                    "Call or write to one of the numbers. If nothing arrives within a "
                    "minute, the lines about the addresses tell why."
                ),
            )
        else:
            quiet = fields.Datetime.now() - accepted > QUIET
            self._say(
                "reached",
                WARNING if quiet else OK,
                self.env._("On %(when)s.", when=self._when(accepted)),
                quiet
                and self.env._(
                    "That is long ago. If somebody called or wrote since, WhatsApp "
                    "does not reach this server: see the lines about the addresses."
                ),
            )

    def _last(self, name):
        # sudo: health - an administrator of the account may know when it was reached
        health = self.env["whatsapp.calling.health"].sudo()
        domain = [("account_id", "=", self.account_id.id), ("name", "=", name)]
        return health.search(domain, order="counted_at desc", limit=1).counted_at

    def _look_at_fields(self):
        received = self.env["whatsapp.calling.received"]._last(self.account_id)
        for key, name in RECEIVED.items():
            when = received.get(name)
            if when:
                said = self.env._("Last on %(when)s.", when=self._when(when))
                self._say(key, OK, said)
            else:
                self._say(
                    key,
                    WARNING,
                    self.env._("Never received."),
                    self.env._(
                        "Without “calls” nothing rings; without “messages” answers to "
                        "permission requests are lost. Subscribe to both in Meta's "
                        "app, under WhatsApp, Configuration."
                    ),
                )
        if received.get("calls"):
            said = self.env._(
                "A real call arrived on %(when)s.", when=self._when(received["calls"])
            )
            self._say("live", OK, said)
        else:
            self._say(
                "live",
                UNKNOWN,
                self.env._("Meta cannot be asked, and no real call has arrived yet."),
                self.env._(
                    "In Meta's app the switch at the top must stand on Live: an app in "
                    "development gets no webhooks of customers."
                ),
            )

    def _look_at_operators(self, number):
        key = f"rings-{number.id}"
        operators = number._operators()
        if operators:
            count = len(operators)
            self._say(key, OK, self.env._("Operators: %(count)s", count=count))
            return
        self._say(
            key,
            ERROR,
            self.env._("Nobody."),
            self.env._(
                "Give somebody of the company the right Operator, or choose who rings."
            ),
            fix="number",
            fix_label=self.env._("Open the number"),
        )

    def _when(self, moment):
        return format_datetime(
            self.env, moment, tz=self.user_id.tz or "UTC", dt_format="short"
        )
