"""WhatsApp's limits, counted before one runs into them.

Per number and contact, shared by the whole team (user call permissions): one request
in 24 hours and two in 7 days, until a call connects in either direction; 100 connected
calls in 24 hours; after four unanswered calls in a row WhatsApp takes the permission
back. What WhatsApp itself says of them, when it is asked or refuses, is added to what
was counted here: a phone or another system may have asked as well.
"""

from collections import namedtuple
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
REQUESTS_A_DAY = 1
REQUESTS_A_WEEK = 2
CALLS_A_DAY = 100
# the customer is asked in the chat after two unanswered calls; after four the
# permission is gone: the operator is asked before the third and the fourth
ASK_FROM = 2
REVOKED_AFTER = 4

Calls = namedtuple("Calls", "connected unanswered today oldest_today")
NO_CALLS = Calls(None, 0, 0, None)


class WhatsappCallPermission(models.Model):
    _inherit = "whatsapp.call.permission"

    checked_at = fields.Datetime("WhatsApp asked on", readonly=True)
    told_limits = fields.Json(
        help="[{action, period, max, used, until: epoch seconds}] as WhatsApp told "
        "them at the time of the check."
    )
    can_call = fields.Selection(
        [("yes", "Yes"), ("no", "No")], "WhatsApp allows a call", readonly=True
    )
    can_request = fields.Selection(
        [("yes", "Yes"), ("no", "No")], "WhatsApp allows a request", readonly=True
    )
    request_blocked_until = fields.Datetime(
        "No request before", readonly=True, help="Since WhatsApp refused one."
    )
    request_blocked_at = fields.Datetime()
    call_blocked_until = fields.Datetime(
        "No call before", readonly=True, help="Since WhatsApp refused one."
    )
    next_request_at = fields.Datetime(
        "Next request possible",
        compute="_compute_limits",
        help="Empty: now. Counted for the whole team.",
    )
    requests_today = fields.Char("Requests in 24 hours", compute="_compute_limits")
    requests_this_week = fields.Char("Requests in 7 days", compute="_compute_limits")
    calls_today = fields.Char("Connected calls in 24 hours", compute="_compute_limits")
    unanswered = fields.Integer(
        "Unanswered in a row",
        compute="_compute_limits",
        help="After four unanswered calls WhatsApp withdraws the permission.",
    )

    @api.depends("request_blocked_until", "told_limits", "message_ids.counts")
    def _compute_limits(self):
        limits = self._limits_by_id()
        for permission in self:
            known = limits.get(permission._origin.id) or permission._count([], NO_CALLS)
            permission.next_request_at = permission._next_request(known)
            for name, period in (
                ("requests_today", "day"),
                ("requests_this_week", "week"),
                ("calls_today", "calls"),
            ):
                permission[name] = self.env._("%(used)s of %(max)s", **known[period])
            permission.unanswered = known["unanswered"]

    # ---- counting

    def _limits(self):
        """How much of each limit is used up; an empty record has used nothing.

        :return: {"requests": [{"at", "by"}] that count, the oldest first,
            "day", "week", "calls": {"used", "max", "next_at": datetime|False},
            "unanswered": calls in a row}
        """
        return self._limits_by_id().get(self.id) or self._count([], NO_CALLS)

    def _limits_by_id(self):
        """{id: limits} in two queries, however many there are."""
        ids = self._origin.ids
        if not ids:
            return {}
        now = fields.Datetime.now()
        asked = dict.fromkeys(ids, self.env["whatsapp.calling.message"])
        # sudo: message - the team shares the limits, whoever asked
        for message in self.sudo().message_ids.search_fetch(
            [
                ("permission_id", "in", ids),
                ("counts", "=", True),
                ("asked_at", ">", now - WEEK),
            ],
            ["permission_id", "asked_at", "user_id"],
            order="asked_at, id",
        ):
            asked[message.permission_id.id] += message
        calls = self._calls_by_id(now)
        return {
            permission._origin.id: permission._count(
                asked[permission._origin.id],
                calls.get(permission._origin.id, NO_CALLS),
            )
            for permission in self
        }

    def _calls_by_id(self, now):
        """{id: Calls} of the calls between number and contact."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH calls AS (
                    SELECT permission.id, call.direction, call.state, call.started_at,
                           permission.granted_at, permission.revoked_at,
                           COALESCE(call.official_start, call.accepted_at) AS answered
                      FROM whatsapp_call_permission permission
                      JOIN whatsapp_call call
                        ON call.contact_id = permission.contact_id
                       AND call.number_id = permission.number_id
                     WHERE permission.id IN %(ids)s
                ), latest AS (
                    SELECT id, MAX(answered) AS connected,
                           GREATEST(
                               MAX(answered) FILTER (WHERE direction = 'outbound'),
                               MAX(granted_at), MAX(revoked_at)) AS since
                      FROM calls GROUP BY id
                )
                SELECT id, connected,
                       COUNT(*) FILTER (
                           WHERE direction = 'outbound'
                             AND state IN ('unanswered', 'rejected')
                             AND started_at >= COALESCE(since, '-infinity')),
                       COUNT(*) FILTER (
                           WHERE direction = 'outbound' AND answered > %(day)s),
                       MIN(answered) FILTER (
                           WHERE direction = 'outbound' AND answered > %(day)s)
                  FROM latest JOIN calls USING (id)
                 GROUP BY id, connected
                """,
                ids=tuple(self._origin.ids),
                day=now - DAY,
            )
        )
        return {row[0]: Calls(*row[1:]) for row in rows}

    def _count(self, messages, calls):
        """The limits of one permission.

        :param messages: those of the last 7 days that count, the oldest first
        """
        now = fields.Datetime.now()
        since = calls.connected or datetime.min
        asked = [(m.asked_at, m.user_id) for m in messages if m.asked_at > since]
        moments = [moment for moment, _user in asked]
        return {
            "requests": [{"at": moment, "by": user.name} for moment, user in asked],
            "day": self._period("PT24H", DAY, REQUESTS_A_DAY, moments, since, now),
            "week": self._period("P7D", WEEK, REQUESTS_A_WEEK, moments, since, now),
            "calls": self._call_period(calls, now),
            "unanswered": calls.unanswered,
        }

    def _period(self, name, length, most, moments, since, now):
        told = self._told("send_call_permission_request", name, since)
        most = told.get("max") or most
        recent = [moment for moment in moments if moment > now - length]
        used, next_at = len(recent), False
        if used >= most:
            next_at = recent[used - most] + length
        until = told.get("until")
        if until and until > now:
            used, next_at = max(used, most), max(next_at or until, until)
        if length == DAY:
            blocked = self._blocked_since(since)
            if blocked and blocked > now:
                used, next_at = max(used, most), max(next_at or blocked, blocked)
        return {"used": used, "max": most, "next_at": next_at}

    def _call_period(self, calls, now):
        told = self._told("start_call", "PT24H", datetime.min)
        most = told.get("max") or CALLS_A_DAY
        next_at = calls.today >= most and calls.oldest_today + DAY
        for until in (told.get("until"), self.call_blocked_until):
            if until and until > now:
                next_at = max(next_at or until, until)
        used = max(calls.today, most) if next_at else calls.today
        return {"used": used, "max": most, "next_at": next_at or False}

    def _told(self, action, period, since):
        """WhatsApp's own count, as long as no connected call has reset it."""
        if not self.checked_at or self.checked_at < since:
            return {}
        for limit in self.told_limits or []:
            if (limit.get("action"), limit.get("period")) == (action, period):
                until = limit.get("until")
                moment = self._epoch(until) if until else False
                return {"max": limit.get("max"), "until": moment}
        return {}

    def _blocked_since(self, since):
        refused = self.request_blocked_at
        return self.request_blocked_until if refused and refused >= since else False

    @api.model
    def _epoch(self, seconds):
        return self.env["whatsapp.call"]._moment(seconds)

    # ---- what they mean

    @api.model
    def _next_request(self, limits):
        """When one may ask again; False: now."""
        return max(
            filter(None, [limits["day"]["next_at"], limits["week"]["next_at"]]),
            default=False,
        )

    def _limit_refusal(self, name, limits=None):
        """Why no request may be sent now: who asked, when, and when again; or ""."""
        limits = limits or self._limits()
        next_at = self._next_request(limits)
        if not next_at:
            return ""
        when = self._said_at(next_at)
        if not limits["requests"]:
            return self.env._(
                "WhatsApp allows no further request to %(name)s before %(when)s.",
                name=name,
                when=when,
            )
        last = limits["requests"][-1]
        values = {
            "name": name,
            "user": last["by"] or self.env._("somebody"),
            "asked": self._said_at(last["at"]),
            "when": when,
        }
        if limits["week"]["next_at"]:
            return self.env._(
                "%(name)s was asked twice in 7 days, the last time by %(user)s on "
                "%(asked)s. WhatsApp allows no more: the next request is possible "
                "from %(when)s.",
                **values,
            )
        return self.env._(
            "%(name)s was asked by %(user)s on %(asked)s. WhatsApp allows one request "
            "in 24 hours: the next one is possible from %(when)s.",
            **values,
        )

    def _limit_lines(self, limits=None):
        """The limits as sentences, for who is about to ask."""
        limits = limits or self._limits()
        lines = [
            self._period_line(
                limits["day"], self.env._("Requests in 24 hours: %(used)s of %(max)s")
            ),
            self._period_line(
                limits["week"], self.env._("Requests in 7 days: %(used)s of %(max)s")
            ),
        ]
        for request in limits["requests"]:
            lines.append(
                self.env._(
                    "Asked by %(user)s on %(when)s",
                    user=request["by"] or self.env._("somebody"),
                    when=self._said_at(request["at"]),
                )
            )
        return lines

    def _period_line(self, period, text):
        line = text % {"used": period["used"], "max": period["max"]}
        if not period["next_at"]:
            return line
        return self.env._(
            "%(limit)s, possible again from %(when)s",
            limit=line,
            when=self._said_at(period["next_at"]),
        )

    def _call_refusal(self, name, limits):
        """Why no call may be placed although the customer allows it, or ""."""
        if not limits["calls"]["next_at"]:
            return ""
        return self.env._(
            "%(name)s was called %(used)s times in 24 hours, which is all that "
            "WhatsApp allows. The next call is possible from %(when)s.",
            name=name,
            used=limits["calls"]["used"],
            when=self._said_at(limits["calls"]["next_at"]),
        )

    def _streak_question(self, name, limits):
        """What the operator is asked before unanswered call 3 and 4, or ""."""
        count = limits["unanswered"]
        if not ASK_FROM <= count < REVOKED_AFTER:
            return ""
        if count + 1 == REVOKED_AFTER:
            return self.env._(
                "%(name)s did not answer the last %(count)s calls. If this one is not "
                "answered either, WhatsApp withdraws the permission to call.",
                name=name,
                count=count,
            )
        return self.env._(
            "%(name)s did not answer the last %(count)s calls, and WhatsApp has asked "
            "whether calls are still wanted. After %(max)s unanswered calls in a row "
            "the permission is gone.",
            name=name,
            count=count,
            max=REVOKED_AFTER,
        )
