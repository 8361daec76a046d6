"""What of calling is switched on for a company, and whether this database may send."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# a copy of the database brings it along, while Odoo gives the copy another uuid
CONFIRMED_UUID = "whatsapp_calling.confirmed_uuid"


class ResCompany(models.Model):
    _inherit = "res.company"

    # each webhook asks: read alone, without the many other fields of a company
    whatsapp_calling_enabled = fields.Boolean("WhatsApp Calling", prefetch=False)
    whatsapp_calling_assistant_enabled = fields.Boolean("AI Voice Agent")
    whatsapp_calling_recording_enabled = fields.Boolean(
        "Call Recording", prefetch=False
    )

    def write(self, vals):
        """Where calling is switched on or off, open pages get or lose their phone."""
        if "whatsapp_calling_enabled" not in vals:
            return super().write(vals)
        on = bool(vals["whatsapp_calling_enabled"])
        switched = self.filtered(lambda c: c.whatsapp_calling_enabled != on)
        done = super().write(vals)
        switched._whatsapp_calling_restart_phones()
        return done

    def _whatsapp_calling_members(self, xmlid):
        """Domain of the users of these companies who have a role."""
        # env.ref would ask the database whether the group still exists
        group_id = self.env["ir.model.data"]._xmlid_to_res_id(xmlid)
        return Domain(
            [
                ("all_group_ids", "in", [group_id]),
                ("company_ids", "in", self.ids),
                ("share", "=", False),
            ]
        )

    def _whatsapp_calling_restart_phones(self):
        """Once this is committed, open pages ask anew whether they have a phone."""
        if self:
            operators = self._whatsapp_calling_members(
                "whatsapp_calling.group_operator"
            )
            # sudo: res.users - their bus channels are all that is needed of them
            users = self.env["res.users"].sudo()
            users.search_fetch(operators, ["partner_id"], order="id")._bus_send(
                "whatsapp_calling/restart", {}
            )

    @api.constrains("whatsapp_calling_assistant_enabled")
    def _check_whatsapp_calling_planned(self):
        """What is only planned cannot be switched on."""
        for company in self:
            if company.whatsapp_calling_assistant_enabled:
                lacks = company._whatsapp_calling_lacks("assistant")
                if lacks:
                    raise ValidationError(lacks)

    def _whatsapp_calling_refusal(self, feature="calling"):
        """Why a feature cannot be used in this company, or "".

        :param feature: "calling", "assistant" or "recording"
        """
        self.ensure_one()
        # sudo: company - whether a feature is on is no secret to its users
        company = self.sudo()
        if self._whatsapp_calling_paused():
            return self.env._(
                "Calling is paused: this database looks like a copy of another one. "
                "An administrator decides in the settings of WhatsApp Calling."
            )
        if not company.whatsapp_calling_enabled:
            return self.env._(
                "WhatsApp Calling is switched off for %(company)s. An administrator "
                "can switch it on in the settings of WhatsApp Calling.",
                company=company.name,
            )
        if feature == "assistant" and not company.whatsapp_calling_assistant_enabled:
            return self.env._(
                "The AI voice agent is switched off for %(company)s.",
                company=company.name,
            )
        if feature == "recording" and not company.whatsapp_calling_recording_enabled:
            return self.env._(
                "Call recording is switched off for %(company)s.", company=company.name
            )
        return self._whatsapp_calling_lacks(feature)

    def _whatsapp_calling_lacks(self, feature):
        """What a feature still needs that is not here, or ""."""
        if feature == "assistant":
            return self.env._(
                "The AI voice agent needs the media sidecar, which is not part of "
                "this version yet: for now nothing answers by itself."
            )
        return ""

    @api.model
    def _whatsapp_calling_paused(self):
        """Whether nothing may be sent, because this database may be a copy.

        Neutralizing empties the confirmed uuid; duplicating or restoring a database
        as a copy gives it another one.
        """
        # sudo: parameter - asked for by everybody's call
        parameters = self.env["ir.config_parameter"].sudo()
        confirmed = parameters.get_param(CONFIRMED_UUID)
        return confirmed != parameters.get_param("database.uuid")

    @api.model
    def _whatsapp_calling_confirm_database(self):
        """This database is the one that calls: go on sending."""
        # sudo: parameter - of ours; who may is checked by the caller
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(CONFIRMED_UUID, parameters.get_param("database.uuid"))
        self._whatsapp_calling_watch_copy()

    @api.model
    def _whatsapp_calling_watch_copy(self):
        """Raise a notice on each account while this may be a copy, resolve it after."""
        paused = self._whatsapp_calling_paused()
        notices = self.env["whatsapp.calling.notice"]
        # sudo: account - looked after by the server
        accounts = self.env["whatsapp.calling.account"].sudo()
        for account in accounts.search([("active", "=", True)]):
            if paused:
                notices._raise_notice(account, "copied_database")
            else:
                notices._resolve_notice(account, "copied_database")

    @api.model
    def _whatsapp_calling_first_database(self):
        """At the installation: the database it is done in is the original."""
        # sudo: parameter - run by the installation only
        parameters = self.env["ir.config_parameter"].sudo()
        if not parameters.search_count([("key", "=", CONFIRMED_UUID)], limit=1):
            self._whatsapp_calling_confirm_database()
