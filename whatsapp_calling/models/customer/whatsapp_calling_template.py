"""Templates at Meta that ask for permission or carry a call button.

Outside the 24 hours after a customer's last word only a template may be sent. They are
approved by Meta: here they are listed as Meta has them, chosen by the customer's
language and, when there is none, made and handed in.
"""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
LABEL_MAX = 20  # characters of a call button
NAME = re.compile(r"[a-z0-9_]{1,512}")
# Meta's codes for templates that cannot be sent, and what they are now
REFUSED_AS = {132001: "missing", 132015: "paused", 132016: "disabled"}
# the words of providers.meta_templates; others are none that may be sent
STATES = {
    "pending": "pending",
    "approved": "approved",
    "flagged": "approved",  # it may still be sent
    "rejected": "rejected",
    "paused": "paused",
    "disabled": "disabled",
    "deleted": "missing",
}
TTL_DEFAULT = 10080  # minutes: 7 days


class WhatsappCallingTemplate(models.Model):
    _name = "whatsapp.calling.template"
    _description = "WhatsApp Template for Calling"
    _order = "state, name, language"
    _check_company_auto = True

    name = fields.Char(
        required=True, help="Lower-case letters, digits and underscores, as at Meta."
    )
    account_id = fields.Many2one(
        "whatsapp.calling.account",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env["whatsapp.calling.account"].search([], limit=1),
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True
    )
    kind = fields.Selection(
        [("permission", "Permission request"), ("call_button", "Call button")],
        required=True,
        default="permission",
    )
    language = fields.Char(
        required=True, default="en_US", help="Meta's code, like en_US, de or pt_BR."
    )
    category = fields.Selection(
        [("UTILITY", "Utility"), ("MARKETING", "Marketing")],
        required=True,
        default="UTILITY",
    )
    body = fields.Text("Text", required=True)
    label = fields.Char(
        "Text of the button", default=lambda self: self.env._("Call us")
    )
    ttl_minutes = fields.Integer(
        "Button works for (minutes)",
        default=TTL_DEFAULT,
        help="At most 43,200 minutes, which is 30 days. Can be changed when sending.",
    )
    state = fields.Selection(
        [
            ("draft", "Not handed in"),
            ("pending", "Waiting for Meta"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("paused", "Paused"),
            ("disabled", "Disabled"),
            ("missing", "Gone at Meta"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    reason = fields.Char("What Meta said", readonly=True, copy=False)
    provider_ref = fields.Char("Template ID", readonly=True, copy=False)
    components = fields.Json(copy=False)
    hand_in_id = fields.Many2one(
        "whatsapp.call.request", copy=False, ondelete="set null"
    )
    synced_at = fields.Datetime("As Meta had it on", readonly=True, copy=False)

    _name_uniq = models.Constraint(
        "UNIQUE(account_id, name, language)",
        "The account already has a template with this name in this language.",
    )

    @api.depends("name", "language")
    def _compute_display_name(self):
        for template in self:
            name = template.name or self.env._("New template")
            template.display_name = f"{name} ({template.language})"

    @api.constrains("name", "label", "ttl_minutes", "kind")
    def _check_as_meta_would(self):
        for template in self:
            if template.state != "draft":
                continue  # Meta's own
            if not NAME.fullmatch(template.name or ""):
                raise ValidationError(
                    self.env._(
                        "%(name)s: Meta takes only lower-case letters, digits and "
                        "underscores in the name of a template.",
                        name=template.name,
                    )
                )
            if template.kind != "call_button":
                continue
            if not 1 <= len(template.label or "") <= LABEL_MAX:
                raise ValidationError(
                    self.env._(
                        "The text of the button needs 1 to %(max)s characters.",
                        max=LABEL_MAX,
                    )
                )
            if not 1440 <= template.ttl_minutes <= 43200:
                raise ValidationError(
                    self.env._(
                        "The button of a template works for 1,440 to 43,200 minutes: "
                        "1 to 30 days."
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_draft_only(self):
        if self.filtered(lambda template: template.state not in ("draft", "missing")):
            raise UserError(
                self.env._(
                    "Delete the template at Meta, in WhatsApp Manager: it would come "
                    "back from there with the next update."
                )
            )

    # ---- may it be sent?

    def _refusal(self):
        """Why this template cannot be sent now, in a sentence; "" when it can."""
        self.ensure_one()
        name, reason = self.name, self.reason or ""
        if self.state == "approved":
            return self._placeholder_refusal()
        sentences = {
            "draft": self.env._(
                "The template %(name)s was not handed in to Meta yet.", name=name
            ),
            "pending": self.env._(
                "The template %(name)s waits for Meta's approval.", name=name
            ),
            "rejected": self.env._(
                "Meta rejected the template %(name)s. Change it in WhatsApp Manager or "
                "make another one.",
                name=name,
            ),
            "paused": self.env._(
                "Meta paused the template %(name)s because customers did not like it. "
                "It comes back by itself; until then choose another one.",
                name=name,
            ),
            "disabled": self.env._(
                "Meta disabled the template %(name)s. Make another one.", name=name
            ),
            "missing": self.env._(
                "The template %(name)s is no longer at Meta.", name=name
            ),
        }
        return " ".join(filter(None, [sentences[self.state], reason]))

    def _placeholder_refusal(self):
        if len(set(PLACEHOLDER.findall(self.body or ""))) > 1:
            return self.env._(
                "The template %(name)s has more than one placeholder; only the "
                "customer's name can be filled in.",
                name=self.name,
            )
        for component in self.components or []:
            kind = str(component.get("type", "")).upper()
            text = str(component.get("text") or "")
            media = str(component.get("format") or "TEXT").upper() != "TEXT"
            if kind == "HEADER" and (media or PLACEHOLDER.search(text)):
                return self.env._(
                    "The template %(name)s has a heading that must be filled in, which "
                    "cannot be done here.",
                    name=self.name,
                )
        return ""

    @api.model
    def _sendable(self, account, kind):
        """Templates of an account that can be sent now."""
        # sudo: template - which may be sent is no secret of the managers
        found = self.sudo().search(
            [
                ("account_id", "=", account.id),
                ("kind", "=", kind),
                ("state", "=", "approved"),
            ]
        )
        return found.filtered(lambda template: not template._refusal())

    def _for_language(self, lang):
        """Of templates the one a person with this Odoo language reads best.

        The language itself, its plain form (de for de_AT), another country's, then
        English, then any.
        """
        short = (lang or "").split("_")[0].split("@")[0]

        def rank(template):
            code = template.language
            return (
                code != lang,
                code != short,
                code.split("_")[0] != short,
                code != "en_US",
                code.split("_")[0] != "en",
                code,
            )

        return self.sorted(rank)[:1]

    def _variant_for(self, lang):
        """The translation of this template for a person."""
        self.ensure_one()
        same = self._sendable(self.account_id, self.kind).filtered(
            lambda template: template.name == self.name
        )
        return same._for_language(lang) or self

    # ---- sending it

    def _payload(self, name, ttl_minutes=None, payload=None):
        """{template, language, components} of providers' send_template.

        :param name: the customer's, for the one placeholder there may be
        :param ttl_minutes: 1 to 43200, how long the call button works
        :param payload: at most 512 characters, comes back with the call
        """
        components = []
        placeholder = PLACEHOLDER.search(self.body or "")
        if placeholder:
            parameter = {"type": "text", "text": name}
            if not placeholder.group(1).isdigit():
                parameter["parameter_name"] = placeholder.group(1)
            components.append({"type": "body", "parameters": [parameter]})
        values = {"ttl_minutes": ttl_minutes, "payload": payload}
        parameters = [
            {"type": key, key: value} for key, value in values.items() if value
        ]
        if self.kind == "call_button" and parameters:
            components.append(
                {"type": "button", "sub_type": "voice_call", "parameters": parameters}
            )
        return {
            "template": self.name,
            "language": self.language,
            "components": components,
        }

    def _text_for(self, name):
        return PLACEHOLDER.sub(lambda _match: name, self.body or "")

    def _note_refusal(self, error, words):
        """Meta refused it at sending: it is not what the last update said."""
        state = REFUSED_AS.get(error.code)
        # sudo: template - its state is Meta's, nobody's to write
        template = self.sudo()
        # the first of many messages says it for all: they must not wait for one row
        if state and template.state != state:
            template.write({"state": state, "reason": words})
