"""Asking for permission, and sending call buttons: by message or by template.

Within 24 hours of the customer's last word anything may be written, later only what
Meta has approved. What cannot be sent is refused here, with the reason and the next
possible time, before WhatsApp would.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools import clock
from ...tools.transaction import run_in_transaction

EXPIRES = 300  # seconds in which a message must leave
TEXT_MAX = 1024  # characters of WhatsApp's interactive messages
TTL_MAX = 43200  # minutes: 30 days
LABEL_MAX = 20
PAYLOAD_MAX = 512
PACE = 5  # messages of a batch per second, far below WhatsApp's 80


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def softphone_ask_view(self, target):
        """What one should know before asking a customer; asks no provider.

        :param target: see `softphone_lookup`
        :return: {"name", "number_id", "numbers": [{id, label, display}], "refusal":
            why not now or "", "way": "message"|"template"|False, "text": default,
            "templates": [{id, name, text}], "template_id", "limits": [sentence],
            "makes_templates": whether the user may make one}
        :raises AccessError: for who is no operator
        """
        if not self._is_operator():
            raise AccessError(self.env._("You are no calling operator."))
        aim = self._aim(target)
        contact = aim["contact"].sudo()
        permission = (
            self.env["whatsapp.call.permission"].sudo()._of(aim["number"], contact)
        )
        refusal = self._request_refusal(aim)
        open_now = bool(contact) and contact._window_open()
        templates = self._templates_for(aim, "permission")
        best = templates._for_language(self._lang_of(aim))
        return {
            "name": aim["name"],
            "number_id": aim["number"].id,
            "numbers": [number._softphone_view() for number in aim["numbers"]],
            "refusal": refusal or self._way_refusal(aim, "permission", best),
            "way": "message" if open_now else "template" if best else False,
            "text": aim["number"]._permission_text(),
            "templates": [
                {
                    "id": template.id,
                    "name": template.display_name,
                    "text": template._text_for(aim["name"]),
                }
                for template in best | templates
            ],
            "template_id": best.id,
            "limits": permission._limit_lines(),
            "makes_templates": self._is_manager(),
        }

    @api.model
    def softphone_request_permission(self, target, text=False, options=None):
        """Ask a customer whether they may be called, by a WhatsApp message.

        :param text: one's own words; only where no template is needed
        :param options: {"template_id", "call_when_allowed"}
        :return: {"ok", "message"}
        """
        options = options or {}

        def work():
            aim = self._aim(target)
            template = self._chosen_template(options.get("template_id"))
            refusal = self._request_refusal(aim) or self._way_refusal(
                aim, "permission", template
            )
            if refusal:
                return {"ok": False, "message": refusal}
            self._send_message(
                aim,
                "permission",
                text=text,
                template=template,
                call_when_allowed=bool(options.get("call_when_allowed")),
            )
            message = self.env._(
                "%(name)s is asked for permission to be called.", name=aim["name"]
            )
            return {"ok": True, "message": message}

        return run_in_transaction(self.env, work)

    # ---- may one?

    @api.model
    def _request_refusal(self, aim):
        """Why this customer may not be asked now, in a sentence, or ""."""
        refusal = self._target_refusal(aim)
        if refusal:
            return refusal["message"]
        permission = (
            self.env["whatsapp.call.permission"]
            .sudo()
            ._of(aim["number"], aim["contact"].sudo())
        )
        if permission.state == "granted" and permission.permanent:
            return self.env._("%(name)s may be called already.", name=aim["name"])
        return permission._limit_refusal(aim["name"])

    @api.model
    def _button_refusal(self, aim):
        """Why this customer may not be sent a call button, or ""."""
        refusal = self._target_refusal(aim)
        if refusal:
            return refusal["message"]
        if not aim["number"].account_id.sudo()._can("CALL_BUTTON"):
            return self.env._("The provider of this number has no call buttons.")
        return ""

    @api.model
    def _way_refusal(self, aim, kind, template=None):
        """Why neither a message nor a template can go to this customer, or ""."""
        contact = aim["contact"].sudo()
        if contact and contact._window_open():
            return ""
        if template and template.account_id != aim["number"].sudo().account_id:
            # perhaps of a company one may not even see
            return self.env._("This template belongs to another WhatsApp account.")
        if template:
            return template._refusal()
        if self._templates_for(aim, kind):
            return ""
        return self.env._(
            "%(name)s has not written or called in the last 24 hours, so WhatsApp "
            "takes only an approved template, and there is none of this kind. A "
            "manager makes one under Configuration, Templates; Meta approves it within "
            "a day.",
            name=aim["name"] or self.env._("This customer"),
        )

    @api.model
    def _templates_for(self, aim, kind):
        templates = self.env["whatsapp.calling.template"]
        account = aim["number"].sudo().account_id
        return templates._sendable(account, kind) if account else templates

    @api.model
    def _chosen_template(self, template_id):
        templates = self.env["whatsapp.calling.template"].sudo()
        if not template_id:
            return templates
        # sudo: template - checked against the companies of the user
        return (
            templates.browse(int(template_id))
            .exists()
            .filtered(lambda t: t.company_id in self.env.user.company_ids)
        )

    @api.model
    def _lang_of(self, aim):
        partner = aim["partner"].sudo()
        return partner.lang or aim["number"].sudo().company_id.partner_id.lang

    # ---- sending

    @api.model
    def _send_message(self, aim, kind, *, text=False, template=None, **options):
        """Queue the message; checked before by the caller.

        :param kind: "permission" or "call_button"
        :param options: label, ttl_minutes, payload of a button; call_when_allowed;
            delay: seconds to wait, for one of many
        :return: the row of the message
        """
        number, contact = aim["number"], self._contact_to_dial(aim)
        # sudo: permission, message - operators ask by these methods only
        permission = (
            self.env["whatsapp.call.permission"].sudo()._ensure(number, contact)
        )
        if contact._window_open():
            template = self.env["whatsapp.calling.template"]
            action, payload = self._free_message(number, kind, text, options)
            text = payload["text"]
        else:
            template = self._template_to_send(aim, kind, template)
            action = "permission_template" if kind == "permission" else "send_template"
            payload = template._payload(
                aim["name"], options.get("ttl_minutes"), options.get("payload")
            )
            text = template._text_for(aim["name"])
        delay = int(options.get("delay") or 0)
        request = self.env["whatsapp.call.request"]._enqueue(
            number,
            action,
            {**contact._address(), **payload},
            expires_in=EXPIRES + delay,
            contact=contact,
        )
        if delay:
            request.not_before = fields.Datetime.now() + timedelta(seconds=delay)
            clock.watch_after_commit(self.env)
        record = aim["record"]
        message = (
            self.env["whatsapp.calling.message"]
            .sudo()
            .create(
                {
                    "permission_id": permission.id,
                    "kind": kind,
                    "template_id": template.id,
                    "text": text,
                    "user_id": self.env.uid,
                    "request_id": request.id,
                    "res_model": bool(record) and record._name,
                    "res_id": bool(record) and record.id,
                    "call_when_allowed": options.get("call_when_allowed"),
                }
            )
        )
        if kind == "permission":
            permission._fold_answers()
        if message.call_when_allowed:
            message._schedule_call()
        return message

    @api.model
    def _free_message(self, number, kind, text, options):
        """(action, payload) of a message inside the 24 hours."""
        if kind == "permission":
            text = (text or number._permission_text())[:TEXT_MAX]
            return "permission_request", {"text": text}
        payload = {"text": (text or number._button_text())[:TEXT_MAX]}
        for name in ("label", "ttl_minutes", "payload"):
            if options.get(name):
                payload[name] = options[name]
        return "call_button", payload

    @api.model
    def _template_to_send(self, aim, kind, template):
        lang = self._lang_of(aim)
        if template:
            return template._variant_for(lang)
        return self._templates_for(aim, kind)._for_language(lang)
