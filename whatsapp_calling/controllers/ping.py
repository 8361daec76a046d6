"""The route that shows our public address to be ours."""

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..tools import crypto, ping

PATH = "/whatsapp_calling/ping"


class PingController(http.Controller):
    @http.route(
        f"{PATH}/<string:key>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=True,
        max_content_length=1024,
    )
    def ping(self, key):
        """Answer a question signed with the account's app secret; 403 for others."""
        request.update_env(user=SUPERUSER_ID, su=True)
        account = request.env["whatsapp.calling.account"]._by_webhook_key(key)
        try:
            secret = account and account._secret("app_secret_encrypted")
        except crypto.CryptoError:
            secret = ""
        nonce = request.httprequest.get_data(as_text=True)
        signature = request.httprequest.headers.get(ping.HEADER) or ""
        if not secret or not ping.is_signed(secret, "ping", nonce, signature):
            return request.make_response("Not for you.", status=403)
        parameters = request.env["ir.config_parameter"].sudo()
        uuid = parameters.get_param("database.uuid")
        return request.make_json_response(
            {
                "signature": ping.sign(secret, "pong", nonce),
                "database": ping.sign(secret, f"database {uuid}", nonce),
            }
        )
