"""Requests to a media sidecar: rows like those to WhatsApp, in a lane of their own.

A call has two lanes, each in order: what WhatsApp is asked, and what the sidecar is.
So a slow answer of WhatsApp never delays a hold.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import pool

MEDIA, PROVIDER = "media", "provider"
# what is asked for after a call as well as during it
LASTING = ("media_close", "media_speech", "media_purge")


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    media_unit_id = fields.Many2one(
        "whatsapp.media.unit",
        "Media sidecar",
        ondelete="cascade",
        index="btree_not_null",
    )
    media_ref = fields.Char(groups=fields.NO_ACCESS)
    leg_ref = fields.Char(groups=fields.NO_ACCESS)

    @api.model
    def _enqueue_media(self, unit, action, payload, *, expires_in, **values):
        """Queue a request to a unit; it leaves when the transaction has committed.

        :param payload: as providers.sidecar says; wiped when sent
        :param values: call, user, record (gets the answer instead of whatsapp.call),
            company (where there is no call)
        """
        call, record = values.get("call"), values.get("record")
        company = values.get("company") or (call and call.company_id)
        request = self.sudo().create(
            {
                "media_unit_id": unit.id,
                "media_ref": payload.get("call"),
                "leg_ref": payload.get("leg"),
                "call_id": call and call.id,
                "number_id": call and call.number_id.id,
                "account_id": call and call.account_id.id,
                "contact_id": call and call.contact_id.id,
                "company_id": company.id,
                "action": action,
                "payload": payload,
                "repeatable": action in unit._provider.REPEATABLE,
                "expires_at": fields.Datetime.now() + timedelta(seconds=expires_in),
                "user_id": (values.get("user") or self.env.user).id,
                "record_model": record is not None and record._name,
                "record_id": record is not None and record.id,
            }
        )
        request._send_soon()
        return request

    def _lane(self):
        return MEDIA if self.media_unit_id else PROVIDER

    def _send_soon(self):
        if not self.media_unit_id:
            return super()._send_soon()
        return pool.submit_after_commit(
            self.env,
            self._name,
            "_send_due",
            self.call_id.id,
            self.id,
            MEDIA,
            lane=pool.MEDIA,
            share=self.media_unit_id.id,
        )

    @api.model
    def _scope(self, call_id, request_id, lane):
        scope = super()._scope(call_id, request_id, lane)
        if not lane:
            return scope
        return SQL(
            "%s AND (request.media_unit_id IS NOT NULL) = %s", scope, lane == MEDIA
        )

    def _source(self):
        return self.media_unit_id or super()._source()

    def _content(self):
        """What the sidecar is sent, with what must not be stored."""
        payload = super()._content()
        if self.action == "media_open":
            payload["settings"] = self.call_id._media_settings()
        elif self.action == "media_speech" and self.call_id:
            payload.setdefault("tts", self.call_id._media_speech().get("tts"))
        return payload

    def _withheld(self):
        if self.action == "media_open" and not self.call_id._is_live():
            return self.env._("The call is over.")
        return super()._withheld()

    @api.model
    def _cancel_queued(self, call):
        cancelled = super()._cancel_queued(call)
        queued = call.sudo().request_ids.filtered(
            lambda r: (
                r.state == "queued" and r.media_unit_id and r.action not in LASTING
            )
        )
        queued.write({"state": "cancelled", "payload": False})
        return cancelled | queued

    def _taken_note(self):
        if self.media_unit_id:
            return self.env._("The media server did it")
        return super()._taken_note()

    def _log_source(self):
        return "media" if self.media_unit_id else super()._log_source()
