"""The calls that are going on, for managers who want to help or to listen."""

from odoo import api, models


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def live_calls(self):
        """Live calls of the companies that are ticked, the oldest first.

        :return: {"calls": views as of the softphone, each with `why`: the reason
            nobody can listen to it, or ""; "told": whether operators are told;
            "server_time"}
        """
        if not self._is_manager():
            return {"calls": [], "told": {}, "server_time": self._now_ms()}
        calls = self.search(
            [("state", "in", ("dialing", "ringing", "connected"))], order="id"
        )
        companies = calls.company_id.sudo()
        return {
            "calls": [
                {**call._view(), "sdp": False, "why": call._monitor_refusal()}
                for call in calls
            ],
            "told": {
                company.id: company.whatsapp_calling_monitor_told
                for company in companies
            },
            "server_time": self._now_ms(),
        }
