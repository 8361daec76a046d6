"""Deadlines: every live call has one, so that none stays open for ever."""

from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import clock
from ...tools.transaction import run_apart, run_in_transaction, run_on_its_own

# the tab that owns a call pings every 5 s; a killed one sends no farewell
LOST_AFTER = 12
# how long a customer's phone rings when WhatsApp says nothing (not documented)
DIAL_FOR = 90
# a call that nobody here holds and of which nothing is heard
NO_NEWS_AFTER = 4 * 3600
# a call that could not be dealt with is looked at again
PUT_OFF = 60
BATCH = 20


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _next_deadline(self):
        """When this live call must be looked at again, whatever happens."""
        self.ensure_one()
        if self.handler_tab and not self.lease_until:
            lost = self._lost_at()
            if self.state in ("dialing", "ringing"):
                return min(lost, self._give_up_at())
            return lost
        if self.state == "connected":
            return self.started_at + timedelta(seconds=NO_NEWS_AFTER)
        return min(filter(None, [self.lease_until, self.widen_at, self._give_up_at()]))

    def _give_up_at(self):
        seconds = DIAL_FOR
        if self.direction == "inbound":
            seconds = self.number_id.ring_seconds or 60
        # from when we heard of it: WhatsApp's clock may differ from ours
        began = self.create_date or fields.Datetime.now()
        if self.lease_until:
            began = max(began, self.lease_until - timedelta(seconds=seconds))
        return began + timedelta(seconds=seconds)

    def _act_on_deadline(self):
        """Do what is due; the state is read anew, so a late tick changes nothing."""
        now = fields.Datetime.now()
        if not self._is_live():
            self.deadline = False
        elif self.lease_until and self.lease_until <= now:
            self._end_lease()
        elif self.handler_tab and not self.lease_until and self._lost_at() <= now:
            self._tab_lost()
        elif self.widen_at and self.widen_at <= now:
            self._widen_ring()
        elif self._next_deadline() > now:
            self._set_deadline()
        elif self.state == "connected":
            self._close("no_news")
        elif self._give_up_at() <= now:
            self._give_up()
        else:
            self._set_deadline()

    def _tab_lost(self):
        """The owning tab has not said for long that it lives."""
        self._end_here("lost_tab")

    def _lost_at(self):
        """When the owning tab counts as lost, unless it pings before.

        A server that has just started heard no ping so far: each tab gets its time.
        """
        pinged = self.pinged_at or self.started_at
        heard = max(filter(None, [pinged, clock.listening_since()]))
        return heard + timedelta(seconds=LOST_AFTER)

    def _give_up(self):
        if self._dialled_here():
            self._ask_to_hang_up("terminate")
        self._close("unanswered")

    @api.model
    def _tick(self):
        """Let due calls act and due requests leave; whether anything is going on."""
        due = self._due_ids()
        for call_id in due:
            run_on_its_own(
                self.env,
                partial(self._due, call_id),
                give_up=lambda _error, call_id=call_id: self._put_off(call_id),
            )
        waiting = run_in_transaction(self.env, self.env["whatsapp.call.request"]._sweep)
        return bool(waiting or due or self._any_deadline())

    def _due_ids(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM whatsapp_call
                 WHERE deadline <= %s
                 ORDER BY deadline LIMIT %s
                """,
                fields.Datetime.now(),
                BATCH,
            )
        )
        return [call_id for (call_id,) in rows]

    def _due(self, call_id):
        """Take one due call, unless another process has it in hand."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM whatsapp_call
                 WHERE id = %s AND deadline <= %s
                   FOR UPDATE SKIP LOCKED
                """,
                call_id,
                fields.Datetime.now(),
            )
        )
        call = self.browse(call_id)
        if rows and not run_apart(self.env, call._act_on_deadline):
            self._put_off(call_id)

    def _put_off(self, call_id):
        now = fields.Datetime.now()
        self.browse(call_id).deadline = now + timedelta(seconds=PUT_OFF)

    def _any_deadline(self):
        return bool(self.search_count([("deadline", "!=", False)], limit=1))

    @api.model
    def _cron_sweep(self):
        """The net for a stopped server: once a minute, whatever is due."""
        for part in self._sweep_parts():
            run_on_its_own(self.env, part)

    @api.model
    def _sweep_parts(self):
        """What the minute's sweep does: functions, each run in any case."""
        return [
            self._tick,
            self.env["res.company"]._whatsapp_calling_watch_copy,
            self.env["whatsapp.calling.keys"]._watch,
            self._sweep_chatter,
            self._sweep_clock,
        ]

    def _sweep_chatter(self):
        for call in self.search([("chatter_due", "=", True)], limit=100):
            call._post_soon()

    def _sweep_clock(self):
        if self._any_deadline():
            clock.watch_after_commit(self.env)

    # ---- the owning tab is alive

    @api.model
    def softphone_ping(self, call_id, tab):
        """A sign of life of the tab that owns the call, every 5 s.

        Not through `_note_facts`: a ping changes nothing that anybody sees.

        :return: {"ok": False} when the tab does not own it any more
        """

        def work():
            now = fields.Datetime.now()
            rows = self.env.execute_query(
                SQL(
                    """
                    UPDATE whatsapp_call
                       SET pinged_at = %s,
                           deadline = CASE
                               WHEN state = 'connected' AND media_unit_id IS NULL
                               THEN %s
                               ELSE deadline END
                     WHERE id = %s AND handler_id = %s AND handler_tab = %s
                       AND state IN ('dialing', 'ringing', 'connected')
                    RETURNING state, version
                    """,
                    now,
                    now + timedelta(seconds=LOST_AFTER),
                    int(call_id),
                    self.env.uid,
                    tab,
                )
            )
            if not rows:
                return {"ok": False}
            clock.watch_after_commit(self.env)
            return {"ok": True, "state": rows[0][0], "version": rows[0][1]}

        return run_in_transaction(self.env, work)
