"""A phone number of an account: whether it may be called, and who rings."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools import phone


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
    calling_enabled = fields.Boolean("Calling", copy=False)
    enabled_at = fields.Datetime("Last enabled", readonly=True, copy=False)
    enabled_by_id = fields.Many2one("res.users", readonly=True, copy=False)
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

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("calling_enabled"):
                vals.setdefault("enabled_at", fields.Datetime.now())
                vals.setdefault("enabled_by_id", self.env.uid)
        return super().create(vals_list)

    def write(self, vals):
        if vals.get("calling_enabled"):
            for company in self.company_id:
                refusal = company._whatsapp_calling_refusal()
                if refusal:
                    raise UserError(refusal)
            unable = self.filtered(lambda number: not number.account_id._can("ANSWER"))
            if unable:
                raise UserError(
                    self.env._(
                        "%(number)s: its provider cannot take calls here.",
                        number=unable[0].display_name,
                    )
                )
            vals = {
                "enabled_at": fields.Datetime.now(),
                "enabled_by_id": self.env.uid,
                **vals,
            }
        return super().write(vals)

    def _operators(self):
        """Users whom a call to this number may ring, in no order."""
        self.ensure_one()
        # env.ref would ask the database whether the group still exists
        group_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "whatsapp_calling.group_operator"
        )
        domain = Domain(
            [
                ("all_group_ids", "in", [group_id]),
                ("company_ids", "in", self.company_id.ids),
                ("share", "=", False),
            ]
        )
        # sudo: res.users - who rings is decided before anyone is asked
        chosen = self.sudo().ring_user_ids
        if chosen:
            domain &= Domain("id", "in", chosen.ids)
        # the partner's bus channel is all that a ring needs of a user
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

    def _softphone_view(self):
        """{id, label, display, company_id} for the softphone."""
        self.ensure_one()
        return {
            "id": self.id,
            "label": self.name,
            "display": self.display_number,
            "company_id": self.company_id.id,
        }
