"""Whether a number may call a contact: what the contact has said of it."""

from odoo import api, fields, models
from odoo.tools import format_datetime

from ..providers.base import PermissionReply


class WhatsappCallPermission(models.Model):
    _name = "whatsapp.call.permission"
    _description = "WhatsApp Call Permission"
    _order = "write_date desc, id desc"
    _rec_name = "contact_id"

    number_id = fields.Many2one(
        "whatsapp.calling.number", required=True, index=True, ondelete="cascade"
    )
    contact_id = fields.Many2one(
        "whatsapp.call.contact", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="number_id.company_id", store=True, index=True)
    granted = fields.Boolean()
    permanent = fields.Boolean()
    expires_at = fields.Datetime()
    requested_at = fields.Datetime()
    requested_by_id = fields.Many2one("res.users")
    request_ref = fields.Char("Request message", index="btree_not_null")
    declined_at = fields.Datetime()
    revoked_at = fields.Datetime()
    answered_at = fields.Datetime("Last answer", help="On WhatsApp's clock.")
    source = fields.Selection(
        [("user_action", "Customer"), ("automatic", "WhatsApp")], readonly=True
    )
    state = fields.Selection(
        [
            ("none", "No permission"),
            ("requested", "Requested"),
            ("granted", "Granted"),
            ("declined", "Declined"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
    )

    _contact_uniq = models.Constraint(
        "UNIQUE(number_id, contact_id)",
        "There is one permission for a contact and a number.",
    )

    @api.depends(
        "granted",
        "permanent",
        "expires_at",
        "requested_at",
        "declined_at",
        "revoked_at",
    )
    def _compute_state(self):
        now = fields.Datetime.now()
        for permission in self:
            asked = permission.requested_at
            if permission.granted and permission._lasts(now):
                state = "granted"
            elif asked and asked > max(
                filter(None, [permission.declined_at, permission.revoked_at]),
                default=fields.Datetime.subtract(now, days=7),
            ):
                state = "requested"
            elif permission.revoked_at:
                state = "revoked"
            elif permission.declined_at:
                state = "declined"
            else:
                state = "expired" if permission.granted else "none"
            permission.state = state

    def _lasts(self, now):
        return self.permanent or not self.expires_at or self.expires_at > now

    @api.model
    def _of(self, number, contact):
        return self.search(
            [("number_id", "=", number.id), ("contact_id", "=", contact.id)], limit=1
        )

    @api.model
    def _ensure(self, number, contact):
        return self._of(number, contact) or self.create(
            {"number_id": number.id, "contact_id": contact.id}
        )

    def _fold_answers(self):
        """Derive the grant from all answers there are, in WhatsApp's order.

        Answers may arrive late and shuffled; going through them anew each time
        ends in the same state whatever the order was. A decline of one request
        wipes no permanent grant; an automatic one is WhatsApp revoking after four
        unanswered calls.
        """
        self.ensure_one()
        vals = {
            "granted": False,
            "permanent": False,
            "expires_at": False,
            "declined_at": False,
            "revoked_at": False,
        }
        for event in self._answer_events():
            reply = PermissionReply(**event.data["permission"])
            when = event.occurred_at
            vals |= {
                "answered_at": when,
                "source": "automatic" if reply.automatic else "user_action",
            }
            if reply.accepted:
                vals |= {
                    "granted": True,
                    "permanent": vals["permanent"] or reply.permanent,
                    "expires_at": self._expiry(reply, when),
                    "declined_at": False,
                    "revoked_at": False,
                }
            elif reply.automatic:
                vals |= {"granted": False, "permanent": False, "revoked_at": when}
            elif vals["permanent"] and reply.context_ref:
                vals["declined_at"] = when
            else:
                vals |= {"granted": False, "permanent": False, "declined_at": when}
        self.write(vals)

    def _answer_events(self):
        # sudo: event - the ledger is derived, whoever causes it
        return (
            self.env["whatsapp.call.event"]
            .sudo()
            .search(
                [
                    ("contact_id", "=", self.contact_id.id),
                    ("number_id", "=", self.number_id.id),
                    ("kind", "=", "permission"),
                ],
                order="occurred_at, key",
            )
        )

    @api.model
    def _expiry(self, reply, answered_at):
        if reply.permanent:
            return False
        if reply.expires_at:
            return self.env["whatsapp.call"]._moment(reply.expires_at)
        # WhatsApp's temporary permission lasts seven days (user call permissions)
        return fields.Datetime.add(answered_at, days=7)

    def _view(self):
        """What the softphone shows of it; an empty record is "none"."""
        if not self:
            label = self.env._("No permission to call yet")
            return {
                "state": "none",
                "permanent": False,
                "expires": False,
                "label": label,
                "allowed": False,
            }
        self.ensure_one()
        expires = self.state == "granted" and not self.permanent and self.expires_at
        return {
            "state": self.state,
            "permanent": self.permanent,
            "expires": self.env["whatsapp.call"]._milliseconds(expires),
            "label": self._label(),
            "allowed": self.state == "granted",
        }

    def _label(self):
        labels = {
            "none": self.env._("No permission to call yet"),
            "requested": self.env._("Asked for permission, no answer yet"),
            "granted": self.env._("May be called"),
            "declined": self.env._("Declined to be called"),
            "expired": self.env._("The permission to call has expired"),
            "revoked": self.env._("WhatsApp withdrew the permission to call"),
        }
        if self.state == "granted" and self.permanent:
            return self.env._("May be called at any time")
        if self.state == "granted" and self.expires_at:
            return self.env._(
                "May be called until %(when)s",
                when=format_datetime(self.env, self.expires_at, dt_format="short"),
            )
        return labels[self.state]

    def _tell(self):
        """Tell who asked; the others see it the next time they look."""
        for user in self.requested_by_id:
            user._bus_send(
                "whatsapp_calling/permission",
                {
                    "contact_id": self.contact_id.id,
                    "state": self.state,
                    "name": self.contact_id.display_name,
                    "server_time": self.env["whatsapp.call"]._now_ms(),
                },
            )
