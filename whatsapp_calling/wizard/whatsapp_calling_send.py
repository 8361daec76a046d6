"""Permission requests and call buttons for one customer or a whole list.

Before anything is sent a table says who gets it, how, who does not, why, and when it
is possible again: the same limits as for one, for each of many.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.customer.whatsapp_call_ask import (
    LABEL_MAX,
    PACE,
    PAYLOAD_MAX,
    TEXT_MAX,
    TTL_MAX,
)

MINUTES = {"minutes": 1, "hours": 60, "days": 1440}
MOST = 500  # customers in one go


class WhatsappCallingSend(models.TransientModel):
    _name = "whatsapp.calling.send"
    _description = "Send a WhatsApp Message about a Call"

    kind = fields.Selection(
        [("permission", "Ask for permission to call"), ("call_button", "Call button")],
        required=True,
        default="permission",
    )
    number_id = fields.Many2one(
        "whatsapp.calling.number",
        "From",
        domain=lambda self: [
            (
                "id",
                "in",
                self.env["whatsapp.calling.number"]._usable(self.env.companies).ids,
            )
        ],
        help="Empty: for each customer the number that fits best.",
    )
    text = fields.Text(
        "Message",
        compute="_compute_text",
        store=True,
        readonly=False,
        help="For customers who wrote or called in the last 24 hours.",
    )
    template_id = fields.Many2one(
        "whatsapp.calling.template",
        domain="[('kind', '=', kind)]",
        help="For all others. Empty: the one in the customer's language.",
    )
    template_text = fields.Text("The template says", related="template_id.body")
    label = fields.Char(
        "Text of the button", default=lambda self: self.env._("Call us")
    )
    ttl_value = fields.Integer("Works for", default=7)
    ttl_unit = fields.Selection(
        [("minutes", "minutes"), ("hours", "hours"), ("days", "days")],
        required=True,
        default="days",
    )
    payload = fields.Char(
        "Comes back with the call",
        help="A word of yours, e.g. a campaign or a team. The customer does not see "
        "it; a call through this button brings it along.",
    )
    call_when_allowed = fields.Boolean(
        "Call when allowed",
        help="Puts the call on your list of activities now, and tells you with a Call "
        "button as soon as the customer agrees. Nobody is called by itself.",
    )
    line_ids = fields.One2many("whatsapp.calling.send.line", "wizard_id")
    several_numbers = fields.Boolean(compute="_compute_summary")
    by_message = fields.Boolean(compute="_compute_summary")
    by_template = fields.Boolean(compute="_compute_summary")
    sendable = fields.Integer(compute="_compute_summary")
    summary = fields.Char(compute="_compute_summary")

    @api.model
    def open_for(self, targets, kind="permission"):
        """The dialog for these customers.

        :param targets: as for `softphone_lookup`, one each
        :return: an action
        """
        self.check_access("create")
        if len(targets) > MOST:
            raise UserError(
                self.env._("Choose at most %(count)s customers at once.", count=MOST)
            )
        lines = [
            fields.Command.create(
                {
                    "res_model": target.get("res_model"),
                    "res_id": target.get("res_id"),
                    "contact_id": target.get("contact_id"),
                    "typed": target.get("phone"),
                    "wanted_number_id": target.get("number_id"),
                }
            )
            for target in targets
        ]
        wizard = self.create({"kind": kind, "line_ids": lines})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("WhatsApp message about a call"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    @api.depends("kind", "number_id")
    def _compute_text(self):
        for wizard in self:
            number = wizard.number_id or wizard.line_ids[:1].number_id
            if wizard.kind == "permission":
                wizard.text = number._permission_text()
            else:
                wizard.text = number._button_text()

    @api.depends("line_ids.way")
    def _compute_summary(self):
        usable = self.env["whatsapp.calling.number"]._usable(self.env.companies)
        for wizard in self:
            ways = wizard.line_ids.mapped("way")
            message, template = ways.count("message"), ways.count("template")
            wizard.several_numbers = len(usable) > 1
            wizard.by_message = bool(message)
            wizard.by_template = bool(template)
            wizard.sendable = message + template
            wizard.summary = self.env._(
                "By message: %(message)s. By template: %(template)s. Not possible "
                "now: %(none)s.",
                message=message,
                template=template,
                none=len(ways) - message - template,
            )

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.template_id.kind != self.kind:
            self.template_id = False

    # ---- sending

    def action_send(self):
        """Queue what can be sent, paced; the others are left alone."""
        self.ensure_one()
        options = self._options()
        calls = self.env["whatsapp.call"]
        sent, names = 0, []
        for line in self.line_ids:
            # looked at anew: a colleague may have asked since the table was made
            if line.way == "none":
                continue
            calls._send_message(
                calls._aim(line._target()),
                self.kind,
                text=self.text,
                template=self.template_id.sudo(),
                delay=sent // PACE,
                **options,
            )
            sent += 1
            names.append(line.name)
        if not sent:
            raise UserError(
                self.line_ids[:1].reason or self.env._("There is nobody to send it to.")
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self._sent_to(names),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _sent_to(self, names):
        if len(names) > 1:
            return self.env._("%(count)s on the way.", count=len(names))
        if self.kind == "permission":
            return self.env._("Asked: %(name)s.", name=names[0])
        return self.env._("On the way to %(name)s.", name=names[0])

    def _options(self):
        """What the button carries, checked as WhatsApp would."""
        text = (self.text or "").strip()
        if self.by_message and not 1 <= len(text) <= TEXT_MAX:
            raise UserError(
                self.env._("The message needs 1 to %(max)s characters.", max=TEXT_MAX)
            )
        if self.kind == "permission":
            return {"call_when_allowed": self.call_when_allowed}
        label = (self.label or "").strip()
        if not 1 <= len(label) <= LABEL_MAX:
            raise UserError(
                self.env._(
                    "The text of the button needs 1 to %(max)s characters; this one "
                    "has %(count)s.",
                    max=LABEL_MAX,
                    count=len(label),
                )
            )
        minutes = self.ttl_value * MINUTES[self.ttl_unit]
        if not 1 <= minutes <= TTL_MAX:
            raise UserError(
                self.env._("A call button works for 1 minute to 30 days, not longer.")
            )
        payload = (self.payload or "").strip()
        if len(payload) > PAYLOAD_MAX:
            raise UserError(
                self.env._(
                    "What comes back with the call has at most %(max)s characters; "
                    "this has %(count)s.",
                    max=PAYLOAD_MAX,
                    count=len(payload),
                )
            )
        return {"label": label, "ttl_minutes": minutes, "payload": payload or False}


class WhatsappCallingSendLine(models.TransientModel):
    _name = "whatsapp.calling.send.line"
    _description = "Receiver of a WhatsApp Message about a Call"

    wizard_id = fields.Many2one(
        "whatsapp.calling.send", required=True, ondelete="cascade"
    )
    res_model = fields.Char()
    res_id = fields.Integer()
    contact_id = fields.Many2one("whatsapp.call.contact")
    typed = fields.Char()
    wanted_number_id = fields.Many2one("whatsapp.calling.number")
    name = fields.Char("Customer", compute="_compute_preview")
    number_id = fields.Many2one(
        "whatsapp.calling.number", "From", compute="_compute_preview"
    )
    way = fields.Selection(
        [
            ("message", "Message"),
            ("template", "Template"),
            ("none", "Not now"),
        ],
        "How",
        compute="_compute_preview",
    )
    template_id = fields.Many2one(
        "whatsapp.calling.template", compute="_compute_preview"
    )
    window_until = fields.Datetime("Free text until", compute="_compute_preview")
    requests = fields.Char("Requests in 7 days", compute="_compute_preview")
    reason = fields.Text("Why not", compute="_compute_preview")
    next_at = fields.Datetime("Possible again", compute="_compute_preview")

    @api.depends("wizard_id.kind", "wizard_id.number_id", "wizard_id.template_id")
    def _compute_preview(self):
        for wizard, lines in self.grouped("wizard_id").items():
            seen = set()
            for line in lines:
                line._preview(wizard, seen)

    def _preview(self, wizard, seen):
        """What would happen to this customer now; asks no provider."""
        calls = self.env["whatsapp.call"]
        aim = calls._aim(self._target())
        contact = aim["contact"].sudo()
        # sudo: permission - the team shares its limits
        ledger = self.env["whatsapp.call.permission"].sudo()
        permission = ledger._of(aim["number"], contact)
        limits = permission._limits()
        template = wizard.template_id.sudo()
        if wizard.kind == "permission":
            refusal = calls._request_refusal(aim)
        else:
            refusal = calls._button_refusal(aim)
        refusal = refusal or calls._way_refusal(aim, wizard.kind, template)
        who = contact.id or aim["digits"]
        if not refusal and who in seen:
            refusal = self.env._("Already in this list.")
        seen.add(who)
        open_now = bool(contact) and contact._window_open()
        by_template = not refusal and not open_now
        if by_template:
            template = calls._template_to_send(aim, wizard.kind, template)
        asks = wizard.kind == "permission"
        self.name = aim["name"] or self.env._("Unknown customer")
        self.number_id = aim["number"].id
        self.way = "none" if refusal else "message" if open_now else "template"
        self.template_id = by_template and template.id
        self.window_until = bool(contact) and contact._window_until()
        self.requests = asks and self.env._("%(used)s of %(max)s", **limits["week"])
        self.reason = refusal or False
        self.next_at = asks and permission._next_request(limits)

    def _target(self):
        """The customer as `whatsapp.call._aim` takes them."""
        number = self.wizard_id.number_id or self.wanted_number_id
        target = {
            "res_model": self.res_model,
            "res_id": self.res_id,
            "contact_id": self.contact_id.id,
            "phone": self.typed,
            "number_id": number.id,
        }
        return {key: value for key, value in target.items() if value}


class Base(models.AbstractModel):
    _inherit = "base"

    def _whatsapp_target(self):
        """How the softphone names whom a record is about."""
        self.ensure_one()
        return {"res_model": self._name, "res_id": self.id}

    def _whatsapp_message(self, kind):
        """The dialog to ask the customers of these records, or to send a button."""
        targets = [record._whatsapp_target() for record in self]
        return self.env["whatsapp.calling.send"].open_for(targets, kind)


class WhatsappCallContact(models.Model):
    _inherit = "whatsapp.call.contact"

    def _whatsapp_target(self):
        return {"contact_id": self.id}


class WhatsappCallPermission(models.Model):
    _inherit = "whatsapp.call.permission"

    def _whatsapp_target(self):
        return {"contact_id": self.contact_id.id, "number_id": self.number_id.id}
