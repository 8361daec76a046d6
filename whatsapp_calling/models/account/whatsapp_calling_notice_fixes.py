"""Where the fix of each kind of notice is: `_fix_<kind>` gives an action."""

from odoo import models


class WhatsappCallingNotice(models.Model):
    _inherit = "whatsapp.calling.notice"

    def _fix_token_rejected(self):
        return self.account_id.action_renew_token()

    def _fix_token_expiring(self):
        return self._fix_token_rejected()

    def _fix_key_missing(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_calling_rotation_action"
        )

    def _fix_secret_missing(self):
        return self._fix_token_rejected()

    def _fix_webhook_stale(self):
        return self.account_id.action_check_setup()

    def _fix_field_lost(self):
        return self._fix_webhook_stale()

    def _fix_no_websocket(self):
        return self._fix_webhook_stale()

    def _fix_clock_skew(self):
        return self._fix_webhook_stale()

    def _fix_sidecar_down(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_media_sidecar_action"
        )

    def _fix_sidecar_lost(self):
        return self._fix_sidecar_down()

    def _fix_copied_database(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_calling_copy_action"
        )

    def _fix_restricted(self):
        return self._open(self.number_id) if self.number_id else self._open_account()

    def _fix_violation(self):
        return self._fix_restricted()

    def _open_account(self):
        return self._open(self.account_id)

    def _open(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
