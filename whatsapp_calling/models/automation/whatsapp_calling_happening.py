"""What happened to calls and permissions, for rules and webhooks of the outside.

Automation rules and outgoing webhooks may be slow or broken; a call must not wait for
them nor be lost with them. So the transaction in which something happens only notes
it here (and only when somebody listens), and the pool deals with it after the commit.
"""

from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import pool

CALL_HAPPENINGS = [
    ("ringing", "Ringing"),
    ("answered", "Answered"),
    ("missed", "Missed"),
    ("rejected", "Rejected"),
    ("ended", "Ended"),
]
PERMISSION_HAPPENINGS = [
    ("granted", "Granted"),
    ("declined", "Declined"),
    ("revoked", "Withdrawn"),
]
KEPT_FOR = 7  # days


class WhatsappCallingHappening(models.Model):
    _name = "whatsapp.calling.happening"
    _description = "WhatsApp Happening"
    _order = "id"
    _rec_name = "kind"
    _log_access = False

    key = fields.Char(required=True, help="Each thing happens once to a call.")
    kind = fields.Char(required=True)
    company_id = fields.Many2one("res.company", required=True)
    call_id = fields.Many2one(
        "whatsapp.call", index="btree_not_null", ondelete="cascade"
    )
    permission_id = fields.Many2one(
        "whatsapp.call.permission", index="btree_not_null", ondelete="cascade"
    )
    happened_at = fields.Datetime(required=True)
    state = fields.Selection(
        [
            ("due", "Due"),
            ("rules", "Rules to be run"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
    )

    _key_uniq = models.UniqueIndex("(key)")
    _due_idx = models.Index("(id) WHERE state IN ('due', 'rules')")

    # ---- noting it, inside the transaction in which it happens

    @api.model
    def _note(self, key, kind, record, **values):
        """Note that something happened, once; dealt with after the commit.

        :param key: unique for what happened
        :param record: the call or the permission
        :param values: of the row; state "rules" where webhooks are not concerned
        """
        if not self._somebody_listens(record.company_id.id):
            return
        is_call = record._name == "whatsapp.call"
        row = {
            "key": key,
            "kind": kind,
            "company_id": record.company_id.id,
            "call_id": record.id if is_call else None,
            "permission_id": None if is_call else record.id,
            "happened_at": fields.Datetime.now(),
            "state": "due",
            **values,
        }
        self.env.flush_all()  # a call may have been created in this transaction
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) VALUES %s ON CONFLICT (key) DO NOTHING "
                "RETURNING id",
                SQL.identifier(self._table),
                SQL(", ").join(map(SQL.identifier, row)),
                tuple(row.values()),
            )
        )
        if rows and row["state"] == "due":
            self._deal_soon()
        elif rows:
            self._run_rules_soon()

    @api.model
    def _deal_soon(self):
        pool.submit_after_commit(
            self.env, self._name, "_deal_with_due", lane=pool.LATER
        )

    @api.model
    def _run_rules_soon(self):
        pool.submit_after_commit(self.env, self._name, "_run_rules", lane=pool.RULES)

    @api.model
    def _somebody_listens(self, company_id):
        return self._rules_listen() or company_id in self._hooked_companies()

    @api.model
    @tools.ormcache()
    def _hooked_companies(self):
        hooks = self.env["whatsapp.calling.hook"].sudo().search([("active", "=", True)])
        return frozenset(hooks.company_id.ids)

    @api.model
    def _rules_listen(self):
        """Whether Automation Rules watch calls (see whatsapp_calling_automation)."""
        return False

    @api.model
    def _sweep(self):
        """Once a minute: what a stopped server left, and old rows go."""
        if self.search_count(Domain("state", "=", "due"), limit=1):
            self._deal_soon()
        if self.search_count(Domain("state", "=", "rules"), limit=1):
            self._run_rules_soon()

    @api.autovacuum
    def _gc_happenings(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_FOR)
        old = Domain("happened_at", "<", limit) & Domain(
            "state", "not in", ("due", "rules")
        )
        self.search(old, limit=10000).unlink()


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    happening = fields.Selection(
        CALL_HAPPENINGS,
        "Last happening",
        readonly=True,
        copy=False,
        help="For Automation Rules: set after the fact, one after the other, while a "
        'rule watches calls. Every call that is over is "Ended" in the end.',
    )

    def _ring(self, number):
        result = super()._ring(number)
        self._note_happenings()
        return result

    def _derive(self):
        result = super()._derive()
        self._note_happenings()
        return result

    def _note_happenings(self):
        happenings = self.env["whatsapp.calling.happening"]
        for kind in self._happened():
            happenings._note(f"call:{self.id}:{kind}", kind, self)

    def _happened(self):
        """What has happened to this call so far, in the order of a call."""
        if self.rung_user_ids or self.ringing_at or self.state == "ringing":
            yield "ringing"
        answered = self.accepted_at or self.official_start
        if answered and self.handler_kind != "voicemail":
            yield "answered"
        if self._is_live():
            return
        if self.state in ("missed", "rejected"):
            yield self.state
        yield "ended"

    @api.model
    def _sweep_parts(self):
        happenings = self.env["whatsapp.calling.happening"]
        deliveries = self.env["whatsapp.calling.delivery"]
        return [*super()._sweep_parts(), happenings._sweep, deliveries._sweep]


class WhatsappCallPermission(models.Model):
    _inherit = "whatsapp.call.permission"

    happening = fields.Selection(
        PERMISSION_HAPPENINGS,
        "Last happening",
        readonly=True,
        copy=False,
        help="For Automation Rules: what the customer or WhatsApp said last, set "
        "while a rule watches permissions.",
    )

    def _fold_answers(self):
        facts = {
            "granted": "granted_at",
            "declined": "declined_at",
            "revoked": "revoked_at",
        }
        before = {kind: self[name] for kind, name in facts.items()}
        result = super()._fold_answers()
        for kind, name in facts.items():
            moment = self[name]
            if moment and moment != before[kind]:
                key = f"permission:{self.id}:{kind}:{moment.timestamp():.0f}"
                self.env["whatsapp.calling.happening"]._note(key, kind, self)
        return result
