"""Attempts to call that were refused here: no call, but a line that can be counted.

A call row would be wrong: nothing was asked of WhatsApp, so nothing rang, no limit of
WhatsApp's was used up, and the figures of real calls would be diluted. An event without
a call keeps who wanted to call whom, from which number and why it was refused.
"""

from odoo import api, models


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _log_refused(self, aim, refusal):
        """Note a refused attempt to call; see `_aim` and `_no` for the two."""
        number = aim["number"] or aim["numbers"][:1]
        account = number.account_id or self._account_of_company()
        if not (account and self._is_operator()):
            return  # nothing is set up, or somebody without a phone
        self.env["whatsapp.call.event"].sudo()._append(
            account,
            "dial_refused",
            source="operator",
            number=number,
            contact=aim["contact"],
            user=self.env.user,
            note=refusal["message"],
            data={
                "reason": refusal["reason"],
                "name": aim["name"],
                "phone": aim["digits"] or aim["typed"],
            },
        )

    def _account_of_company(self):
        # sudo: account - an attempt belongs to one, whoever may read it
        return (
            self.env["whatsapp.calling.account"]
            .sudo()
            .search([("company_id", "=", self.env.company.id)], limit=1)
        )
