"""Wrap-up: for a while after a talk an operator is not rung, e.g. to finish notes.

Nothing is stored when a call ends: who is in wrap-up follows from the ends of calls,
so that no webhook writes a row that another one waits for.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools.transaction import run_in_transaction

MAX_WRAP_UP = 600  # seconds
WRAP_UPS = (0, 15, 30, 60, 120, 300)  # seconds that a user may choose


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_wrap_up = fields.Integer(
        "Wrap-up after a call",
        help="Seconds after a talk for which its operator is not rung. 0: none. Each "
        "operator can choose another time in their preferences.",
    )

    @api.constrains("whatsapp_calling_wrap_up")
    def _check_whatsapp_calling_wrap_up(self):
        for company in self:
            if not 0 <= company.whatsapp_calling_wrap_up <= MAX_WRAP_UP:
                raise ValidationError(
                    self.env._(
                        "A wrap-up lasts for 0 to %(most)s seconds.", most=MAX_WRAP_UP
                    )
                )


class ResUsers(models.Model):
    _inherit = "res.users"

    whatsapp_calling_wrap_up = fields.Selection(
        "_selection_whatsapp_calling_wrap_up",
        "Wrap-up after a call",
        help="You are not rung for this time after a talk. Empty: your company's.",
    )

    @api.model
    def _selection_whatsapp_calling_wrap_up(self):
        return [
            (
                str(seconds),
                self.env._("%(seconds)s seconds", seconds=seconds)
                if seconds
                else self.env._("None: ring me at once"),
            )
            for seconds in WRAP_UPS
        ]

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "whatsapp_calling_wrap_up"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, "whatsapp_calling_wrap_up"]

    def _whatsapp_calling_wrap_up(self, company):
        """Seconds of wrap-up after a call of `company`."""
        self.ensure_one()
        chosen = self.whatsapp_calling_wrap_up
        return int(chosen) if chosen else company.whatsapp_calling_wrap_up


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    # WhatsApp's clock may differ from ours, by which users say that they are ready
    end_heard_at = fields.Datetime(groups=fields.NO_ACCESS)

    _talk_ended_idx = models.Index("(ended_at) WHERE handler_id IS NOT NULL")

    def _derive(self):
        result = super()._derive()
        if self.ended_at and not self.end_heard_at:
            self.end_heard_at = fields.Datetime.now()
        return result

    @api.model
    def _wrap_ups(self, users):
        """{user: until when (naive UTC)} of those among `users` in wrap-up now.

        From our own hang-up on, or from when we heard of the end: what WhatsApp says
        later, or by a clock that is ahead, must not begin a wrap-up that the user has
        ended meanwhile.
        """
        if not users:
            return {}
        now = fields.Datetime.now()
        self.flush_model(
            [
                *("handler_id", "accepted_at", "official_start"),
                *("ended_at", "hung_up_at", "end_heard_at"),
            ]
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT handler_id, company_id,
                       MAX(LEAST(ended_at, hung_up_at, end_heard_at)),
                       MAX(LEAST(hung_up_at, COALESCE(end_heard_at, ended_at)))
                  FROM whatsapp_call
                 WHERE ended_at > %s AND handler_id IN %s
                   AND COALESCE(official_start, accepted_at) IS NOT NULL
                 GROUP BY handler_id, company_id
                """,
                now - timedelta(seconds=MAX_WRAP_UP),
                tuple(users.ids),
            )
        )
        wrap_ups = {}
        # sudo: res.users, res.company - the server decides who rings; all at once, so
        # that the ring waits for the same few queries however many have just talked
        users = self.env["res.users"].sudo().browse([row[0] for row in rows])
        companies = self.env["res.company"].sudo().browse([row[1] for row in rows])
        times = [row[2:] for row in rows]
        for user, company, (began, heard) in zip(users, companies, times, strict=True):
            seconds = user._whatsapp_calling_wrap_up(company)
            if not seconds:
                continue
            until = began + timedelta(seconds=seconds)
            ready_at = user.res_users_settings_id.whatsapp_calling_ready_at
            if until > now and not (ready_at and ready_at >= heard):
                wrap_ups[user] = max(until, wrap_ups.get(user, until))
        return wrap_ups

    def _ring_free(self, operators, after_assignee=False):
        """Ring those who are not in wrap-up, and the others when theirs is over.

        When everybody is in wrap-up they are rung all the same: a customer who waits
        matters more than notes.

        :param after_assignee: so far it has rung for the assignee alone, in vain
        """
        self.ensure_one()
        new = operators - self.rung_user_ids
        wrap_ups = self._wrap_ups(new)
        free = new.filtered(lambda user: user not in wrap_ups)
        if wrap_ups and (free or (self.rung_user_ids and not after_assignee)):
            self.widen_at = min(wrap_ups.values())
            note = self.env._("Not rung, in wrap-up: %(count)s", count=len(wrap_ups))
        elif wrap_ups:
            free = new
            note = self.env._("All are in wrap-up: they are rung all the same")
        if wrap_ups:
            users = {"user_ids": [user.id for user in wrap_ups]}
            self._log("wrap_up", note, data=users)
        self._ring_users(free)

    @api.model
    def _wrap_up_until(self):
        """Until when the user is in wrap-up, in epoch milliseconds, or False."""
        return self._milliseconds(self._wrap_ups(self.env.user).get(self.env.user))

    @api.model
    def softphone_ready(self):
        """The user ends the wrap-up: they are rung again, also for what rings now."""

        def work():
            user = self.env.user
            settings = self.env["res.users.settings"]._find_or_create_for_user(user)
            # sudo: settings - one's own, without the broadcast of a set-up change
            settings.sudo().whatsapp_calling_ready_at = fields.Datetime.now()
            user._bus_send("whatsapp_calling/wrap_up", {"until": False})
            if self._is_operator():
                # sudo: call - whether it rings for them is decided here
                self.sudo()._ring_too(user)
            return {"wrap_up_until": False}

        return run_in_transaction(self.env, work)

    def _ring_too(self, user):
        """Ring a user for the calls that began to ring during the wrap-up."""
        ringing = self.search(
            [
                ("state", "=", "ringing"),
                ("direction", "=", "inbound"),
                ("handler_id", "=", False),
                ("handler_kind", "=", False),
                ("company_id", "in", user.company_ids.ids),
                ("rung_user_ids", "!=", False),
                ("rung_user_ids", "not in", user.ids),
            ]
        )
        for call in ringing._lock():
            # while it is the assignee's alone everybody waits
            if not call.assignee_alone and user in call.number_id._operators():
                call._ring_users(user)
