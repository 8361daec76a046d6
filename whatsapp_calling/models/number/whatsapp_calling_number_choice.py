"""Which number dials, and the words it asks with: defaults of company, team and user.

Last used with the customer, then the team's, the user's, the company's, the first.
"""

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_number_id = fields.Many2one(
        "whatsapp.calling.number",
        "Number that calls",
        domain="[('company_id', '=', id), ('calling_enabled', '=', True)]",
        help="Used when neither the customer, the team nor the user has one.",
    )
    whatsapp_calling_permission_text = fields.Char(
        "Permission request",
        translate=True,
        default=lambda self: self.env._("Can we give you a quick call?"),
        help="The message that asks a customer whether we may call; whoever asks can "
        "change it each time.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    whatsapp_calling_number_id = fields.Many2one(
        related="company_id.whatsapp_calling_number_id",
        readonly=False,
        domain="[('company_id', '=', company_id), ('calling_enabled', '=', True)]",
    )
    whatsapp_calling_permission_text = fields.Char(
        related="company_id.whatsapp_calling_permission_text", readonly=False
    )


class ResUsers(models.Model):
    _inherit = "res.users"

    whatsapp_calling_number_id = fields.Many2one(
        "whatsapp.calling.number",
        "WhatsApp number I call from",
        domain="[('calling_enabled', '=', True)]",
        help="Used when neither the customer nor the team has one.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "whatsapp_calling_number_id"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, "whatsapp_calling_number_id"]


class Base(models.AbstractModel):
    _inherit = "base"

    def _whatsapp_team_number(self):
        """The number of the team that a record belongs to; bridges know teams."""
        return self.env["whatsapp.calling.number"]


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    permission_text = fields.Char(
        "Permission request",
        translate=True,
        help="The message that asks a customer whether we may call. Empty: the "
        "company's.",
    )

    def _to_dial_with(self, contact=None, record=None):
        """The one of these numbers that calls a contact about a record.

        :param self: the numbers that may be used, in their order; of one company
            when the contact is known
        """
        for candidate in self._candidates_to_dial_with(contact, record):
            if candidate and candidate.id in self.ids:
                return self.browse(candidate.id)
        return self[:1]

    def _candidates_to_dial_with(self, contact, record):
        if len(self) < 2:
            return
        if contact:
            # sudo: call - which number was used is no secret to who may use it
            last = (
                self.env["whatsapp.call"]
                .sudo()
                .search(
                    [("contact_id", "=", contact.id), ("number_id", "in", self.ids)],
                    limit=1,
                )
            )
            yield last.number_id
        if record:
            # sudo: team - its number is used, whoever may see the team
            yield record.sudo()._whatsapp_team_number()
        yield self.env.user.sudo().whatsapp_calling_number_id
        # sudo: company - a default of the company, for all who call from it
        company = contact.company_id if contact else self.env.company
        yield company.sudo().whatsapp_calling_number_id

    def _permission_text(self):
        company = self.sudo().company_id or self.env.company
        return (
            self.permission_text
            or company.whatsapp_calling_permission_text
            or self.env._("Can we give you a quick call?")
        )

    def _button_text(self):
        return self.env._("You can call us right here on WhatsApp.")
