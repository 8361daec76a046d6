"""Web push for those who are rung while no Odoo page is open, or nobody is at it.

The browser itself must still run: it is what shows a push.

Odoo's own devices, keys, encryption and service worker (mail); only when and for how
long is ours. Pushes leave from the pool after the commit, never in a transaction.
"""

import json
import logging
import time
from functools import partial

import requests

from odoo import api, fields, models

from odoo.addons.mail.tools.web_push import (
    PUSH_NOTIFICATION_TYPE,
    DeviceUnreachableError,
    push_to_end_point,
)

from ...tools import pool
from ...tools.transaction import run_in_transaction

_logger = logging.getLogger(__name__)

# seconds for which a push service keeps what takes a ring away again; not 0, which
# Microsoft's refuses. Nobody sees it when the ring never came
CANCEL_TTL = 3600


class RingSession(requests.Session):
    """Posts a push that is worth nothing once the call has stopped ringing.

    :param ttl: seconds for which the push service keeps it for a sleeping device
    """

    def __init__(self, ttl, topic):
        super().__init__()
        # RFC 8030: a later push of the same topic takes the place of one that waits
        self._ring_headers = {"TTL": str(ttl), "Urgency": "high", "Topic": topic}

    def post(self, url, headers=None, **kwargs):
        return super().post(url, headers={**headers, **self._ring_headers}, **kwargs)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _ring_users(self, users):
        new = users - self.rung_user_ids
        result = super()._ring_users(users)
        if new:
            self._push_soon("_push_ring", new)
        return result

    def _derive(self):
        rang = self._rings()
        result = super()._derive()
        if rang and not self._rings():
            self._push_soon("_push_cancel", self.rung_user_ids)
        return result

    def _take(self, user, tab, state="ringing"):
        taken = super()._take(user, tab, state)
        if taken and state != "ringing":
            self._push_soon("_push_cancel", self.rung_user_ids)
        return taken

    def _rings(self):
        return self.direction == "inbound" and self.state == "ringing"

    def _push_soon(self, method, users):
        # sudo: parameter - Odoo makes the key for the first device that subscribes
        parameters = self.env["ir.config_parameter"].sudo()
        if not parameters.get_param("mail.web_push_vapid_public_key"):
            return
        pool.submit_after_commit(
            self.env, self._name, method, self.id, tuple(users.ids), lane=pool.PUSH
        )

    @api.model
    def _push_ring(self, call_id, user_ids):
        """Show the call on the devices of those who are at no Odoo page (pool)."""
        self._push(self.browse(call_id), user_ids, ring=True)

    @api.model
    def _push_cancel(self, call_id, user_ids):
        """Take it away again: answered, declined or given up (pool)."""
        self._push(self.browse(call_id), user_ids, ring=False)

    def _push(self, call, user_ids, ring):
        prepare = partial(call._prepare_pushes, user_ids, ring)
        pushes = run_in_transaction(self.env, prepare)
        dead = [device_id for device_id, send in pushes if not send()]
        if dead:
            devices = self.env["mail.push.device"]
            run_in_transaction(self.env, devices.browse(dead).exists().unlink)

    def _prepare_pushes(self, user_ids, ring):
        """Everything that sending needs, read in one transaction.

        :return: [(device id, send)]; `send()` is false when the device is gone
        """
        if not self.exists() or self._rings() != ring:
            return []
        seconds = self._seconds_to_ring() if ring else 0
        if ring and seconds <= 0:
            return []
        users = self.env["res.users"].browse(user_ids)
        if ring:
            users = users.filtered(lambda user: not self._has_odoo_open(user))
        threads = self.env["mail.thread"]
        devices, private_key, public_key = threads._web_push_get_partners_parameters(
            users.partner_id.ids
        )
        session = RingSession(seconds or CANCEL_TTL, f"whatsapp-call-{self.id}")
        give_up = time.monotonic() + max(seconds, 10)
        return [
            (
                device.id,
                partial(
                    _send_push,
                    give_up,
                    base_url=self.get_base_url(),
                    device={
                        "id": device.id,
                        "endpoint": device.endpoint,
                        "keys": device.keys,
                    },
                    payload=json.dumps(self._push_payload(device.partner_id, ring)),
                    vapid_private_key=private_key,
                    vapid_public_key=public_key,
                    session=session,
                ),
            )
            for device in devices
        ]

    def _seconds_to_ring(self):
        return int((self._give_up_at() - fields.Datetime.now()).total_seconds())

    def _has_odoo_open(self, user):
        """Whether the user is at an Odoo page: it shows the call itself.

        Who is away, by mail's presence, may have left it open and hear nothing.
        """
        return "online" in user.presence_ids.mapped("status")

    def _push_payload(self, partner, ring):
        """What the service worker shows, in the language of who is rung."""
        tag = f"whatsapp-call-{self.id}"
        if not ring:
            cancel = {"type": PUSH_NOTIFICATION_TYPE.CANCEL}
            return {"title": "", "options": {"tag": tag, "data": cancel}}
        call = self.with_context(lang=partner.lang)
        words = [call.contact_id.display_name, call.number_id.name]
        return {
            "title": call.env._("Incoming WhatsApp call"),
            "options": {
                "body": " → ".join(filter(None, words)),
                "icon": "/whatsapp_calling/static/description/icon.png",
                "tag": tag,
                "requireInteraction": True,
                "vibrate": [200, 100, 200, 100, 200],
                "data": {
                    "type": PUSH_NOTIFICATION_TYPE.CALL,
                    "model": self._name,
                    "res_id": self.id,
                },
            },
        }


def _send_push(give_up, **push):
    """Hand one push to its service; false when the service knows the device no more."""
    if time.monotonic() > give_up:
        return True  # nobody would hear it any more
    try:
        push_to_end_point(**push)
    except DeviceUnreachableError:
        return False
    except Exception as error:
        # no endpoint in the log: who knows it can push to the device
        _logger.warning("A web push failed: %s", type(error).__name__)
    return True
