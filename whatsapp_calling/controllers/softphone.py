"""The farewell of a tab that is closed in a call."""

from odoo import http
from odoo.http import request


class SoftphoneController(http.Controller):
    # a route, because sendBeacon cannot call the ORM
    @http.route("/whatsapp_calling/hang_up", type="jsonrpc", auth="user")
    def hang_up(self, call_id, tab):
        """End the call if this tab still owns it."""
        return request.env["whatsapp.call"].softphone_tab_closed(call_id, tab)
