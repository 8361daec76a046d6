"""Where a provider is, and the secrets for it: of an account, or of one that is
being connected."""

import secrets

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import config

from ...providers import PROVIDERS
from ...providers.base import Capabilities, Credentials
from ...tools import crypto
from ...tools.address import is_safe

ADMINISTRATOR = "whatsapp_calling.group_administrator"


class WhatsappCallingCredentials(models.AbstractModel):
    _name = "whatsapp.calling.credentials"
    _description = "WhatsApp Calling Credentials"

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

    @api.constrains("base_url")
    def _check_base_url(self):
        for account in self:
            url = account.base_url or ""
            if not is_safe(url):
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
