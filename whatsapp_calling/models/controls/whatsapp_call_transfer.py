"""Handing a call on: one row for each try, of which a call has one open at the most.

blind: ringing → connecting → done, or → returning (rings at who handed it on) → …
attended: ringing → consulting (the operator talks to the colleague) → done
Each change of the state is a compare-and-swap, as the one of the call's handler is.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

OPEN = ("ringing", "returning", "connecting", "consulting")
WAITING = ("ringing", "returning")
REASON_MAX = 200  # characters
# seconds within which the sound of who took the call must have come about
LEASE = 15


class WhatsappCallTransfer(models.Model):
    _name = "whatsapp.call.transfer"
    _description = "Transfer of a WhatsApp Call"
    _order = "id desc"
    _rec_name = "target"

    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="call_id.company_id", store=True)
    kind = fields.Selection(
        [("blind", "Blind"), ("attended", "Attended")], required=True
    )
    from_id = fields.Many2one("res.users", "Transferred by", required=True)
    target = fields.Char("To", required=True, help="A person or a team, by name.")
    target_key = fields.Char(help="Model and id of the target, for the recent ones.")
    reason = fields.Char()
    user_ids = fields.Many2many("res.users", string="Rings for")
    to_id = fields.Many2one("res.users", "Taken by")
    state = fields.Selection(
        [
            ("ringing", "Ringing"),
            ("returning", "Back to who transferred it"),
            ("connecting", "Connecting"),
            ("consulting", "Consulting"),
            ("done", "Done"),
            ("taken_back", "Taken back"),
            ("refused", "Refused"),
            ("left", "The colleague hung up"),
            ("failed", "No sound came about"),
            ("unanswered", "Nobody took it"),
            ("ended", "The call ended"),
        ],
        required=True,
        default="ringing",
    )
    talk = fields.Selection(
        [("peer", "Customer"), ("consult", "Colleague"), ("both", "All three")],
        help="Whom the operator talks to while consulting.",
    )
    until = fields.Datetime("Rings until")
    lease_until = fields.Datetime("Connecting until")
    connected_at = fields.Datetime("Colleague connected")
    ended_at = fields.Datetime("Over")
    tab = fields.Char(groups=fields.NO_ACCESS)
    leg_ref = fields.Char(groups=fields.NO_ACCESS)
    answer_sdp = fields.Text(groups=fields.NO_ACCESS)

    _open_uniq = models.UniqueIndex(
        "(call_id) WHERE state IN ('ringing', 'returning', 'connecting', 'consulting')",
        "This call is being transferred already.",
    )
    # one consults on one call at a time
    _consult_uniq = models.UniqueIndex(
        "(to_id) WHERE state = 'consulting'", "You are in another call: end it first."
    )
    _from_idx = models.Index("(from_id, id)")

    def _swap(self, expected, state, **values):
        """Compare-and-swap of the state; false when somebody was faster.

        :param expected: states it may come from
        :param values: columns set along with it
        """
        self.ensure_one()
        self.flush_recordset()
        columns = {"state": state, **values}
        rows = self.env.execute_query(
            SQL(
                "UPDATE %s SET %s WHERE id = %s AND state IN %s RETURNING id",
                SQL.identifier(self._table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    for name, value in columns.items()
                ),
                self.id,
                tuple(expected),
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    def _finish(self, state, expected=OPEN):
        """Close it; false when it was closed already."""
        return self._swap(
            expected,
            state,
            until=None,
            lease_until=None,
            answer_sdp=None,
            ended_at=fields.Datetime.now(),
        )

    def _is_open(self):
        return self.state in OPEN

    def _rings_for(self, user):
        return self.state in WAITING and user in self.user_ids

    def _due_at(self):
        """When it must be looked at again, or False."""
        if self.state in WAITING:
            return self.until
        if self.state == "connecting" or not self.connected_at:
            return self.lease_until
        return False

    @api.model
    def _lease(self):
        return fields.Datetime.now() + timedelta(seconds=LEASE)

    @api.model
    def _recent_keys(self, user, limit=50):
        """Where a user has transferred calls to of late, the latest first."""
        # sudo: transfer - one's own, for the order of one's own list
        own = self.sudo().search_fetch(
            [("from_id", "=", user.id), ("target_key", "!=", False)],
            ["target_key"],
            limit=limit,
        )
        return list(dict.fromkeys(own.mapped("target_key")))

    def _view(self, user):
        """The open transfer as the softphone of `user` shows it."""
        self.ensure_one()
        taker = self.to_id
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "from": {"id": self.from_id.id, "name": self.from_id.name},
            "to": bool(taker) and {"id": taker.id, "name": taker.name},
            "target": self.target,
            "reason": self.reason or "",
            "until": self.call_id._milliseconds(self.until),
            "talk": self.talk or False,
            "connected": bool(self.connected_at),
            "rings": self._rings_for(user),
        }
