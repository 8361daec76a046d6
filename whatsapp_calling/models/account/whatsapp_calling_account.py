"""A WhatsApp Business account: its state, its numbers, who is told of trouble."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.transaction import run_apart
from .whatsapp_calling_credentials import ADMINISTRATOR


class WhatsappCallingAccount(models.Model):
    _name = "whatsapp.calling.account"
    _description = "WhatsApp Calling Account"
    _inherit = ["whatsapp.calling.credentials", "mail.thread", "mail.activity.mixin"]
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
    waba_id = fields.Char(
        "Account ID",
        copy=False,  # one account for each in a company
        help="WhatsApp Business Account ID, from Meta's WhatsApp Manager.",
    )
    app_id = fields.Char("App ID")
    number_ids = fields.One2many("whatsapp.calling.number", "account_id")
    number_count = fields.Integer(compute="_compute_number_count")
    state = fields.Selection(
        [
            ("connecting", "Being connected"),
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

    _waba_uniq = models.UniqueIndex(
        "(company_id, provider, waba_id) WHERE active AND waba_id > ''",
        "This WhatsApp account is connected in this company already. Open it under "
        "Accounts to change it.",
    )
    _webhook_key_uniq = models.Constraint(
        "UNIQUE(webhook_key)", "Two accounts cannot share one webhook address."
    )

    @api.depends("number_ids")
    def _compute_number_count(self):
        for account in self:
            account.number_count = len(account.number_ids)

    def write(self, vals):
        if {"token", "base_url", "waba_id"} & vals.keys():
            vals = {"state": "draft", "state_message": False, **vals}
        done = super().write(vals)
        if "active" in vals:
            self.company_id._whatsapp_calling_restart_phones()
        return done

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if not self._is_unused():
            raise UserError(
                self.env._("This account has a log. Archive it, and its log stays.")
            )

    def _is_unused(self):
        """Whether no call and nothing else is in the log of these accounts."""
        # sudo: call, event - those of records one may not read count as well
        return not any(
            self.env[model]
            .sudo()
            .search_count([("account_id", "in", self.ids)], limit=1)
            for model in ("whatsapp.call", "whatsapp.call.event")
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
            requests._enqueue(
                number,
                "check",
                {"waba_ref": self.waba_id} if self.waba_id else {},
                expires_in=60,
            )
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

    def _token_refused(self, said):
        """WhatsApp does not take the token any more: nothing works until it does.

        :param said: WhatsApp's words
        """
        self.write(
            {
                "state": "token_rejected",
                "state_message": said,
                "checked_at": fields.Datetime.now(),
            }
        )
        self.env["whatsapp.calling.notice"]._raise_notice(
            self, "token_rejected", detail=said
        )

    def action_check_setup(self):
        """Look at everything that calls need, line by line."""
        self.ensure_one()
        return self.env["whatsapp.calling.check"]._start(self)

    @api.autovacuum
    def _gc_connecting(self):
        """What a wizard began whose answer never came, unless calls came for it."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        left = [("state", "=", "connecting"), ("create_date", "<", limit)]
        for account in self.search(left):
            run_apart(self.env, account._clear_away)

    def _clear_away(self):
        if self._is_unused():
            self.unlink()
        else:
            self.state = "draft"

    def action_renew_token(self):
        """Enter new secrets; they are tested before they replace the old ones."""
        self.ensure_one()
        return self.env["whatsapp.calling.connect"]._renew(self)

    @api.model
    def _by_webhook_key(self, key):
        # in one query what each webhook needs; the key is unique, no order either
        return self.search_fetch(
            [("webhook_key", "=", key)],
            ["company_id", "provider", "app_secret_encrypted"],
            order="id",
            limit=1,
        )
