"""Our part of the service worker, which shows pushed calls."""

from odoo.http import request
from odoo.tools import file_open

from odoo.addons.mail.controllers.webmanifest import WebManifest


class CallingWebManifest(WebManifest):
    def _get_service_worker_content(self):
        body = super()._get_service_worker_content()
        if request.env.user._is_internal():
            # in front: the first listener of a click decides
            with file_open("whatsapp_calling/static/lib/push_worker.js") as worker:
                body = worker.read() + body
        return body
