"""The last step of Connect: the account comes to be, or nothing does.

WhatsApp checks the webhook address while it is being set, so the account is there
before the question is asked; when WhatsApp refuses, it is taken away again.
"""

from odoo import api, models
from odoo.exceptions import UserError

from ..models.account.whatsapp_calling_trial import ERROR, OK, WAITING, WARNING


class WhatsappCallingConnect(models.TransientModel):
    _inherit = "whatsapp.calling.connect"

    def action_connect(self):
        """Make the account and have WhatsApp send its webhooks here."""
        self.ensure_one()
        if self.step != "webhook" or not self.tested:
            raise UserError(self.env._("Test first; each line must be green or amber."))
        if self.elsewhere and not self.take_over:
            raise UserError(
                self.env._(
                    "Confirm first that no other program needs this account's "
                    "messages, or make an app of its own for Odoo."
                )
            )
        self._refuse_connected()
        account = self._make_account()
        self.write({"account_id": account.id, "step": "ready"})
        self._await({"address": self.env._("Webhook address")}, step="ready")
        payload = {"waba_ref": self.waba_id.strip()}
        if self.way == "override":
            payload["callback_url"] = self.webhook_url
            payload["verify_token"] = self.verify_token
        self._ask("subscribe", payload)

    def _make_account(self):
        chosen = self.number_ids.filtered("use")
        account = self.env["whatsapp.calling.account"].create(
            {
                "name": self.waba_name or self.waba_id,
                "company_id": self.company_id.id,
                "provider": self.provider,
                "base_url": self.base_url,
                "api_version": self.api_version,
                "waba_id": self.waba_id.strip(),
                "app_id": self.app_id,
                # the address and the token may have been copied already
                "webhook_key": self.webhook_key,
                "verify_token": self.verify_token,
                "state": "connecting",
                "number_ids": [(0, 0, self._number_values(row)) for row in chosen],
            }
        )
        self._hand_over(account)
        return account

    def _number_values(self, row):
        return {
            "name": row.name,
            "provider_ref": row.provider_ref,
            "display_number": row.display_number,
            "ring_user_ids": [(6, 0, row.ring_user_ids.ids)],
        }

    def _hand_over(self, account):
        """The secrets, encrypted as they are."""
        # sudo: account - the ciphertexts are no fields of the administrator's
        hidden, ours = account.sudo(), self.sudo()
        hidden.token_encrypted = ours.token_encrypted
        if ours.app_secret_encrypted:
            hidden.app_secret_encrypted = ours.app_secret_encrypted

    def _on_subscribe_ok(self, request, answer):
        account = self.account_id
        if not account:
            return
        account.state = "draft"
        account._answered()
        self._say_address()
        webhook = self._line("webhook")
        if webhook and webhook["state"] == WARNING:
            self.env["whatsapp.calling.notice"]._raise_notice(
                account, "field_lost", detail=webhook["said"]
            )
        # sudo is the pool's: that the company calls is what was asked for
        self.company_id.whatsapp_calling_enabled = True
        for number in account.number_ids.with_user(self.user_id):
            number._ask_calling(True)
        account._sync_templates(self.user_id)
        self._tell()

    def _say_address(self):
        if self.way == "override":
            self._say(
                "address",
                OK,
                self.env._(
                    "WhatsApp has verified it and sends this account's webhooks here."
                ),
            )
        elif self.verified_at or self.app_url == self.webhook_url:
            self._say(
                "address",
                OK,
                self.env._(
                    "WhatsApp has verified it; the app sends its webhooks here."
                ),
            )
        else:
            self._say(
                "address",
                WARNING,
                self.env._("WhatsApp has not verified it yet."),
                self.env._(
                    "In Meta's app, under WhatsApp, Configuration, enter the address "
                    "and the verify token. Until then no call comes in."
                ),
            )

    def _on_subscribe_failed(self, request, error):
        account = self.account_id
        if account and not (error.certain and account._is_unused()):
            # WhatsApp may send its webhooks here already: without an account for
            # them they would be lost
            self._keep_in_doubt(account, error)
            return
        if account.state == "connecting":
            account.unlink()
        self.write({"step": "webhook", "account_id": False})
        todo = self.env._(
            "Nothing was changed in Odoo. WhatsApp must reach the address over https "
            "with a valid certificate; open it in a browser outside your network to "
            "see what is in the way, and try again."
        )
        self._say("address", ERROR, self._said_by(error), todo, step="webhook")
        self._tell()

    def _keep_in_doubt(self, account, error):
        account.state = "draft"
        todo = self.env._(
            "The account is kept, because WhatsApp may send its webhooks here already. "
            "Check setup asks WhatsApp what it has and can set the address again; then "
            "switch calling on in the settings and under Numbers."
        )
        self._say("address", WARNING, self._said_by(error), todo)
        self._tell()

    # ---- what is ready

    @api.depends("lines", "account_id", "step")
    def _compute_ready_lines(self):
        for connect in self:
            connect.ready_lines = connect._ready() if connect.step == "ready" else []

    def _ready(self):
        lines = [line for line in self.lines or [] if line["step"] == "ready"]
        lines += self._unresolved()
        if not self.account_id or self.account_id.state == "connecting":
            return lines
        on = self.company_id.whatsapp_calling_enabled
        company = {
            "key": "company",
            "title": self.env._("Calling in %(company)s", company=self.company_id.name),
            "state": OK if on else ERROR,
            "said": self.env._("Switched on.") if on else self.env._("Switched off."),
        }
        numbers = [self._ready_number(each) for each in self.account_id.number_ids]
        return [*lines, company, *numbers]

    def _unresolved(self):
        """What the tests warned of is as true after connecting as before."""
        return [
            line
            for line in self.lines or []
            if line["step"] == "secrets" and line["state"] == WARNING
        ]

    def _ready_number(self, number):
        line = {"key": f"number-{number.id}", "title": number.display_name}
        if number.calling_enabled:
            said = self.env._("It takes calls. Phones may show the call button late.")
            return line | {"state": OK, "said": said}
        if number.calling_pending:
            said = self.env._("WhatsApp is asked to switch calling on.")
            return line | {"state": WAITING, "said": said}
        return line | {
            "state": WARNING,
            "said": number.settings_error or self.env._("Calling is off."),
            "todo": self.env._(
                "The account is connected. Mend what WhatsApp says, then switch "
                "calling on under Numbers."
            ),
        }

    # ---- new secrets for an account that is there

    def action_renew(self):
        """Put the new, tested secrets in the place of the old ones."""
        self.ensure_one()
        account = self.account_id
        account.check_access("write")
        if not self.renews or not self.tested:
            raise UserError(self.env._("Test first; each line must be green or amber."))
        self._hand_over(account)
        # what was tested, the address included
        account.write(
            {
                "app_id": self.app_id,
                "base_url": self.base_url,
                "api_version": self.api_version,
            }
        )
        account._answered()
        notices = self.env["whatsapp.calling.notice"]
        for kind in ("token_expiring", "key_missing", "secret_missing"):
            notices._resolve_notice(account, kind)
        self.unlink()
        return {
            "type": "ir.actions.act_window",
            "res_model": account._name,
            "res_id": account.id,
            "views": [(False, "form")],
            "target": "main",
        }

    def action_open_account(self):
        return self.account_id._get_records_action()

    def action_finish(self):
        """See whether everything around the account is in order as well."""
        return self.account_id.action_check_setup()

    def action_guide(self):
        """The page of the guide that goes through these steps."""
        return {
            "type": "ir.actions.client",
            "tag": "whatsapp_calling.guide",
            "params": {"page": "connect"},
        }
