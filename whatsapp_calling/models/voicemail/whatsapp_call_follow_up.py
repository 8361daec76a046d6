"""What is left to do after a call that nobody answered: on whose list, and where.

Activities are made in the pool: they cost what a webhook has not.
"""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

from ...tools import pool
from ...tools.transaction import run_in_transaction

CALL_ACTIVITY = "mail.mail_activity_data_call"
LINE = Markup("<p>{}</p>")


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    follow_up_id = fields.Many2one(
        "mail.activity", "Reminder", ondelete="set null", index="btree_not_null"
    )
    follow_up_due = fields.Boolean(groups=fields.NO_ACCESS)
    _follow_up_due_idx = models.Index("(id) WHERE follow_up_due")

    # ---- in the pool

    def _follow_up_soon(self):
        self.ensure_one()
        self.follow_up_due = True
        pool.submit_after_commit(
            self.env, self._name, "_follow_up_due", self.id, lane=pool.LATER
        )

    @api.model
    def _follow_up_due(self, call_id):
        """Make, or bring up to date, the reminder of one call (runs in the pool)."""
        run_in_transaction(self.env, lambda: self.browse(call_id)._follow_up())

    @api.model
    def _sweep_parts(self):
        return [*super()._sweep_parts(), self._sweep_follow_ups]

    def _sweep_follow_ups(self):
        for call in self.search([("follow_up_due", "=", True)], limit=100):
            call._follow_up_soon()

    def _follow_up(self):
        if not self.exists() or not self.follow_up_due:
            return
        self.follow_up_due = False
        if self.no_answer == "call_back" and self.call_back_at:
            self._schedule_call_back()

    def _schedule_call_back(self):
        user = self._follow_up_user()
        speaking = self.with_context(lang=user.lang, tz=user.tz or "UTC")
        when = format_datetime(
            speaking.env,
            self.call_back_at,
            tz=speaking.env.context["tz"],
            dt_format="short",
        )
        speaking._schedule_follow_up(
            speaking.env._(
                "Call %(name)s back at %(when)s", name=self.peer_name, when=when
            ),
            LINE.format(
                speaking.env._(
                    "Nobody answered the call. You are reminded when the hour is over; "
                    "WhatsApp connects you if the customer has agreed to be called."
                )
            )
            + speaking._call_link(),
        )

    # ---- where and on whose list

    def _follow_up_thread(self):
        """The record of the call, else the customer, else the contact, which is there
        for callers who are known by their number only."""
        self.ensure_one()
        return self._thread() or self.contact_id

    def _follow_up_user(self):
        """The assigned user of the record or customer, else of the number, else a
        manager."""
        self.ensure_one()
        number = self.number_id
        managers = number._managers() if number else self.env["res.users"]
        users = [self._assignee(), number.no_answer_user_id, managers[:1]]
        for user in users:
            fit = user._name == "res.users" and user.active and not user.share
            if fit and self.company_id in user.company_ids:
                return user
        return self.env["res.users"]

    def _schedule_follow_up(self, summary, note, kind=CALL_ACTIVITY):
        """Put a reminder on somebody's list, or change the one there is.

        :param note: markup
        :param kind: XML id of the activity's type
        """
        user, thread = self._follow_up_user(), self._follow_up_thread()
        if self.follow_up_id:
            self.follow_up_id.write({"summary": summary, "note": note})
            return
        if not user or not thread or "activity_ids" not in thread._fields:
            return
        # quick update: Odoo would mail the assignment
        self.follow_up_id = thread.with_context(
            mail_activity_quick_update=True
        ).activity_schedule(
            kind,
            summary=summary,
            note=note,
            user_id=user.id,
            date_deadline=fields.Date.context_today(self),
        )

    def _call_link(self):
        """A link to the call, for notes."""
        return Markup('<p><a href="{}">{}</a></p>').format(
            f"/odoo/whatsapp.call/{self.id}", self.env._("Open the call")
        )

    def _remind_to_call_back(self):
        """The hour is over: who is to call is offered it. Nothing dials by itself, and
        the click only where WhatsApp connects."""
        user = self._follow_up_user()
        if not user:
            return
        user._bus_send(
            "whatsapp_calling/call_back",
            {"name": self.peer_name, "target": self._call_back_target()},
        )
        self._log("call_back_due", self.env._("It is time to call back"))

    def _call_back_target(self):
        """How the softphone names whom to call."""
        target = {"contact_id": self.contact_id.id, "number_id": self.number_id.id}
        if self.res_model:
            target |= {"res_model": self.res_model, "res_id": self.res_id}
        return target
