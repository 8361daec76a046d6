"""What WhatsApp itself says of a permission: asked for ("Refresh"), or by refusing.

Asked outside any transaction, like all requests: the answer is noted when it comes.
"""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

REQUEST_LIMIT = 138009
PERMANENT_THERE = 138017


class WhatsappCallPermission(models.Model):
    _inherit = "whatsapp.call.permission"

    def action_refresh(self):
        """Ask WhatsApp about each permission; the answers appear in the ledger."""
        self.check_access("read")
        unable = self.filtered(lambda p: not p._can_be_checked())
        if unable and unable == self:
            raise UserError(
                self.env._("The provider of this number cannot be asked about it.")
            )
        (self - unable)._ask_whatsapp(self.env.user)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("WhatsApp is asked; the answer appears here."),
            },
        }

    def _can_be_checked(self):
        # sudo: account - what its provider can do is no secret
        return self.number_id.sudo().account_id._can("PERMISSIONS")

    def _ask_whatsapp(self, user):
        requests = self.env["whatsapp.call.request"]
        for permission in self:
            contact = permission.contact_id.sudo()
            whom = (
                {"wa_id": contact.wa_id} if contact.wa_id else {"bsuid": contact.bsuid}
            )
            requests._enqueue(
                permission.number_id,
                "permission_state",
                whom,
                expires_in=60,
                contact=contact,
                user=user,
            )

    def _note_check(self, neutral, now):
        """Take over WhatsApp's answer.

        :param neutral: see providers.meta_permissions.permission_state; words that are
            not known there are "none"
        :param now: naive UTC datetime of the answer
        """
        self.ensure_one()
        self.write(
            {
                "checked_at": now,
                "can_call": self._yes_or_no(neutral.get("can_call")),
                "can_request": self._yes_or_no(neutral.get("can_request")),
                "told_limits": neutral.get("limits") or [],
                # counted anew by the limits themselves
                "request_blocked_until": False,
                "request_blocked_at": False,
            }
        )
        state = neutral.get("state") or "none"
        if self._agrees(state, neutral.get("expires_at"), now):
            return
        self.env["whatsapp.call.event"].sudo()._append(
            self.number_id.account_id,
            "permission",
            source="request",
            number=self.number_id,
            contact=self.contact_id,
            occurred_at=now,
            note=self.env._("WhatsApp was asked about the permission"),
            data={
                "checked": True,
                "permission": {
                    "accepted": state != "none",
                    "permanent": state == "permanent",
                    "expires_at": neutral.get("expires_at"),
                },
            },
        )
        self._fold_answers()

    def _agrees(self, state, expires_at, now):
        """Whether WhatsApp says what the ledger says: then nothing is to be noted."""
        granted = bool(self.granted and self._lasts(now))
        if state == "none":
            return not granted
        if not granted or self.permanent != (state == "permanent"):
            return False
        if self.permanent:
            return True
        return bool(self.expires_at and expires_at) and (
            self._epoch(expires_at) == self.expires_at
        )

    @staticmethod
    def _yes_or_no(value):
        return {True: "yes", False: "no"}.get(value, False)

    def _note_refused_request(self, error, user):
        """WhatsApp refused a request: it counts something that we do not.

        The next possible time is what the error names, else a day from now until
        WhatsApp, which is asked at once, says better.
        """
        if error.code not in (REQUEST_LIMIT, PERMANENT_THERE):
            return
        if error.code == REQUEST_LIMIT:
            now = fields.Datetime.now()
            until = error.next_allowed_at
            self.write(
                {
                    "request_blocked_at": now,
                    "request_blocked_until": self._epoch(until)
                    if until
                    else now + timedelta(hours=24),
                }
            )
        if self._can_be_checked():
            self._ask_whatsapp(user)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _on_permission_state_ok(self, request, answer):
        permission = self.env["whatsapp.call.permission"]._ensure(
            request.number_id, request.contact_id
        )
        permission._note_check(answer.data.get("neutral") or {}, fields.Datetime.now())
        permission._tell_looking(request.user_id)

    def _on_permission_state_failed(self, request, error):
        self._notify(request.user_id, "danger", self._said(error))

    def _on_connect_failed(self, request, error):
        result = super()._on_connect_failed(request, error)
        if error.kind == "limit" and error.next_allowed_at and error.certain:
            permission = self.env["whatsapp.call.permission"]._ensure(
                request.number_id, request.call_id.contact_id
            )
            permission.call_blocked_until = self._moment(error.next_allowed_at)
        return result
