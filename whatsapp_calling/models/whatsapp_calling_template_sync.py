"""Templates as Meta has them: fetched by button and by cron, handed in for approval."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .whatsapp_calling_template import STATES

SYNC_EVERY = timedelta(hours=24)
EXPIRES = 60  # seconds in which a request must leave


class WhatsappCallingAccount(models.Model):
    _inherit = "whatsapp.calling.account"

    template_ids = fields.One2many("whatsapp.calling.template", "account_id")
    templates_asked_at = fields.Datetime(readonly=True, copy=False)

    def action_sync_templates(self):
        """Ask Meta for the templates of each account; the list changes by itself."""
        self.check_access("read")
        self._sync_templates(self.env.user)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "Meta is asked for the templates; they appear here."
                ),
            },
        }

    def _sync_templates(self, user):
        # sudo: account - who may see it may have its templates listed
        for account in self.sudo().filtered(
            lambda a: a._can("TEMPLATES") and a.waba_id
        ):
            account.templates_asked_at = fields.Datetime.now()
            account._ask_for_templates(user)

    def _ask_for_templates(self, user, after=None):
        payload = {"waba_ref": self.waba_id}
        if after:
            payload["after"] = after
        self.env["whatsapp.call.request"]._enqueue_account(
            self, "list_templates", payload, expires_in=EXPIRES, user=user
        )

    @api.model
    def _cron_sync_templates(self):
        """Once a day; each time while one waits for Meta's approval."""
        long_ago = fields.Datetime.now() - SYNC_EVERY
        waiting = self.env["whatsapp.calling.template"]._read_group(
            [("state", "in", ("pending", "paused"))], ["account_id"]
        )
        waiting = self.union(*(account for (account,) in waiting))
        old = self.search(
            [
                "|",
                ("templates_asked_at", "=", False),
                ("templates_asked_at", "<", long_ago),
            ]
        )
        accounts = (waiting | old).filtered(
            lambda a: a.active and a.state == "connected"
        )
        accounts._sync_templates(self.env.user)


class WhatsappCallingTemplate(models.Model):
    _inherit = "whatsapp.calling.template"

    def action_sync(self):
        return self.account_id.action_sync_templates()

    def action_hand_in(self):
        """Create the template at Meta, which then looks at it."""
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("draft", "rejected"):
            raise UserError(self.env._("This template is at Meta already."))
        if not self.account_id.waba_id:
            raise UserError(
                self.env._("Enter the account ID on the WhatsApp account first.")
            )
        request = self.env["whatsapp.call.request"]._enqueue_account(
            self.account_id,
            "create_template",
            {
                "waba_ref": self.account_id.waba_id,
                "name": self.name,
                "language": self.language,
                "category": self.category,
                "components": self._components(),
            },
            expires_in=EXPIRES,
            user=self.env.user,
        )
        # sudo: template - its state is Meta's, nobody's to write
        self.sudo().write(
            {"state": "pending", "reason": False, "hand_in_id": request.id}
        )
        return True

    def _components(self):
        """The components of a template made here, as Meta wants them."""
        body = {"type": "BODY", "text": self.body}
        if "{{" in (self.body or ""):
            # Meta looks at an example of what will be filled in
            body["example"] = {"body_text": [[self.env._("Maria")]]}
        if self.kind == "permission":
            return [body, {"type": "call_permission_request"}]
        button = {
            "type": "voice_call",
            "text": self.label,
            "ttl_minutes": self.ttl_minutes,
        }
        return [body, {"type": "BUTTONS", "buttons": [button]}]

    @api.model
    def _take_over(self, account, listed, now):
        """Bring the templates in line with one page of Meta's list.

        :param listed: [{id, name, language, status, category, components,
            rejected_reason}] of Meta; those that have nothing to do with calling are
            left out
        """
        known = {
            (template.name, template.language): template
            for template in account.template_ids
        }
        changed = self.browse()
        for entry in listed:
            vals = self._values(entry)
            if not vals:
                continue
            template = known.get((vals["name"], vals["language"]))
            vals |= {"synced_at": now}
            if template:
                template.write(vals)
            else:
                template = self.create({"account_id": account.id, **vals})
            changed |= template
        return changed

    @api.model
    def _values(self, entry):
        """Our fields of a template of Meta; {} when it is not about calling."""
        components = [
            part for part in entry.get("components") or [] if isinstance(part, dict)
        ]
        kind, button = self._kind_of(components)
        name, language = entry.get("name"), entry.get("language")
        if not (kind and name and language):
            return {}
        body = next((p.get("text") for p in components if self._is(p, "BODY")), None)
        state = STATES.get(str(entry.get("status")).upper(), "disabled")
        reason = entry.get("rejected_reason") or ""
        vals = {
            "name": str(name),
            "language": str(language),
            "kind": kind,
            "state": state,
            "reason": str(reason) if reason not in ("", "NONE") else False,
            "provider_ref": str(entry.get("id") or ""),
            "body": str(body or ""),
            "components": components,
        }
        category = str(entry.get("category")).upper()
        if category in ("UTILITY", "MARKETING"):
            vals["category"] = category
        if button:
            vals["label"] = str(button.get("text") or "")
            ttl = button.get("ttl_minutes")
            vals["ttl_minutes"] = ttl if isinstance(ttl, int) else 10080
        return vals

    @api.model
    def _kind_of(self, components):
        """("permission"|"call_button"|None, the call button)."""
        for part in components:
            if self._is(part, "CALL_PERMISSION_REQUEST"):
                return "permission", None
            if self._is(part, "BUTTONS"):
                for button in part.get("buttons") or []:
                    if isinstance(button, dict) and self._is(button, "VOICE_CALL"):
                        return "call_button", button
        return None, None

    @api.model
    def _is(self, part, kind):
        return str(part.get("type")).upper() == kind


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _on_list_templates_ok(self, request, answer):
        account, now = request.account_id, fields.Datetime.now()
        templates = self.env["whatsapp.calling.template"]
        templates._take_over(account, answer.data.get("data") or [], now)
        paging = answer.data.get("paging") or {}
        after = (paging.get("cursors") or {}).get("after")
        if after and paging.get("next"):
            account._ask_for_templates(request.user_id, after)
            return
        gone = account.template_ids.filtered(
            lambda t: (
                t.synced_at
                and t.synced_at < (account.templates_asked_at or now)
                and t.state != "missing"
            )
        )
        gone.write({"state": "missing", "reason": False})
        self.env["whatsapp.call.request"]._tell_changed(
            account.template_ids, request.user_id
        )

    def _on_list_templates_failed(self, request, error):
        self._notify(request.user_id, "danger", self._said(error))

    def _on_create_template_ok(self, request, answer):
        template = self._handed_in(request)
        state = STATES.get(str(answer.data.get("status")).upper(), "pending")
        template.write(
            {
                "state": state,
                "provider_ref": str(answer.data.get("id") or ""),
                "synced_at": fields.Datetime.now(),
            }
        )
        self.env["whatsapp.call.request"]._tell_changed(template, request.user_id)

    def _on_create_template_failed(self, request, error):
        template = self._handed_in(request)
        template.write({"state": "draft", "reason": self._said(error)})
        self._notify(request.user_id, "danger", self._said(error))
        self.env["whatsapp.call.request"]._tell_changed(template, request.user_id)

    def _handed_in(self, request):
        """The template that a request was about."""
        return request.account_id.template_ids.filtered(
            lambda template: template.hand_in_id == request
        )[:1]
