"""The history of a call: append-only, one row per thing that happened."""

import json
import uuid
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.json import json_default


class WhatsappCallEvent(models.Model):
    _name = "whatsapp.call.event"
    _description = "WhatsApp Call Event"
    _order = "id"
    _log_access = False

    account_id = fields.Many2one("whatsapp.calling.account", required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    call_id = fields.Many2one(
        "whatsapp.call", index="btree_not_null", ondelete="cascade"
    )
    number_id = fields.Many2one("whatsapp.calling.number")
    contact_id = fields.Many2one("whatsapp.call.contact", index="btree_not_null")
    key = fields.Char(required=True, help="Unique: a repeated webhook changes nothing.")
    kind = fields.Char(required=True)
    source = fields.Selection(
        [
            ("provider", "WhatsApp"),
            ("operator", "Operator"),
            ("system", "Odoo"),
            ("request", "Request to WhatsApp"),
        ],
        required=True,
    )
    user_id = fields.Many2one("res.users", "By")
    occurred_at = fields.Datetime("When", required=True)
    recorded_at = fields.Datetime("Recorded", required=True)
    note = fields.Char("What happened")
    data = fields.Json()
    flagged = fields.Boolean(help="Something in it was missing or odd.")

    _key_uniq = models.UniqueIndex("(account_id, key)")
    _flagged_idx = models.Index("(id) WHERE flagged")
    _refused_idx = models.Index("(company_id, recorded_at) WHERE kind = 'dial_refused'")

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self.env._("The history of a call cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("The history of a call cannot be deleted."))

    @api.model
    def _append(self, account, kind, *, source="system", key=None, **values):
        """Add one event; a key that is there already adds nothing.

        Raw SQL, because the conflict must be found out by the insert itself: a
        search before it would miss what another transaction has just committed.

        :param values: call, number, contact, user (records), note, data, flagged,
            occurred_at (naive UTC datetime)
        :return: the new id, or None when the key was known
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        row = {
            "account_id": account.id,
            # an account may have moved to another company since the call
            "company_id": (values.get("call") or account).company_id.id,
            "key": key or uuid.uuid4().hex,
            "kind": kind,
            "source": source,
            "recorded_at": now,
            # whole seconds, as WhatsApp tells them: inside one the order is that of
            # arrival, or our own steps would seem to come after WhatsApp's next ones
            "occurred_at": values.get("occurred_at") or now.replace(microsecond=0),
            "note": values.get("note"),
            "flagged": bool(values.get("flagged")),
            "data": json.dumps(values.get("data") or {}, default=json_default),
        }
        for name in ("call", "number", "contact", "user"):
            row[f"{name}_id"] = values.get(name) and values[name].id or None
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) VALUES %s "
                "ON CONFLICT (account_id, key) DO NOTHING RETURNING id",
                SQL.identifier(self._table),
                SQL(", ").join(map(SQL.identifier, row)),
                tuple(row.values()),
            )
        )
        if values.get("call"):
            values["call"].invalidate_recordset(["event_ids", "timeline_ids"])
        return rows[0][0] if rows else None

    @api.model
    def _move(self, call, to):
        """The history of a call that turned out to be another one goes there."""
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                "UPDATE %s SET call_id = %s WHERE call_id = %s RETURNING id",
                SQL.identifier(self._table),
                to.id,
                call.id,
            )
        )
        self.env.invalidate_all()

    @api.model
    def _flag(self, event_id, reason):
        """Say of an event of this very transaction what was odd about it."""
        self.env.execute_query(
            SQL(
                "UPDATE %s SET flagged = TRUE, note = concat_ws('. ', note, %s)"
                " WHERE id = %s RETURNING id",
                SQL.identifier(self._table),
                reason,
                event_id,
            )
        )
        self.browse(event_id).invalidate_recordset()

    @api.model
    def _attach(self, event_id, **records):
        """Fill in what an event of this very transaction turned out to belong to."""
        assignments = [
            SQL("%s = %s", SQL.identifier(f"{name}_id"), record.id)
            for name, record in records.items()
            if record
        ]
        if records.get("call"):
            company_id = records["call"].company_id.id
            assignments.append(SQL("company_id = %s", company_id))
        if assignments:
            self.env.execute_query(
                SQL(
                    "UPDATE %s SET %s WHERE id = %s RETURNING id",
                    SQL.identifier(self._table),
                    SQL(", ").join(assignments),
                    event_id,
                )
            )
            self.browse(event_id).invalidate_recordset()
