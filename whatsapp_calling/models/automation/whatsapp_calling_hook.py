"""Outgoing webhooks: whom we tell of calls, and of which happenings.

Odoo's own "Send Webhook Notification" waits for the receiver in the transaction's own
thread, signs nothing, tries once and keeps no log: fine in an automation rule, too
little for another system that must not miss a call.
"""

import json
import uuid

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import config

from ...tools import crypto
from ...tools.address import is_safe
from ...tools.hook_signature import is_secret, new_secret

EVENTS = {
    "call.ringing": "on_ringing",
    "call.answered": "on_answered",
    "call.missed": "on_missed",
    "call.rejected": "on_rejected",
    "call.ended": "on_ended",
    "permission.granted": "on_permission",
    "permission.declined": "on_permission",
    "permission.revoked": "on_permission",
}


class WhatsappCallingHook(models.Model):
    _name = "whatsapp.calling.hook"
    _description = "WhatsApp Calling Outgoing Webhook"
    _order = "company_id, name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    url = fields.Char(
        "Address", required=True, help="Where the events are sent, by POST as JSON."
    )
    secret = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_secret",
        copy=False,
        help="Signs each delivery as the Standard Webhooks specification says. Empty: "
        "one is made. Stored encrypted and shown once, when it is made.",
    )
    secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    secret_set = fields.Boolean(compute="_compute_secret")
    on_ringing = fields.Boolean("Ringing")
    on_answered = fields.Boolean("Answered", default=True)
    on_missed = fields.Boolean("Missed", default=True)
    on_rejected = fields.Boolean("Rejected", default=True)
    on_ended = fields.Boolean("Ended", default=True, help="Every end, missed ones too.")
    on_permission = fields.Boolean(
        "Permission answered", help="Granted, declined or withdrawn."
    )
    delivery_ids = fields.One2many("whatsapp.calling.delivery", "hook_id")
    failed_count = fields.Integer("Failed deliveries", compute="_compute_failed_count")
    sending = fields.Boolean("A first try is under way", compute="_compute_sending")

    @api.constrains("url")
    def _check_url(self):
        for hook in self:
            url = hook.url or ""
            if not is_safe(url):
                raise ValidationError(
                    self.env._(
                        "The address must start with https://, or names and numbers "
                        "of customers would travel in the open: %(url)s",
                        url=url,
                    )
                )

    @api.depends("secret_encrypted")
    def _compute_secret(self):
        for hook in self:
            hook.secret = False
            # sudo: hook - that a secret is set may be known, never the secret
            hook.secret_set = bool(hook.sudo().secret_encrypted)

    def _inverse_secret(self):
        for hook in self:
            typed = (hook.secret or "").strip()
            if typed and not is_secret(typed):
                raise ValidationError(
                    self.env._(
                        "A secret is at least 16 bytes in base64, like whsec_ and 32 "
                        "characters. Leave it empty, and one is made."
                    )
                )
            if typed:
                hook._keep(typed)
        self.invalidate_recordset(["secret"])

    def _keep(self, secret):
        keys = self.env["whatsapp.calling.keys"]
        # sudo: hook - the ciphertext is no field of the administrator's
        self.sudo().secret_encrypted = keys._encrypt(secret)

    @api.depends("delivery_ids.state")
    def _compute_failed_count(self):
        counts = dict(
            self.env["whatsapp.calling.delivery"]._read_group(
                [("hook_id", "in", self.ids), ("state", "=", "failed")],
                ["hook_id"],
                ["__count"],
            )
        )
        for hook in self:
            hook.failed_count = counts.get(hook, 0)

    @api.depends("delivery_ids.state", "delivery_ids.attempts")
    def _compute_sending(self):
        under_way = self.env["whatsapp.calling.delivery"]._read_group(
            [
                ("hook_id", "in", self.ids),
                "|",
                ("state", "=", "sending"),
                "&",
                ("state", "=", "queued"),
                ("attempts", "=", 0),
            ],
            ["hook_id"],
        )
        hooks = self.browse().union(*(hook for (hook,) in under_way))
        for hook in self:
            hook.sending = hook in hooks

    @api.model_create_multi
    def create(self, vals_list):
        hooks = super().create(vals_list)
        for hook in hooks:
            if not hook.sudo().secret_encrypted:
                hook._keep(new_secret())
        self.env.registry.clear_cache()
        return hooks

    def write(self, vals):
        result = super().write(vals)
        if {"active", "company_id"} & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # ---- what a person does

    def action_new_secret(self):
        """Make a new secret and show it this once."""
        self.ensure_one()
        self.check_access("write")
        secret = new_secret()
        self._keep(secret)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("The new secret, shown this once"),
                "message": secret,
            },
        }

    def action_test(self):
        """Send an event of type "test", which is about no call."""
        self.ensure_one()
        self.check_access("write")
        self._queue("test", fields.Datetime.now())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("A test is on its way; its result is below."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ---- what happens

    @api.model
    def _wanting(self, happening):
        """The hooks of the company that ask for a happening."""
        wanted = EVENTS.get(happening._event_name())
        if not wanted:
            return self.browse()
        return self.search(
            [("company_id", "=", happening.company_id.id), (wanted, "=", True)]
        )

    def _queue(self, event, happened_at, record=None):
        """Queue a delivery of each hook; they leave when this is committed."""
        data = record._hook_data() if record else {}
        deliveries = self.env["whatsapp.calling.delivery"].sudo()
        for hook in self:
            body = {
                "type": event,
                "timestamp": happened_at.isoformat(timespec="seconds") + "Z",
                "data": data,
            }
            deliveries |= deliveries.create(
                {
                    "hook_id": hook.id,
                    "event": event,
                    "delivery_ref": f"msg_{uuid.uuid4().hex}",
                    "body": json.dumps(body, ensure_ascii=False, sort_keys=True),
                    "call_id": data.get("call_id"),
                    "next_at": fields.Datetime.now(),
                }
            )
        for delivery in deliveries:
            delivery._send_soon()
        return deliveries

    def _signing_secret(self):
        # sudo: hook - to sign
        return crypto.decrypt(self.sudo().secret_encrypted, data_dir=config["data_dir"])


def _iso(moment):
    return moment.isoformat(timespec="seconds") + "Z" if moment else None


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _hook_data(self):
        """What receivers learn of a call: plain facts, no secrets, no SDP, no notes."""
        return {
            "call_id": self.id,
            "direction": self.direction,
            "state": self.state,
            "customer": {
                "name": self.peer_name,
                "phone": self.contact_id.wa_id and f"+{self.contact_id.wa_id}" or None,
                "partner_id": self.partner_id.id or None,
            },
            "number": self.number_id.display_number or None,
            "company": self.company_id.name,
            "agent": self.handler_id.name or None,
            "record": self.res_model
            and {"model": self.res_model, "id": self.res_id}
            or None,
            "started_at": _iso(self.started_at),
            "answered_at": _iso(self.official_start or self.accepted_at),
            "ended_at": _iso(self.ended_at),
            "duration": self.duration,
            "waited": self.wait_seconds,
            "reason": self.reason or None,
            "error_code": self.error_code or None,
            "url": f"{self.get_base_url()}/odoo/whatsapp-calls/{self.id}",
        }


class WhatsappCallPermission(models.Model):
    _inherit = "whatsapp.call.permission"

    def _hook_data(self):
        contact = self.contact_id
        return {
            "permission_id": self.id,
            "state": self.state,
            "permanent": self.permanent,
            "expires_at": _iso(self.expires_at),
            "customer": {
                "name": contact.display_name,
                "phone": contact.wa_id and f"+{contact.wa_id}" or None,
                "partner_id": contact.partner_id.id or None,
            },
            "number": self.number_id.display_number,
            "company": self.company_id.name,
        }
