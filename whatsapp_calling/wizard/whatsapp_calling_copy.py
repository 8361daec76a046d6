"""A copied database: keep it silent, make it forget, or say that it is the original."""

from odoo import models


class WhatsappCallingCopy(models.TransientModel):
    _name = "whatsapp.calling.copy"
    _description = "Copied Database"

    def action_forget(self):
        """This is a copy: it loses the secrets, and may get an account of its own."""
        self.ensure_one()
        # sudo: account - those of every company: the whole database is the copy
        accounts = self.env["whatsapp.calling.account"].sudo()
        accounts = accounts.with_context(active_test=False).search([])
        accounts.write(
            {
                "token_encrypted": False,
                "app_secret_encrypted": False,
                "state": "draft",
                "state_message": False,
            }
        )
        self.env.flush_all()
        # not through WhatsApp: the number goes on being called at the original
        self.env.cr.execute(
            "UPDATE whatsapp_calling_number SET calling_enabled = FALSE"
        )
        self.env.invalidate_all()
        return self._confirm()

    def action_go_on(self):
        """The original moved here: this database takes the calls from now on."""
        self.ensure_one()
        return self._confirm()

    def _confirm(self):
        """What the copy brought along is not sent any more; what comes now is."""
        # sudo: request - those of every company
        requests = self.env["whatsapp.call.request"].sudo()
        requests.search([("state", "in", ("queued", "sending"))]).write(
            {"state": "cancelled", "payload": False}
        )
        self.env["res.company"]._whatsapp_calling_confirm_database()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
