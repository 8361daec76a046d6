"""Which number a record is called at."""

from odoo import models


class Base(models.AbstractModel):
    _inherit = "base"

    def _whatsapp_phone(self):
        """The number of a record and whose it is: own phone field, else a partner's.

        :return: (phone as written, partner or none)
        """
        self.ensure_one()
        partner = self._whatsapp_partner()
        for name in self._phone_get_number_fields():
            if self[name]:
                return self[name], partner
        return partner.phone or "", partner

    def _whatsapp_partner(self):
        """The customer a record is about, if it names exactly one."""
        self.ensure_one()
        if self._name == "res.partner":
            return self
        # sudo: partner - the caller may read the record, so whom it is about
        partners = self.sudo()._mail_get_partners(introspect_fields=True)
        return partners[self.id][:1].sudo(False)
