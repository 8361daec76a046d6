"""Legal hold: what a court or a dispute needs is neither purged nor erased.

On one call, or on a customer and with that on all of their calls. Who placed it, why,
and who released it stays.
"""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

MANAGER = "whatsapp_calling.group_manager"
HELD = [("released_at", "=", False)]


class WhatsappCallLegalHold(models.Model):
    _name = "whatsapp.call.legal.hold"
    _description = "Legal Hold on WhatsApp Calls"
    _order = "id desc"
    _rec_name = "reason"

    call_id = fields.Many2one(
        "whatsapp.call", index="btree_not_null", ondelete="cascade"
    )
    contact_id = fields.Many2one(
        "whatsapp.call.contact",
        "Customer",
        index="btree_not_null",
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True
    )
    reason = fields.Char(required=True)
    user_id = fields.Many2one(
        "res.users", "Placed by", default=lambda self: self.env.user, readonly=True
    )
    placed_at = fields.Datetime("Placed on", default=fields.Datetime.now, readonly=True)
    released_at = fields.Datetime("Released on", readonly=True)
    released_by_id = fields.Many2one("res.users", "Released by", readonly=True)

    @api.depends("call_id", "contact_id")
    def _compute_company_id(self):
        for hold in self:
            hold.company_id = (hold.call_id or hold.contact_id).company_id

    @api.constrains("call_id", "contact_id")
    def _check_one(self):
        for hold in self:
            if bool(hold.call_id) == bool(hold.contact_id):
                raise ValidationError(
                    self.env._("A legal hold is on a call or on a customer.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        for hold in holds:
            hold._tell(
                "legal_hold",
                self.env._("Legal hold: %(reason)s", reason=hold.reason),
            )
        return holds

    def action_release(self):
        """What is over its time goes with the next purge."""
        if not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only managers release a legal hold."))
        self.check_access("read")
        for hold in self:
            if hold.released_at:
                raise UserError(self.env._("This legal hold is released already."))
            # sudo: hold - released by this button only, never rewritten
            hold.sudo().write(
                {
                    "released_at": fields.Datetime.now(),
                    "released_by_id": self.env.uid,
                }
            )
            hold._tell("legal_hold_released", self.env._("Legal hold released"))
        return True

    def _words(self):
        return self.env._(
            "%(reason)s (%(name)s)", reason=self.reason, name=self.user_id.name
        )

    @api.model
    def _ask_for(self, values):
        if not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only managers place a legal hold."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Legal hold"),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {f"default_{name}": value for name, value in values.items()},
        }

    def _tell(self, kind, note):
        """A line in the history of the call; one on a customer stands with them."""
        if self.call_id:
            self.call_id._log(kind, note, source="operator", user=self.env.user)


class WhatsappCallContact(models.Model):
    _inherit = "whatsapp.call.contact"

    legal_hold_ids = fields.One2many(
        "whatsapp.call.legal.hold", "contact_id", groups=MANAGER
    )

    def action_legal_hold(self):
        """Ask for the reason of a hold on all calls of this customer."""
        self.ensure_one()
        return self.env["whatsapp.call.legal.hold"]._ask_for({"contact_id": self.id})


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    legal_hold_ids = fields.One2many(
        "whatsapp.call.legal.hold", "call_id", groups=MANAGER
    )
    legal_hold_text = fields.Char(
        "Legal hold", compute="_compute_legal_hold_text", groups=MANAGER
    )

    @api.depends("legal_hold_ids.released_at", "contact_id.legal_hold_ids.released_at")
    def _compute_legal_hold_text(self):
        for call in self:
            holds = call._legal_holds()
            call.legal_hold_text = "; ".join(hold._words() for hold in holds)

    def _legal_holds(self):
        """The holds that keep these calls."""
        # sudo: hold - that something is held counts for whoever deletes
        calls = self.sudo()
        holds = calls.legal_hold_ids | calls.contact_id.legal_hold_ids
        return holds.filtered(lambda hold: not hold.released_at)

    @api.model
    def _not_held(self):
        """Domain of the calls that no legal hold keeps."""
        held = Domain("legal_hold_ids", "any", HELD)
        return ~held & Domain("contact_id", "not any", held)

    def action_legal_hold(self):
        """Ask for the reason of a hold on this call."""
        self.ensure_one()
        return self.env["whatsapp.call.legal.hold"]._ask_for({"call_id": self.id})
