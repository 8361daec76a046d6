"""Templates as Meta has them: fetched by button and by cron, handed in for approval."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .whatsapp_call_ask import TTL_MAX
from .whatsapp_calling_template import STATES, TTL_DEFAULT

SYNC_EVERY = timedelta(hours=24)
EXPIRES = 60  # seconds in which a request must leave
# after that what Meta took without an answer is in its list
LISTED_WITHIN = timedelta(minutes=10)


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
            self.env["whatsapp.call.request"]._enqueue_account(
                account,
                "list_templates",
                {"waba_ref": account.waba_id},
                expires_in=EXPIRES,
                user=user,
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
        """Ask Meta about these templates' accounts; about all of them for none."""
        accounts = self.account_id or self.env["whatsapp.calling.account"].search(
            [("active", "=", True)]
        )
        return accounts.action_sync_templates()

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
    def _take_over(self, account, rows, now):
        """Bring the templates in line with Meta's list.

        :param rows: [(template as providers.meta_templates.template_of says, its
            components)]; those that have nothing to do with calling are left out
        """
        known = {
            (template.name, template.language): template
            for template in account.template_ids
        }
        for told, components in rows:
            vals = self._values(told, components)
            if not vals:
                continue
            vals["synced_at"] = now
            template = known.get((vals["name"], vals["language"]))
            if template:
                template.write(vals)
            else:
                self.create({"account_id": account.id, **vals})

    def _take_back_lost(self, now):
        """Those that were handed in without an answer and are not in Meta's list."""
        lost = self.filtered(
            lambda template: (
                template.state == "pending"
                and not template.synced_at
                and template.hand_in_id.state == "unknown"
                and template.hand_in_id.write_date < now - LISTED_WITHIN
            )
        )
        lost.write(
            {
                "state": "draft",
                "reason": self.env._(
                    "No answer came from Meta, and its list does not have this "
                    "template: hand it in again."
                ),
            }
        )

    @api.model
    def _values(self, told, components):
        """Our fields of a template of Meta; {} when it is not about calling."""
        label = told["call_button"]
        kind = "permission" if told["asks"] else label and "call_button"
        if not (kind and told["name"] and told["language"]):
            return {}
        vals = {
            "name": told["name"],
            "language": told["language"],
            "kind": kind,
            "provider_ref": told["template_ref"],
            "body": told["text"] or "",
            "components": components,
            **self._state_values(told),
        }
        if label:
            vals |= {"label": label, "ttl_minutes": self._ttl_of(components)}
        return vals

    @api.model
    def _state_values(self, told):
        """State, reason and category as the provider tells them; None: not told."""
        vals = {}
        if told["status"]:
            vals["state"] = STATES.get(told["status"], "disabled")
            vals["reason"] = told["reason"] or False
        category = str(told["category"]).upper()
        if category in dict(self._fields["category"].selection):
            vals["category"] = category
        return vals

    @api.model
    def _ttl_of(self, components):
        """Minutes for which the call button of a template works."""
        for component in components:
            for button in component.get("buttons") or []:
                minutes = isinstance(button, dict) and button.get("ttl_minutes")
                if isinstance(minutes, int) and 0 < minutes <= TTL_MAX:
                    return minutes
        return TTL_DEFAULT


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _on_list_templates_ok(self, request, answer):
        account, now = request.account_id, fields.Datetime.now()
        rows = [row for row in answer.data["data"] if isinstance(row, dict)]
        components = [
            [part for part in row.get("components") or [] if isinstance(part, dict)]
            for row in rows
        ]
        told = zip(answer.data["neutral"], components, strict=True)
        self.env["whatsapp.calling.template"]._take_over(account, list(told), now)
        gone = account.template_ids.filtered(
            lambda t: t.synced_at and t.synced_at < now and t.state != "missing"
        )
        gone.write({"state": "missing", "reason": False})
        account.template_ids._take_back_lost(now)
        self.env["whatsapp.call.request"]._tell_changed(
            account.template_ids, request.user_id
        )
        read = account.template_ids.filtered(lambda t: t.synced_at == now)
        self._notify(
            request.user_id,
            "success",
            self.env._("Templates about calling at Meta: %(count)s", count=len(read)),
        )

    def _on_list_templates_failed(self, request, error):
        self._notify(request.user_id, "danger", self._said(error))

    def _on_create_template_ok(self, request, answer):
        template = self._handed_in(request)
        state = STATES.get(str(answer.data.get("status")).lower(), "pending")
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
        if error.certain:
            template.write({"state": "draft", "reason": self._said(error)})
        else:
            # Meta may have it: its list will tell
            request.account_id._sync_templates(request.user_id)
        self._notify(request.user_id, "danger", self._said(error))
        self.env["whatsapp.call.request"]._tell_changed(template, request.user_id)

    def _handed_in(self, request):
        """The template that a request was about."""
        return request.account_id.template_ids.filtered(
            lambda template: template.hand_in_id == request
        )[:1]

    def _take_template(self, account, number, event, event_id, started):
        """Meta reviewed, paused or moved a template."""
        told = event.data or {}
        template = account.template_ids.filtered(
            lambda t: (t.name, t.language) == (told.get("name"), told.get("language"))
        )
        if template:
            template.write(template._state_values(told))
