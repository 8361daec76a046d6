"""Whether a number may call a contact: what the contact has said of it.

The ledger is derived: from the customer's answers and WhatsApp's own word (events of
kind "permission") and from the requests that left (whatsapp.calling.message). Both may
be taken in late and in any order; going through all of them ends in the same row.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ...providers.base import PermissionReply

# a request that nobody answers is closed by WhatsApp (user call permissions)
REQUEST_LASTS = timedelta(days=7)


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
    granted_at = fields.Datetime("Granted on")
    permanent = fields.Boolean()
    expires_at = fields.Datetime()
    requested_at = fields.Datetime()
    requested_by_id = fields.Many2one("res.users")
    request_open = fields.Boolean(help="The last request has no answer yet.")
    request_ref = fields.Char("Request message", index="btree_not_null")
    declined_at = fields.Datetime()
    revoked_at = fields.Datetime()
    answered_at = fields.Datetime("Last answer", help="On WhatsApp's clock.")
    source = fields.Selection(
        [
            ("user_action", "Customer"),
            ("automatic", "WhatsApp"),
            ("checked", "Asked WhatsApp"),
        ],
        readonly=True,
    )
    message_ids = fields.One2many("whatsapp.calling.message", "permission_id")
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
        search="_search_state",
    )

    _contact_uniq = models.Constraint(
        "UNIQUE(number_id, contact_id)",
        "There is one permission for a contact and a number.",
    )

    # ---- the state: not stored, so that it is right in the second it is read

    @api.depends(
        "granted",
        "permanent",
        "expires_at",
        "requested_at",
        "request_open",
        "declined_at",
        "revoked_at",
    )
    def _compute_state(self):
        now = fields.Datetime.now()
        for permission in self:
            if permission.granted and permission._lasts(now):
                permission.state = "granted"
            elif permission._waits(now):
                permission.state = "requested"
            elif permission.revoked_at:
                permission.state = "revoked"
            elif permission.declined_at:
                permission.state = "declined"
            else:
                permission.state = "expired" if permission.granted else "none"

    def _lasts(self, now):
        return self.permanent or not self.expires_at or self.expires_at > now

    def _waits(self, now):
        asked = self.request_open and self.requested_at
        return bool(asked and asked > now - REQUEST_LASTS)

    def _field_to_sql(self, alias, field_expr, query=None):
        """`_compute_state` in SQL: the database filters, groups and sorts by it."""
        if field_expr != "state":
            return super()._field_to_sql(alias, field_expr, query)
        names = (
            "granted",
            "permanent",
            "expires_at",
            "request_open",
            "requested_at",
            "revoked_at",
            "declined_at",
        )
        columns = {name: self._field_to_sql(alias, name, query) for name in names}
        now = fields.Datetime.now()
        return SQL(
            """(CASE
                WHEN %(granted)s AND (%(permanent)s OR %(expires_at)s IS NULL
                                      OR %(expires_at)s > %(now)s) THEN 'granted'
                WHEN %(request_open)s AND %(requested_at)s > %(since)s THEN 'requested'
                WHEN %(revoked_at)s IS NOT NULL THEN 'revoked'
                WHEN %(declined_at)s IS NOT NULL THEN 'declined'
                WHEN %(granted)s THEN 'expired'
                ELSE 'none' END)""",
            now=now,
            since=now - REQUEST_LASTS,
            **columns,
        )

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = tuple(state for state in value if state)
        if not states:
            return Domain.FALSE
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN %s", model._field_to_sql(alias, "state", query), states
            ),
            predicate=lambda permission: permission.state in states,
        )

    # ---- finding

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

    # ---- deriving it

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
            "granted_at": False,
            "permanent": False,
            "expires_at": False,
            "declined_at": False,
            "revoked_at": False,
        }
        replies = []
        for event in self._answer_events():
            reply = PermissionReply(**event.data["permission"])
            when = event.occurred_at
            if event.data.get("checked"):
                self._fold_check(vals, reply, when)
                continue
            replies.append((reply, when))
            vals |= {
                "answered_at": when,
                "source": "automatic" if reply.automatic else "user_action",
            }
            if reply.accepted:
                vals |= {
                    "granted": True,
                    "granted_at": when,
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
        if vals["permanent"]:
            vals["expires_at"] = False
        self.write({**vals, **self._fold_requests(replies)})

    def _fold_check(self, vals, reply, when):
        """What WhatsApp says when it is asked is no answer of the customer's."""
        if reply.accepted:
            if not vals["granted"]:
                vals |= {"granted_at": when, "source": "checked"}
            vals |= {
                "granted": True,
                "permanent": reply.permanent,
                "expires_at": self._expiry(reply, when),
                "declined_at": False,
                "revoked_at": False,
            }
            return
        until = vals["expires_at"]
        if vals["granted"] and (vals["permanent"] or not until or until > when):
            # withdrawn in the customer's profile, which tells nobody
            vals |= {
                "granted": False,
                "permanent": False,
                "revoked_at": when,
                "source": "checked",
            }

    def _fold_requests(self, replies):
        """Who asked last, and whether an answer to that is still to come.

        :param replies: [(PermissionReply, moment)] of the customer
        """
        messages = self._counted_messages()
        if not messages:
            return {"requested_at": False, "requested_by_id": False} | {
                "request_open": False
            }
        refs = set(filter(None, messages.mapped("message_ref")))
        for message in messages:
            message.answer = self._answer_to(message, refs, replies)
        last = messages[-1]
        return {
            "requested_at": last.asked_at,
            "requested_by_id": last.user_id.id,
            "request_ref": last.message_ref,
            "request_open": not last.answer,
        }

    def _counted_messages(self):
        """The requests that left, oldest first; searched, because the field holds
        only what the user may read."""
        # sudo: message - the team shares the limits, whoever asked
        messages = self.env["whatsapp.calling.message"].sudo()
        return messages.search(
            [("permission_id", "=", self.id), ("counts", "=", True)],
            order="asked_at, id",
        )

    @api.model
    def _answer_to(self, message, refs, replies):
        """ "accepted", "declined" or False: by what it refers to, else by its time."""
        for reply, when in replies:
            if reply.context_ref in refs:
                meant = reply.context_ref == message.message_ref
            else:
                meant = when >= message.asked_at
            if meant:
                return "accepted" if reply.accepted else "declined"
        return False

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

    # ---- showing it

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
                "May be called until %(when)s", when=self._said_at(self.expires_at)
            )
        return labels[self.state]

    def _said_at(self, moment):
        return format_datetime(self.env, moment, dt_format="short")
