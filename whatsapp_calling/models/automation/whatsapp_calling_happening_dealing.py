"""Dealing with what happened, in the pool: webhooks first, then rules, each apart."""

import logging
from functools import partial

from odoo import api, models
from odoo.tools import SQL

from ...tools.transaction import AGAIN, run_apart, run_on_its_own

_logger = logging.getLogger(__name__)


class WhatsappCallingHappening(models.Model):
    _inherit = "whatsapp.calling.happening"

    @api.model
    def _deal_with_due(self):
        """Queue the webhooks of all that is due; its rules come after, elsewhere."""
        while self._go_on("due", "_deal"):
            pass

    @api.model
    def _run_rules(self):
        """Tell rules of what is next, one thing after the other."""
        while self._go_on("rules", "_tell"):
            pass

    def _go_on(self, state, method):
        """Take the next happening in `state`, in a transaction of its own.

        :return: whether there was one
        """
        taken = self.browse()

        def work():
            nonlocal taken
            taken = self.browse()
            taken = self._take_next(state)
            if taken:
                getattr(taken, method)()

        def give_up(error):
            if not taken:
                raise error
            taken._give_up(error)

        run_on_its_own(self.env, work, give_up)
        return bool(taken)

    def _take_next(self, state):
        """Take the next one; of one record only what comes first.

        What one happening made due comes before the next happening of the record.
        """
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_calling_happening SET state = 'done'
                 WHERE id = (
                    SELECT id FROM whatsapp_calling_happening happening
                     WHERE state = %(state)s
                       AND NOT EXISTS (
                            SELECT FROM whatsapp_calling_happening earlier
                             WHERE earlier.state IN %(before)s
                               AND (earlier.call_id = happening.call_id
                                    OR earlier.permission_id
                                       = happening.permission_id)
                               AND (earlier.kind != 'rule', earlier.id)
                                   < (happening.kind != 'rule', happening.id))
                     ORDER BY id LIMIT 1
                       FOR UPDATE SKIP LOCKED)
                RETURNING id
                """,
                state=state,
                before=("due",) if state == "due" else ("due", "rules"),
            )
        )
        self.env.invalidate_all()
        return self.browse(rows[0][0]) if rows else self.browse()

    def _deal(self):
        """Queue the webhooks; rules are told when these are sure to leave."""
        told = self._apart(self._queue_deliveries, self._said_of_webhooks)
        if self._rules_listen():
            self.state = "rules"
            self._run_rules_soon()
        elif not told:
            self.state = "failed"

    def _tell(self):
        if not self._apart(self._tell_rules):
            self.state = "failed"

    def _give_up(self, error):
        self.state = "failed"
        run_apart(self.env, partial(self._note_failure, self._said_of_rules(error)))

    def _said_of_rules(self, error):
        return self.env._(
            "An automation rule failed: %(error)s", error=str(error)[:300]
        )

    def _said_of_webhooks(self, error):
        return self.env._(
            "Its outgoing webhooks could not be queued: %(error)s",
            error=str(error)[:300],
        )

    def _apart(self, work, said=None):
        """Run `work()`; that it breaks is written into the call's timeline.

        When the whole transaction has lost, that is raised, for `run_in_transaction`
        to begin anew.

        :param said: what the timeline says of an error
        :return: False when it broke; nothing of it is left then
        """
        try:
            with self.env.cr.savepoint():
                work()
                self.env.flush_all()
        except Exception as error:
            if getattr(error, "pgcode", None) in AGAIN:
                raise
            self.env.invalidate_all()
            _logger.warning("What follows a call's happening failed", exc_info=True)
            self._note_failure((said or self._said_of_rules)(error))
            return False
        return True

    def _note_failure(self, note):
        record = self.call_id or self.permission_id
        account = self.call_id.account_id or self.permission_id.number_id.account_id
        self.env["whatsapp.call.event"]._append(
            account,
            "rule_failed",
            call=self.call_id,
            number=record.number_id,
            contact=record.contact_id,
            note=note,
            data={"happening": self.kind},
            flagged=True,
        )

    def _queue_deliveries(self):
        record = self.call_id or self.permission_id
        hooks = self.env["whatsapp.calling.hook"]._wanting(self)
        if hooks and record:
            hooks._queue(self._event_name(), self.happened_at, record)

    def _event_name(self):
        return f"{'call' if self.call_id else 'permission'}.{self.kind}"

    def _tell_rules(self):
        """Write the field that rules watch. Each rule that it concerns becomes due.

        The rules run after the commit: a slow one must not hold the call's row, which
        webhooks and clicks wait for.
        """
        record = self.call_id or self.permission_id
        if record:
            record.with_context(
                whatsapp_calling_making_due=self.id
            ).happening = self.kind
