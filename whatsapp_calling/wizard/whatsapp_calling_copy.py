"""A copied database: keep it silent, make it forget, or say that it is the original."""

from odoo import models
from odoo.exceptions import UserError


class WhatsappCallingCopy(models.TransientModel):
    _name = "whatsapp.calling.copy"
    _description = "Copied Database"

    def action_forget(self):
        """This is a copy: it loses the secrets, and may get an account of its own."""
        self.ensure_one()
        self._refuse_unless_paused()
        # sudo: account - those of every company: the whole database is the copy
        accounts = self.env["whatsapp.calling.account"].sudo()
        accounts = accounts.search([("active", "in", (True, False))])
        accounts = accounts.with_context(active_test=False)
        accounts.write({"state": "draft", "state_message": False})
        for model, field in self.env["whatsapp.calling.keys"]._secret_fields():
            # sudo: secret - whatever holds one, half-finished wizards too
            holders = self.env[model].sudo().with_context(active_test=False)
            holders.search([(field, "!=", False)]).write({field: False})
        # sudo: number - noted, not asked of WhatsApp: the original goes on calling
        accounts.number_ids.write({"calling_enabled": False, "settings_sent": False})
        # sudo: hook - who is told of the original's calls is not told of a copy's
        hooks = self.env["whatsapp.calling.hook"].sudo()
        hooks.search([("active", "=", True)]).active = False
        return self._confirm()

    def action_go_on(self):
        """The original moved here: this database takes the calls from now on."""
        self.ensure_one()
        self._refuse_unless_paused()
        return self._confirm()

    def _refuse_unless_paused(self):
        """Nothing is to be decided: what is decided here is so for every company."""
        if not self.env["res.company"]._whatsapp_calling_paused():
            raise UserError(
                self.env._(
                    "Calling is not paused: nothing says that this database is a copy, "
                    "so there is nothing to decide."
                )
            )

    def _confirm(self):
        """What the copy brought along is not sent any more; what comes now is."""
        # sudo: request - those of every company
        requests = self.env["whatsapp.call.request"].sudo()
        requests.search([("state", "in", ("queued", "sending"))]).write(
            {"state": "cancelled", "payload": False}
        )
        # sudo: delivery - the same for those who are told of calls
        deliveries = self.env["whatsapp.calling.delivery"].sudo()
        deliveries.search([("state", "in", ("queued", "sending"))]).write(
            {"state": "failed", "next_at": False}
        )
        self.env["res.company"]._whatsapp_calling_confirm_database()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
