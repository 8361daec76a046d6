"""Whether the numbers that want a media server have one: a notice while they do not."""

from odoo import api, models


class WhatsappMediaSidecar(models.Model):
    _inherit = "whatsapp.media.sidecar"

    @api.model
    def _watch(self):
        """Raise the notice where no sidecar runs, resolve it after (every minute)."""
        notices = self.env["whatsapp.calling.notice"]
        # sudo: account, unit - looked after by the server
        accounts = self.env["whatsapp.calling.account"].sudo()
        for account in accounts.search([("active", "=", True)]):
            wanting = account.number_ids.filtered(
                lambda n: n.calling_enabled and n._wants_media_server()
            )
            running = self.env["whatsapp.media.unit"].sudo()._running(account)
            if wanting and not running:
                names = ", ".join(wanting.mapped("display_name"))
                notices._raise_notice(account, "sidecar_down", detail=names)
            else:
                notices._resolve_notice(account, "sidecar_down")


class WhatsappMediaUnit(models.Model):
    _inherit = "whatsapp.media.unit"

    @api.model
    def _running(self, account):
        """The processes that run for an account's company, busy ones too."""
        units = self.search([("sidecar_id.active", "=", True)])
        company = account.company_id
        return units.filtered(
            lambda unit: unit.up and company in (unit.sidecar_id.company_ids or company)
        )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _sweep_parts(self):
        return [
            *super()._sweep_parts(),
            self.env["whatsapp.media.sidecar"]._watch,
            self.env["whatsapp.media.nonce"]._forget,
        ]
