"""Download of an account's diagnostics."""

import json

from odoo import http
from odoo.http import content_disposition, request


class DiagnosticsController(http.Controller):
    @http.route(
        "/whatsapp_calling/diagnostics/<int:account_id>", auth="user", readonly=True
    )
    def diagnostics(self, account_id):
        """The file, for administrators of calling; 404 for what is not there."""
        account = request.env["whatsapp.calling.account"].browse(account_id).exists()
        if not account:
            raise request.not_found()
        told = json.dumps(account._diagnostics(), indent=2, ensure_ascii=False)
        name = content_disposition("whatsapp_calling_diagnostics.json")
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Disposition", name),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(told, headers)
