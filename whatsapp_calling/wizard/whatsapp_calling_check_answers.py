"""What Meta answers to a check: token, app, account, webhooks, clock."""

from odoo import models

from ..models.account.whatsapp_calling_trial import ERROR, OK, UNKNOWN, WARNING

SKEW_AMBER, SKEW_RED = 30, 60  # seconds; older events are taken for stale
NEEDED_FIELDS = ("calls", "messages")
META = ("waba", "webhook", "subscribed", "payment", "app_secret", "rights", "clock")


class WhatsappCallingCheck(models.TransientModel):
    _inherit = "whatsapp.calling.check"

    def _say_no_token(self):
        line = self._line("token")
        if line["state"] != ERROR:
            self._say(
                "token",
                ERROR,
                self.env._("Not set."),
                self._new_token(),
                fix="renew",
                fix_label=self.env._("Enter it"),
            )
        self._say_not_asked(*META, *self._number_keys())

    def _number_keys(self):
        for number in self.account_id.number_ids:
            for name in ("number", "limit", "country"):
                yield f"{name}-{number.id}"

    def _on_check_token_ok(self, request, answer):
        self._say_clock(answer)
        told, account = answer.data, self.account_id
        good = self._say_token(told)
        line = self._line("token")
        self._notice("token_expiring", good and line["state"] == WARNING, line["said"])
        if line["state"] != OK:
            self._offer_renewal("token")
        if self._line("rights")["state"] == ERROR:
            self._offer_renewal("rights")
        if not good:
            account._token_refused(told["problem"] or line["said"])
            self._say_not_asked(*META, *self._number_keys())
            self._tell()
            return
        account._answered()
        if told["app_id"]:
            account.app_id = told["app_id"]
        waba = {"waba_ref": account.waba_id}
        if account.waba_id:
            self._ask("waba", waba, user=self.user_id)
            self._ask("subscribed_apps", waba, user=self.user_id)
        else:
            self._say(
                "waba",
                ERROR,
                self.env._("The account ID is not set."),
                self.env._("Enter it on the account and check again."),
            )
            self._say_not_asked("webhook", "payment")
        if account.app_id and account.app_secret_set:
            app = {"app_id": account.app_id}
            self._ask("app_subscriptions", app, user=self.user_id)
        else:
            self._say_not_asked("subscribed", "app_secret")
        for number in account.number_ids:
            self._ask("check", waba, number=number, user=self.user_id)
        self._tell()

    def _offer_renewal(self, key):
        line = self._line(key)
        self._say(
            key,
            line["state"],
            line["said"],
            line["todo"],
            fix="renew",
            fix_label=self.env._("Enter a new token"),
        )

    def _on_check_token_failed(self, request, error):
        self._say_refused("token", error, self._new_token())
        if self._line("token")["state"] == ERROR:
            self._offer_renewal("token")
        self._say_not_asked("token", *META, *self._number_keys())
        self._tell()

    # ---- the clock

    def _say_clock(self, answer):
        skew = self._skew(answer)
        if skew is None:
            self._say("clock", UNKNOWN, self.env._("WhatsApp did not tell its time."))
            return
        off = round(abs(skew))
        state = ERROR if off > SKEW_RED else WARNING if off > SKEW_AMBER else OK
        if off < 2:
            said = self.env._("In step with WhatsApp's.")
        elif skew > 0:
            said = self.env._("%(seconds)s seconds ahead of WhatsApp's.", seconds=off)
        else:
            said = self.env._("%(seconds)s seconds behind WhatsApp's.", seconds=off)
        self._say(
            "clock",
            state,
            said,
            state != OK
            and self.env._(
                "A call that rings is taken for an old one when the clocks differ. "
                "Switch time synchronisation (NTP) on."
            ),
        )
        self._notice("clock_skew", state != OK, said)

    # ---- account and webhooks

    def _on_waba_ok(self, request, answer):
        told = answer.data["neutral"]
        problems = [
            each["message"] for each in (told["health"] or {}).get("problems", [])
        ]
        if told["review"] == "rejected":
            said = self.env._("Meta has rejected this account.")
            self._say("waba", ERROR, said, self.env._("See WhatsApp Manager for why."))
        elif problems:
            self._say("waba", WARNING, " ".join(problems))
        else:
            self._say("waba", OK, told["name"])
        if told["payment"] is None:
            self._say(
                "payment",
                UNKNOWN,
                self.env._("WhatsApp did not say."),
                self.env._("Calls to customers need one; calls from them do not."),
            )
        elif told["payment"]:
            self._say("payment", OK, self.env._("Set."))
        else:
            self._say(
                "payment",
                WARNING,
                self.env._("None is set."),
                self.env._(
                    "Customers can call, but calls to customers are refused. Add one "
                    "in Meta's business settings, under Billing."
                ),
            )
        self._tell()

    def _on_waba_failed(self, request, error):
        self._say_refused(
            "waba",
            error,
            self.env._(
                "Check the account ID, and give the system user full control of the "
                "account in Meta's business settings."
            ),
        )
        self._say_not_asked("payment")
        self._tell()

    def _on_subscribed_apps_ok(self, request, answer):
        account = self.account_id
        ours = None
        for row in answer.data.get("data") or []:
            app = row.get("whatsapp_business_api_data") or {}
            if str(app.get("id")) == account.app_id:
                ours = row
        if ours is None:
            self._say_address(
                ERROR, self.env._("The app is not subscribed to this account.")
            )
        elif not ours.get("override_callback_uri"):
            # where the app itself sends is known with its own answer
            self._say("webhook", OK, self.env._("The app's own address is in use."))
            self._compare_app_address()
        elif ours["override_callback_uri"] == account.webhook_url:
            self._say("webhook", OK, self.env._("This server's, for this account."))
        else:
            self._say_address(
                ERROR,
                self.env._(
                    "Webhooks go to another address: %(url)s",
                    url=ours["override_callback_uri"],
                ),
            )
        self._tell()

    def _on_subscribed_apps_failed(self, request, error):
        self._say_refused("webhook", error, "")
        self._tell()

    def _say_address(self, state, said):
        self._say(
            "webhook",
            state,
            said,
            self.env._("No call comes in until WhatsApp sends them to this server."),
            fix="subscribe",
            fix_label=self.env._("Set our address"),
        )

    def _on_app_subscriptions_ok(self, request, answer):
        told = answer.data
        self._say("app_secret", OK, self.env._("It belongs to the app."))
        self.app_url = told.get("callback_url") or ""
        subscribed = told.get("fields") or []
        missing = [name for name in NEEDED_FIELDS if name not in subscribed]
        if missing:
            said = self.env._(
                "Not subscribed to: %(fields)s", fields=", ".join(missing)
            )
            self._say(
                "subscribed",
                ERROR,
                said,
                self.env._(
                    "In Meta's app, under WhatsApp, Configuration, subscribe to these "
                    "fields: what is not subscribed does not arrive."
                ),
            )
            self._notice("field_lost", True, said)
        else:
            self._say("subscribed", OK, ", ".join(NEEDED_FIELDS))
            self._notice("field_lost", False)
        self._compare_app_address()
        self._tell()

    def _compare_app_address(self):
        """Without an override the app's own address counts."""
        line = self._line("webhook")
        own = self.env._("The app's own address is in use.")
        if line["said"] == own and self.app_url not in (
            False,
            self.account_id.webhook_url,
        ):
            self._say_address(
                ERROR,
                self.env._(
                    "Webhooks go to another address: %(url)s", url=self.app_url or "-"
                ),
            )

    def _on_app_subscriptions_failed(self, request, error):
        if error.kind in ("auth", "rights", "refused"):
            self._say("app_secret", ERROR, self._said_by(error), self._other_secret())
            self._offer_renewal("app_secret")
        else:
            self._say_refused("app_secret", error, self._other_secret())
        self._say_not_asked("subscribed")
        self._tell()

    def _on_subscribe_ok(self, request, answer):
        self._say("webhook", OK, self.env._("This server's, for this account."))
        self._tell()

    def _on_subscribe_failed(self, request, error):
        self._say_address(ERROR, self._said_by(error))
        self._tell()
