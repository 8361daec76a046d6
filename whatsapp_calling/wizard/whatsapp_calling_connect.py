"""Connect: from a token, an app secret and an account ID to calls that ring.

Nothing of it reaches the accounts before the last step, and the secrets typed in are
kept here, encrypted, for the user who typed them. So a wizard that was closed can be
taken up again, and one that is left changes nothing.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.account.whatsapp_calling_trial import OK, WAITING, WARNING

TRIED = {"token", "app_secret", "waba_id", "base_url", "api_version"}


class WhatsappCallingConnect(models.TransientModel):
    _name = "whatsapp.calling.connect"
    _description = "Connect a WhatsApp account"
    _inherit = ["whatsapp.calling.credentials", "whatsapp.calling.trial"]
    _transient_max_hours = 72.0
    _transient_max_count = 0

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    account_id = fields.Many2one(
        "whatsapp.calling.account",
        help="The one that gets the new secrets; empty while it is being connected.",
    )
    renews = fields.Boolean(help="New secrets for an account that is there already.")
    step = fields.Selection(
        [
            ("secrets", "Secrets"),
            ("numbers", "Numbers"),
            ("webhook", "Webhook"),
            ("ready", "Ready"),
        ],
        required=True,
        default="secrets",
    )
    waba_id = fields.Char(
        "Account ID",
        help="WhatsApp Business Account ID: in Meta's WhatsApp Manager, under the "
        "name of the account.",
    )
    waba_name = fields.Char("Name", readonly=True)
    app_id = fields.Char("App ID", readonly=True)
    number_ids = fields.One2many("whatsapp.calling.connect.number", "connect_id")
    tested = fields.Boolean(compute="_compute_tested")
    # what the app says of its webhooks
    app_url = fields.Char(readonly=True)
    override_url = fields.Char(readonly=True)
    verified_at = fields.Datetime("Address verified by WhatsApp", readonly=True)
    elsewhere = fields.Char(
        compute="_compute_elsewhere",
        help="Where the app sends this account's webhooks so far, if not here.",
    )
    way = fields.Selection(
        [
            ("override", "Odoo sets the address, for this account only"),
            ("app", "I enter the address in Meta's app myself"),
        ],
        "How",
        required=True,
        default="override",
    )
    take_over = fields.Boolean("No other program needs this account's messages")
    ready_lines = fields.Json(compute="_compute_ready_lines")
    done = fields.Boolean(compute="_compute_done")
    in_order = fields.Boolean(compute="_compute_done")  # nothing is left to mend

    @api.depends("lines")
    def _compute_tested(self):
        for connect in self:
            lines = [line for line in connect.lines or [] if line["step"] == "secrets"]
            connect.tested = lines and all(
                line["state"] in (OK, WARNING) for line in lines
            )

    @api.depends("app_url", "override_url", "webhook_url")
    def _compute_elsewhere(self):
        for connect in self:
            address = connect.override_url or connect.app_url
            ours = address == connect.webhook_url
            connect.elsewhere = False if ours else address

    @api.depends("renews")
    def _compute_display_name(self):
        for connect in self:
            if connect.renews:
                connect.display_name = self.env._("New access token")
            else:
                connect.display_name = self.env._("Connect WhatsApp")

    def _compute_busy(self):
        done = super()._compute_busy()
        for connect in self:
            if connect.step == "ready":
                lines = connect.ready_lines or []
                connect.busy = any(line["state"] == WAITING for line in lines)
        return done

    @api.depends("step", "ready_lines")
    def _compute_done(self):
        for connect in self:
            connect.done = connect.step == "ready" and not connect.busy
            lines = connect.ready_lines or []
            connect.in_order = all(line["state"] == OK for line in lines)

    def write(self, vals):
        if TRIED & vals.keys():
            # what was found is not true of other secrets
            vals = {**vals, "lines": [], "step": "secrets", "number_ids": [(5,)]}
        return super().write(vals)

    # ---- opening

    @api.model
    def action_start(self):
        """Open the wizard: the one this user has left half-way, or a new one."""
        open_one = self.search(
            [
                ("user_id", "=", self.env.uid),
                ("step", "!=", "ready"),
                ("renews", "=", False),
                ("company_id", "=", self.env.company.id),
            ],
            order="id desc",
            limit=1,
        )
        return (open_one or self.create({}))._open()

    def action_begin_anew(self):
        """Forget what was typed in and found; nothing else knows of it yet."""
        self.ensure_one()
        if self.busy and self.step == "ready":
            raise UserError(
                self.env._(
                    "WhatsApp is being asked. Wait for its answer, some seconds."
                )
            )
        company = self.company_id
        self.unlink()
        return self.create({"company_id": company.id})._open()

    @api.model
    def _by_webhook_key(self, key):
        # the address may be verified before the account is there
        return self.search([("webhook_key", "=", key)], limit=1)

    def _verified(self):
        """WhatsApp has checked the address that was entered in Meta's app."""
        self.verified_at = fields.Datetime.now()
        self._tell()

    @api.model
    def _renew(self, account):
        """The wizard with which `account` gets new secrets."""
        account.check_access("write")
        return self.create(
            {
                "account_id": account.id,
                "renews": True,
                "company_id": account.company_id.id,
                "waba_id": account.waba_id,
                "base_url": account.base_url,
                "api_version": account.api_version,
            }
        )._open()

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New access token")
            if self.renews
            else self.env._("Connect WhatsApp"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }

    # ---- the steps

    def action_test(self):
        """Ask WhatsApp about token, app, account and numbers."""
        self.ensure_one()
        self._check_typed_in()
        self._refuse_connected()
        self.write({"lines": [], "number_ids": [(5,)], "step": "secrets"})
        self._await(
            {
                "token": self.env._("Access token"),
                "rights": self.env._("Rights of the token"),
                "app_secret": self.env._("App secret"),
                "waba": self.env._("WhatsApp Business Account"),
                "numbers": self.env._("Phone numbers"),
                "webhook": self.env._("Webhooks of the app"),
            },
            step="secrets",
        )
        self._ask("check_token", {})

    def _check_typed_in(self):
        secret = self.app_secret_set or self._kept_secret()
        if not (self.token_set and secret and (self.waba_id or "").strip()):
            raise UserError(
                self.env._(
                    "Enter the access token, the app secret and the account ID first."
                )
            )

    def _kept_secret(self):
        """Whether the app secret of the account goes on when none is typed in."""
        return self.renews and self.account_id.app_secret_set

    def _refuse_connected(self):
        if self.renews:
            return
        connected = self._connected_account()
        if connected:
            raise UserError(self._words_connected(connected))

    def _connected_account(self):
        """The account that has this WABA already, in this company or by this app."""
        # sudo: account - another company's counts as well: WhatsApp has one address
        # for an app's webhooks of a WABA
        return (
            self.env["whatsapp.calling.account"]
            .sudo()
            .search(
                [
                    ("provider", "=", self.provider),
                    ("waba_id", "=", (self.waba_id or "").strip()),
                    "|",
                    ("company_id", "=", self.company_id.id),
                    ("app_id", "in", [self.app_id, False, ""]),
                ],
                limit=1,
            )
        )

    def _words_connected(self, account):
        if account.company_id not in self.env.user.company_ids:
            return self.env._(
                "This WhatsApp account is connected in another company of this "
                "database. One account can be connected once only."
            )
        return self.env._(
            "This WhatsApp account is connected already, as “%(name)s” in "
            "%(company)s, by %(user)s. Open it under Accounts to change it.",
            name=account.name,
            company=account.company_id.name,
            user=account.create_uid.name,
        )

    def action_next(self):
        self.ensure_one()
        if self.step == "secrets":
            if not self.tested:
                raise UserError(
                    self.env._("Test first; each line must be green or amber.")
                )
            self.step = "numbers"
        elif self.step == "numbers":
            if not self.number_ids.filtered("use"):
                raise UserError(self.env._("Choose at least one number."))
            self.step = "webhook"

    def action_back(self):
        self.ensure_one()
        self.step = {"webhook": "numbers"}.get(self.step, "secrets")

    def action_look_again(self):
        """Ask the app again where its webhooks go."""
        self.ensure_one()
        self._await({"webhook": self.env._("Webhooks of the app")}, step="secrets")
        self._ask("subscribed_apps", {"waba_ref": self.waba_id})
        self._ask("app_subscriptions", {"app_id": self.app_id})
