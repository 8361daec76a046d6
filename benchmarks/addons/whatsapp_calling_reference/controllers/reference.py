"""The least that a webhook of a call can do: what ours is measured against."""

import hashlib
import hmac
import json

from odoo import SUPERUSER_ID, http
from odoo.http import request

SECRET = b"demo-app-secret-1"
OPTIONS = {
    "type": "http",
    "auth": "none",
    "methods": ["POST"],
    "csrf": False,
    "save_session": False,
    "readonly": False,
}


class ReferenceController(http.Controller):
    @http.route("/whatsapp_calling_reference/hook", **OPTIONS)
    def hook(self):
        """Check an HMAC, find a partner, create a row, send on the bus."""
        env = self._signed_env()
        if not env:
            return request.make_response("", status=403)
        value = json.loads(request.httprequest.get_data())["entry"][0]["changes"][0]
        call = value["value"]["calls"][0]
        partner = env["res.partner"].search(
            [("phone_sanitized", "=", f"+{call['from']}")], limit=1
        )
        row = env["whatsapp.calling.reference"].create(
            {"provider_ref": call["id"], "partner_id": partner.id}
        )
        user = env["res.users"].browse(SUPERUSER_ID)
        user._bus_send("whatsapp_calling_reference/row", {"id": row.id})
        return request.make_response("")

    @http.route("/whatsapp_calling_reference/echo/<int:user_id>", **OPTIONS)
    def echo(self, user_id):
        """Send an empty message to a user's tabs."""
        env = self._signed_env()
        if not env:
            return request.make_response("", status=403)
        user = env["res.users"].browse(user_id)
        user._bus_send("whatsapp_calling_reference/echo", {})
        return request.make_response("")

    def _signed_env(self):
        body = request.httprequest.get_data()
        expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        given = request.httprequest.headers.get("X-Hub-Signature-256", "")
        if not hmac.compare_digest(expected, given):
            return None
        request.update_env(user=SUPERUSER_ID, su=True)
        return request.env
