"""A phone number of an account: whether it may be called, and who rings."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ...tools import phone

ADMINISTRATOR = "whatsapp_calling.group_administrator"
MANAGER = "whatsapp_calling.group_manager"
# what a number is at WhatsApp: a manager who changes it takes calls from others
IDENTITY = frozenset({"active", "account_id", "provider_ref", "display_number"})


class WhatsappCallingNumber(models.Model):
    _name = "whatsapp.calling.number"
    _description = "WhatsApp Calling Number"
    _order = "sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(default=10)
    name = fields.Char("Label", required=True)
    active = fields.Boolean(default=True)
    account_id = fields.Many2one(
        "whatsapp.calling.account", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True
    )
    provider_ref = fields.Char(
        "Phone number ID", required=True, help="From Meta's WhatsApp Manager."
    )
    display_number = fields.Char("Phone number", required=True)
    wa_id = fields.Char("Digits", compute="_compute_wa_id", store=True)
    health = fields.Char("What WhatsApp says of it", readonly=True, copy=False)
    messaging_limit = fields.Char(
        readonly=True,
        copy=False,
        help="How many customers a day WhatsApp lets this number write to. Calling "
        "can be switched on from 2,000 on.",
    )
    connection = fields.Selection(
        [
            ("untested", "Not tested"),
            ("connected", "Connected"),
            ("restricted", "Restricted"),
            ("failing", "Failing"),
            ("token_rejected", "Token rejected"),
        ],
        compute="_compute_connection",
        help="How the last test of the account went, and whether WhatsApp has "
        "restricted the number.",
    )
    ring_user_ids = fields.Many2many(
        "res.users",
        string="Who rings",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Empty: every operator of the company.",
    )
    ring_seconds = fields.Integer(
        "Ring for", default=60, help="WhatsApp itself gives up after 30 to 60 seconds."
    )
    assignee_seconds = fields.Integer(
        "Assignee alone for",
        default=10,
        help="Seconds for which only the person a ticket, lead or customer is "
        "assigned to rings, before everybody does. 0: all at once.",
    )
    pre_accept = fields.Boolean(
        "Connect before answering",
        default=True,
        help="Media is set up before the call is answered, so that the first word "
        "is heard. An answer that WhatsApp refuses can then only be tried again by "
        "the same person.",
    )

    _provider_ref_uniq = models.Constraint(
        "UNIQUE(account_id, provider_ref)", "This number is already in the account."
    )

    @api.depends("display_number")
    def _compute_wa_id(self):
        for number in self:
            number.wa_id = phone.wa_id(number.display_number)

    @api.depends("name", "display_number")
    def _compute_display_name(self):
        for number in self:
            number.display_name = f"{number.name} ({number.display_number})"

    @api.depends("account_id.state", "outbound_until", "inbound_until")
    def _compute_connection(self):
        by_account = {"draft": "untested", "failed": "failing"}
        for number in self:
            # sudo: account - operators may know that a number does not work
            state = number.account_id.sudo().state
            if state == "connected" and number._restrictions():
                state = "restricted"
            number.connection = by_account.get(state, state)

    @api.constrains("ring_seconds", "assignee_seconds")
    def _check_seconds(self):
        for number in self:
            if not 10 <= number.ring_seconds <= 120:
                raise ValidationError(
                    self.env._("A call can ring for 10 to 120 seconds.")
                )
            if not 0 <= number.assignee_seconds < number.ring_seconds:
                raise ValidationError(
                    self.env._("The assignee rings for less than the whole ring time.")
                )

    def write(self, vals):
        self._check_may_write(vals)
        return super().write(vals)

    def _check_may_write(self, vals):
        """A manager decides who rings, an administrator which number it is.

        What WhatsApp says of a number is written by code only, which has sudo.
        """
        if self.env.su:
            return
        told = {
            name
            for name in vals
            if name in self._fields and self._fields[name].readonly
        }
        if told:
            raise AccessError(
                self.env._("What WhatsApp says of a number cannot be written by hand.")
            )
        if IDENTITY & vals.keys() and not self.env.user.has_group(ADMINISTRATOR):
            raise AccessError(
                self.env._(
                    "Only an administrator of WhatsApp Calling may change which "
                    "number this is, or archive it."
                )
            )

    # ---- who rings, who may know, who may call

    def _operators(self):
        """Users whom a call to this number may ring, in no order."""
        self.ensure_one()
        domain = self._of_group("whatsapp_calling.group_operator")
        # sudo: res.users - who rings is decided before anyone is asked
        chosen = self.sudo().ring_user_ids
        if chosen:
            domain &= Domain("id", "in", chosen.ids)
        return self._users(domain)

    def _managers(self):
        """Users who are told what happens to this number."""
        return self._users(self._of_group(MANAGER))

    def _of_group(self, xmlid):
        return self.company_id._whatsapp_calling_members(xmlid)

    @api.model
    def _users(self, domain):
        # sudo: res.users - the partner's bus channel is all that is needed of a user
        users = self.env["res.users"].sudo()
        return users.search_fetch(domain, ["partner_id"], order="id")

    @api.model
    def _usable(self, companies):
        """Enabled numbers of companies: those that show call buttons."""
        # sudo: number - an operator may dial from every number of their companies
        return self.sudo().search(
            [
                ("calling_enabled", "=", True),
                ("account_id.active", "=", True),
                ("company_id", "in", companies.ids),
                ("company_id.whatsapp_calling_enabled", "=", True),
            ]
        )

    def _ringing_refusal(self):
        """Why nobody is rung for a call to this number; "" when it may ring."""
        self.ensure_one()
        refusal = self.company_id._whatsapp_calling_refusal()
        if not refusal and not self.calling_enabled:
            refusal = self.env._("Calling is switched off for this number")
        return refusal

    def _calling_refusal(self):
        """Why no call may be placed from this number; "" when one may."""
        self.ensure_one()
        refusal = self._ringing_refusal()
        until = not refusal and self._restrictions().get("outbound")
        if not until:
            return refusal
        return self.env._(
            "WhatsApp does not let %(number)s place calls until %(until)s.",
            number=self.display_name,
            until=self._moment_text(until),
        )

    def _moment_text(self, moment):
        """A moment in words of whoever reads it, in their time zone."""
        return format_datetime(self.env, moment, dt_format="short")

    def _softphone_view(self):
        """{id, label, display, company_id} for the softphone."""
        self.ensure_one()
        return {
            "id": self.id,
            "label": self.name,
            "display": self.display_number,
            "company_id": self.company_id.id,
        }
