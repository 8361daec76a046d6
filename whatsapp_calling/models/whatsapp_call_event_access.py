"""Who may read a call's history: whoever may read the call.

What belongs to no call (permission replies, flagged webhooks) is for managers.
"""

from odoo import api, models
from odoo.fields import Domain


class WhatsappCallEvent(models.Model):
    _inherit = "whatsapp.call.event"

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        calls = self.env["whatsapp.call"]
        if not bypass_access and not calls._sees_all():
            domain = Domain(domain) & Domain("call_id", "in", calls._search([]))
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if not self or self.env["whatsapp.call"]._sees_all():
            return result
        forbidden = result[0] if result else self.browse()
        allowed = self - forbidden
        unreadable = allowed - self.browse(self._search([("id", "in", allowed.ids)]))
        if not unreadable:
            return result
        forbidden |= unreadable
        return forbidden, lambda: self.env["ir.rule"]._make_access_error(
            operation, forbidden
        )
