"""What WhatsApp answers while an account is being connected, line by line."""

from dataclasses import replace

from odoo import models

from ..models.account.whatsapp_calling_trial import ERROR, OK, WARNING

FIELDS = ("calls", "messages")


class WhatsappCallingConnect(models.TransientModel):
    _inherit = "whatsapp.calling.connect"

    def _credentials(self):
        credentials = super()._credentials()
        if self.app_secret_encrypted or not self._kept_secret():
            return credentials
        secret = self.account_id._secret("app_secret_encrypted")
        return replace(credentials, app_secret=secret)

    def _on_check_token_ok(self, request, answer):
        told = answer.data
        if self._say_token(told):
            self.app_id = told["app_id"]
            waba = {"waba_ref": self.waba_id.strip()}
            for action in ("waba", "list_numbers", "subscribed_apps"):
                self._ask(action, waba, user=self.user_id)
            if self.app_id:
                app = {"app_id": self.app_id}
                self._ask("app_subscriptions", app, user=self.user_id)
        else:
            self._say_not_asked("app_secret", "waba", "numbers", "webhook")
        self._tell()

    def _on_check_token_failed(self, request, error):
        self._say_refused("token", error, self._new_token())
        self._say_not_asked("rights", "app_secret", "waba", "numbers", "webhook")
        self._tell()

    # ---- the account and its numbers

    def _on_waba_ok(self, request, answer):
        told = answer.data["neutral"]
        self.waba_name = told["name"]
        if told["review"] == "rejected":
            self._say(
                "waba",
                ERROR,
                told["name"],
                self.env._(
                    "Meta has rejected this account. WhatsApp Manager says why and "
                    "lets you ask for another review."
                ),
            )
        else:
            self._say("waba", OK, told["name"])
        self._tell()

    def _on_waba_failed(self, request, error):
        self._say_refused(
            "waba",
            error,
            self.env._(
                "Check the account ID: it is the one of the WhatsApp Business Account, "
                "not of a phone number or of the app. And in Meta's business settings "
                "give the system user full control of the account."
            ),
        )
        self._tell()

    def _on_list_numbers_ok(self, request, answer):
        rows = [row for row in answer.data["data"] if isinstance(row, dict)]
        refs = [str(row.get("id")) for row in rows]
        if self.renews:
            self._say_same_numbers(refs)
        elif rows:
            self.number_ids = [(5,), *((0, 0, self._number_of(row)) for row in rows)]
            count = len(rows)
            self._say("numbers", OK, self.env._("Found: %(count)s", count=count))
        else:
            self._say(
                "numbers",
                ERROR,
                self.env._("This account has no phone number."),
                self.env._("Add one in Meta's WhatsApp Manager and test again."),
            )
        self._tell()

    def _number_of(self, row):
        display = row.get("display_phone_number") or str(row.get("id"))
        said = [row.get("verified_name"), row.get("quality_rating")]
        return {
            "provider_ref": str(row.get("id")),
            "display_number": display,
            "name": row.get("verified_name") or display,
            "said": " · ".join(str(part) for part in said if part),
        }

    def _say_same_numbers(self, refs):
        """A new token must be good for the very numbers of the account."""
        lost = self.account_id.number_ids.filtered(
            lambda number: number.provider_ref not in refs
        )
        if lost:
            self._say(
                "numbers",
                ERROR,
                self.env._(
                    "Not in this WhatsApp account: %(numbers)s",
                    numbers=", ".join(lost.mapped("display_number")),
                ),
                self.env._(
                    "The token is of another account, or the numbers were moved. Enter "
                    "a token for the account they are in."
                ),
            )
        else:
            self._say(
                "numbers", OK, self.env._("All numbers of the account are there.")
            )

    def _on_list_numbers_failed(self, request, error):
        self._say_refused(
            "numbers",
            error,
            self.env._("The numbers of the account cannot be read with this token."),
        )
        self._tell()

    # ---- the app's webhooks

    def _on_subscribed_apps_ok(self, request, answer):
        self.override_url = False
        for row in answer.data.get("data") or []:
            app = row.get("whatsapp_business_api_data") or {}
            if str(app.get("id")) == self.app_id:
                self.override_url = row.get("override_callback_uri")
        self._tell()

    def _on_subscribed_apps_failed(self, request, error):
        # what the account's numbers said tells the same; the rest goes on
        self._tell()

    def _on_app_subscriptions_ok(self, request, answer):
        told = answer.data
        self.app_url = told.get("callback_url") or False
        if self.app_url and self.app_url != self.webhook_url:
            self.way = "override"  # the app keeps its address, in any case
        if self._line("app_secret"):
            self._say("app_secret", OK, self.env._("It belongs to the app."))
        subscribed = told.get("fields") or []
        missing = [name for name in FIELDS if name not in subscribed]
        if missing:
            self._say(
                "webhook",
                WARNING,
                self.env._(
                    "The app is not subscribed to: %(fields)s",
                    fields=", ".join(missing),
                ),
                self.env._(
                    "In Meta's app, under WhatsApp, Configuration, subscribe to these "
                    "fields, or nothing arrives. It can be done after connecting."
                ),
            )
        else:
            self._say(
                "webhook",
                OK,
                self.env._("Subscribed to: %(fields)s", fields=", ".join(FIELDS)),
            )
        self._tell()

    def _on_app_subscriptions_failed(self, request, error):
        if error.kind in ("auth", "rights", "refused"):
            said, todo = self._said_by(error), self._other_secret()
            self._say("app_secret", ERROR, said, todo)
        else:
            self._say_refused("app_secret", error, self._other_secret())
        self._say_not_asked("webhook")
        self._tell()
