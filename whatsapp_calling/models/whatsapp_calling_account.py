"""A WhatsApp Business account: where its provider is, and the secrets for it."""

import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from ..providers import PROVIDERS
from ..providers.base import Capabilities, Credentials
from ..tools import crypto

ADMINISTRATOR = "whatsapp_calling.group_administrator"


class WhatsappCallingAccount(models.Model):
    _name = "whatsapp.calling.account"
    _description = "WhatsApp Calling Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "company_id, name"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    provider = fields.Selection(
        [("meta", "WhatsApp Cloud API")], required=True, default="meta"
    )
    base_url = fields.Char(
        "API address",
        required=True,
        default="https://graph.facebook.com",
        groups=ADMINISTRATOR,
    )
    api_version = fields.Char("API version", default="v25.0", groups=ADMINISTRATOR)
    waba_id = fields.Char(
        "Account ID", help="WhatsApp Business Account ID, from Meta's WhatsApp Manager."
    )
    app_id = fields.Char("App ID")
    token = fields.Char(
        "Access token",
        compute="_compute_secrets",
        inverse="_inverse_token",
        groups=ADMINISTRATOR,
        copy=False,
        help="Of a system user, with the rights whatsapp_business_messaging and "
        "whatsapp_business_management. Stored encrypted and never shown again.",
    )
    token_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    token_set = fields.Boolean(compute="_compute_secrets", groups=ADMINISTRATOR)
    app_secret = fields.Char(
        compute="_compute_secrets",
        inverse="_inverse_app_secret",
        groups=ADMINISTRATOR,
        copy=False,
        help="Proves that a webhook comes from Meta: without it every webhook is "
        "refused. Stored encrypted and never shown again.",
    )
    app_secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    app_secret_set = fields.Boolean(compute="_compute_secrets", groups=ADMINISTRATOR)
    verify_token = fields.Char(
        default=lambda self: secrets.token_urlsafe(18),
        groups=ADMINISTRATOR,
        copy=False,
        help="Enter it in Meta's app beside the webhook address.",
    )
    webhook_key = fields.Char(
        required=True,
        default=lambda self: secrets.token_urlsafe(18),
        groups=ADMINISTRATOR,
        copy=False,
    )
    webhook_url = fields.Char(
        "Webhook address", compute="_compute_webhook_url", groups=ADMINISTRATOR
    )
    number_ids = fields.One2many("whatsapp.calling.number", "account_id")
    number_count = fields.Integer(compute="_compute_number_count")
    state = fields.Selection(
        [
            ("draft", "Not tested"),
            ("connected", "Connected"),
            ("token_rejected", "Token rejected"),
            ("failed", "Failing"),
        ],
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    state_message = fields.Char("What the provider said", readonly=True, copy=False)
    checked_at = fields.Datetime("Tested on", readonly=True, copy=False)

    _webhook_key_uniq = models.Constraint(
        "UNIQUE(webhook_key)", "Two accounts cannot share one webhook address."
    )

    @api.constrains("base_url")
    def _check_base_url(self):
        for account in self:
            url = account.base_url or ""
            local = url.startswith(("http://localhost", "http://127.0.0.1"))
            if not (url.startswith("https://") or local):
                raise ValidationError(
                    self.env._(
                        "The API address must start with https://, or the access "
                        "token would travel in the open: %(url)s",
                        url=url,
                    )
                )

    @api.depends("token_encrypted", "app_secret_encrypted")
    def _compute_secrets(self):
        for account in self:
            # sudo: account - that a secret is set may be known, never the secret
            hidden = account.sudo()
            account.token = account.app_secret = False
            account.token_set = bool(hidden.token_encrypted)
            account.app_secret_set = bool(hidden.app_secret_encrypted)

    def _inverse_token(self):
        self._keep_secret("token", "token_encrypted")

    def _inverse_app_secret(self):
        self._keep_secret("app_secret", "app_secret_encrypted")

    def _keep_secret(self, written, stored):
        """Encrypt what was typed; a blank field keeps the secret there is."""
        for account in self:
            value = (account[written] or "").strip()
            if value:
                # sudo: account - the ciphertext is no field of the administrator's
                account.sudo()[stored] = self.env["whatsapp.calling.keys"]._encrypt(
                    value
                )
        # or the answer to saving would hold what was typed
        self.invalidate_recordset([written])

    @api.depends("webhook_key")
    def _compute_webhook_url(self):
        for account in self:
            account.webhook_url = (
                f"{account.get_base_url()}/whatsapp_calling/webhook/"
                f"{account.webhook_key}"
            )

    @api.depends("number_ids")
    def _compute_number_count(self):
        for account in self:
            account.number_count = len(account.number_ids)

    def write(self, vals):
        if {"token", "base_url", "waba_id"} & vals.keys():
            vals = {"state": "draft", "state_message": False, **vals}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if (
            self.env["whatsapp.call"]
            .sudo()
            .search_count([("account_id", "in", self.ids)], limit=1)
        ):
            raise UserError(
                self.env._("This account has calls. Archive it, and its log stays.")
            )

    def action_test_connection(self):
        """Ask the provider about each number; the answer comes as a notification."""
        self.ensure_one()
        self.check_access("write")
        if not self.token_set:
            raise UserError(self.env._("Enter the access token and save first."))
        if not self.number_ids:
            raise UserError(self.env._("Add a phone number to the account first."))
        requests = self.env["whatsapp.call.request"]
        for number in self.number_ids:
            requests._enqueue(number, "check", {}, expires_in=60)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("WhatsApp is asked; the answer appears here."),
            },
        }

    def _administrators(self):
        """Who is told when something is wrong with the account."""
        self.ensure_one()
        # sudo: res.users - whoever notices it may not read the users
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", self.env.ref(ADMINISTRATOR).ids),
                    ("company_ids", "in", self.company_id.ids),
                    ("share", "=", False),
                ]
            )
        )

    def _answered(self):
        """WhatsApp took the token."""
        self.write(
            {
                "state": "connected",
                "state_message": False,
                "checked_at": fields.Datetime.now(),
            }
        )
        self.env["whatsapp.calling.notice"]._resolve_notice(self, "token_rejected")

    def _token_refused(self, error):
        """WhatsApp does not take the token any more: nothing works until it does."""
        self.write(
            {
                "state": "token_rejected",
                "state_message": error.message,
                "checked_at": fields.Datetime.now(),
            }
        )
        self.env["whatsapp.calling.notice"]._raise_notice(
            self, "token_rejected", detail=error.message
        )

    @property
    def _provider(self):
        return PROVIDERS[self.provider]

    def _can(self, capability):
        """Whether the provider of this account can do `capability` (its name)."""
        return bool(self._provider.capabilities & Capabilities[capability])

    def _credentials(self):
        """The secrets in clear, for one request.

        :raises crypto.KeyMissing: the key that encrypted them is not here
        """
        self.ensure_one()
        return Credentials(
            token=self._secret("token_encrypted"),
            app_secret=self._secret("app_secret_encrypted"),
            base_url=self.base_url.rstrip("/"),
            api_version=self.api_version or "",
        )

    def _secret(self, stored):
        ciphertext = self.sudo()[stored]
        if not ciphertext:
            return ""
        return crypto.decrypt(ciphertext, data_dir=config["data_dir"])

    @api.model
    def _by_webhook_key(self, key):
        # in one query what each webhook needs; the key is unique, no order either
        return self.search_fetch(
            [("webhook_key", "=", key)],
            ["company_id", "provider", "app_secret_encrypted"],
            order="id",
            limit=1,
        )
