"""What the softphone asks: calls that ring or run, history, contacts, notes."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...providers.sdp import remote_for_browser
from ...tools.error_catalogue import explain
from ...tools.transaction import run_in_transaction

PING_INTERVAL = 5  # seconds
POLL_INTERVAL = 5  # seconds, while the bus is down
NOTES_MAX = 10_000  # characters


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def softphone_start(self):
        """All that a page needs when it opens, in one request.

        :return: `enabled`: calls ring here, in whichever company; `shown`: one can
            call from here, the companies ticked; if not, why, and for managers
            `explained`: they see what is off, and that it is
        """
        user = self.env.user
        reason = self._no_phone_reason(self.env.companies)
        shown = {
            "shown": not reason,
            "reason": reason,
            "explained": bool(reason) and self._sees_what_is_off(),
        }
        if self._no_phone_reason(user.company_ids):
            return {"enabled": False, "calls": [], "numbers": [], **shown}
        numbers = self.env["whatsapp.calling.number"]._usable(self.env.companies)
        return {
            "enabled": True,
            **shown,
            "user_id": user.id,
            "numbers": [number._softphone_view() for number in numbers],
            # sudo: ice server - every operator's browser needs them to connect
            "ice_servers": self.env["mail.ice.server"].sudo()._get_ice_servers(),
            "ping_interval": PING_INTERVAL,
            "poll_interval": POLL_INTERVAL,
            "quick_texts": [
                self.env._("Sorry, we cannot talk right now. We will call you back."),
                self.env._("Please write to us here, and we will answer soon."),
            ],
            **self.softphone_poll(),
        }

    @api.model
    def _no_phone_reason(self, companies):
        """Why one has no phone in these companies, or ""."""
        if not self._is_operator():
            return self.env._("You are no calling operator.")
        if not self.env["whatsapp.calling.number"]._usable(companies):
            return self._no_number_reason(companies)
        return ""

    def _sees_what_is_off(self):
        """Managers see what is switched off, where calling was set up at all."""
        # sudo: account - a manager may know that their company has one
        accounts = self.env["whatsapp.calling.account"].sudo()
        own = [("company_id", "in", self.env.companies.ids)]
        return self._is_manager() and bool(accounts.search_count(own, limit=1))

    @api.model
    def softphone_poll(self):
        """What rings for the user or is theirs now; the poll counts as presence."""
        if not self._is_operator():
            return {
                "calls": [],
                "missed_count": 0,
                "wrap_up_until": False,
                "server_time": self._now_ms(),
            }
        # sudo: call - what rings is theirs in every company they belong to
        calls = self.sudo().search(
            Domain("state", "in", ("dialing", "ringing", "connected"))
            & Domain("company_id", "in", self.env.user.company_ids.ids)
            & self._of_softphone()
        )
        calls = calls.filtered(lambda call: call._shown_in_softphone())
        return {
            "calls": [call._view() for call in calls],
            "missed_count": self._missed_count(),
            "wrap_up_until": self._wrap_up_until(),
            "server_time": self._now_ms(),
        }

    @api.model
    def softphone_calls(self, call_ids):
        """Calls by id, those that the user may see."""
        calls = [self._for_softphone(call_id) for call_id in call_ids[:200]]
        return [call._view() for call in calls if call]

    @api.model
    def softphone_history(self, options):
        """The user's own calls, newest first: {offset, limit, missed}.

        :return: {"calls", "total": how many there are at least; one more than shown
            when there are more}
        """
        if not self._is_operator():
            return {"calls": [], "total": 0}
        offset = max(0, int(options.get("offset") or 0))
        limit = max(0, min(int(options.get("limit") or 30), 100))
        # sudo: call - their own calls
        calls = self.sudo()._latest_own(options.get("missed"), offset + limit + 1)
        shown = calls[offset : offset + limit]
        return {"calls": [call._view() for call in shown], "total": len(calls)}

    def _latest_own(self, missed, count):
        """The newest calls that the user handled or was rung for.

        Each of the two by its own index: asked with OR, PostgreSQL goes through all
        calls (1,000,000 in seconds).
        """
        self.env.flush_all()
        also = SQL("call.company_id = ANY(%s)", self.env.user.company_ids.ids)
        if missed:
            also = SQL("%s AND call.state = 'missed'", also)
        rows = self.env.execute_query(
            SQL(
                """
                (SELECT call.id FROM whatsapp_call call
                  WHERE call.handler_id = %(uid)s AND %(also)s
                  ORDER BY call.id DESC LIMIT %(count)s)
                UNION
                (SELECT call.id FROM whatsapp_call_rung_rel rung
                   JOIN whatsapp_call call ON call.id = rung.call_id
                  WHERE rung.user_id = %(uid)s AND %(also)s
                  ORDER BY rung.call_id DESC LIMIT %(count)s)
                ORDER BY id DESC LIMIT %(count)s
                """,
                uid=self.env.uid,
                also=also,
                count=count,
            )
        )
        return self.browse([call_id for (call_id,) in rows])

    @api.model
    def softphone_contacts(self, options):
        """People one may call: partners with a phone, found by name or digits."""
        if self._no_phone_reason(self.env.companies):
            return []
        query = (options.get("query") or "").strip()
        limit = min(int(options.get("limit") or 30), 100)
        domain = Domain("phone", "!=", False)
        if query:
            digits = "".join(filter(str.isdigit, query))
            matches = Domain("complete_name", "ilike", query)
            if len(digits) >= 3:
                matches |= Domain("phone_sanitized", "like", digits)
            domain &= matches
        partners = self.env["res.partner"].search(
            domain, limit=limit, order="complete_name"
        )
        labels = self._permission_labels(partners)
        return [
            {
                "partner_id": partner.id,
                "contact_id": False,
                "name": partner.display_name,
                "phone": partner.phone,
                "permission_label": labels.get(partner.id, ""),
            }
            for partner in partners
        ]

    def _permission_labels(self, partners):
        """The best permission of each partner, in one query for all of them."""
        # sudo: permission - the softphone shows it before dialling
        permissions = (
            self.env["whatsapp.call.permission"]
            .sudo()
            .search(
                [
                    ("contact_id.partner_id", "in", partners.ids),
                    ("company_id", "in", self.env.companies.ids),
                ]
            )
        )
        best = permissions.sorted(lambda p: p.state == "granted")
        return {p.contact_id.partner_id.id: p._label() for p in best}

    @api.model
    def softphone_missed_seen(self):
        """The user has looked at the missed calls."""

        def work():
            settings = self.env["res.users.settings"]._find_or_create_for_user(
                self.env.user
            )
            # sudo: settings - one's own, without the broadcast of a set-up change
            settings.sudo().whatsapp_calling_seen_at = fields.Datetime.now()
            return {"missed_count": 0}

        return run_in_transaction(self.env, work)

    def _missed_count(self):
        # sudo: settings, call - one's own
        seen = self.env.user.sudo().res_users_settings_id.whatsapp_calling_seen_at
        domain = [("rung_user_ids", "=", self.env.uid), ("state", "=", "missed")]
        if seen:
            domain.append(("ended_at", ">", seen))
        return self.sudo().search_count(domain, limit=100)

    # ---- during a call

    @api.model
    def softphone_notes(self, call_id, text):
        """Keep what the operator writes during and after the call."""
        return self._change_own(call_id, {"notes": str(text or "")[:NOTES_MAX]})

    @api.model
    def softphone_quality(self, call_id, stats):
        """Keep the line quality the browser measured (getStats)."""
        numbers = ("rtt_ms", "jitter_ms", "loss_percent", "mos", "samples")
        quality = {
            name: round(float(stats[name]), 1)
            for name in numbers
            if isinstance(stats.get(name), int | float)
        }
        return self._change_own(call_id, {"quality": quality})

    @api.model
    def softphone_link(self, call_id, model, res_id):
        """Put the call on another record, e.g. one of the caller's tickets."""
        record = self._readable_record(model, res_id)
        if not record:
            return {"ok": False, "message": self.env._("You may not see this record.")}
        vals = {"res_model": record._name, "res_id": record.id}
        return self._change_own(call_id, vals, post=True)

    def _change_own(self, call_id, vals, post=False):
        def work():
            call = self._for_softphone(call_id)._lock()
            user = self.env.user
            if not call or not (user == call.handler_id or self._is_manager()):
                message = self.env._("Only who handles the call may change it.")
                return {"ok": False, "message": message}
            # sudo: call - operators change these few fields of their own calls
            call = call.sudo()
            call.write({**vals, "version": call.version + 1})
            call._announce()
            if post:
                call._post_soon()
            return {"ok": True, "message": False}

        return run_in_transaction(self.env, work)

    # ---- views

    def _view(self):
        """The call as the softphone shows it (JSON, times in epoch ms)."""
        self.ensure_one()
        user = self.env.user
        call = self.sudo()
        mine = call.handler_id == user
        to_answer = bool(
            call.state == "ringing"
            and call.direction == "inbound"
            and not (call.handler_id or call.handler_kind)
            and call.with_user(user)._may_answer()
        )
        handler, partner, record = call.handler_id, call.partner_id, call._record()
        return {
            "id": call.id,
            "version": call.version,
            "direction": call.direction,
            "state": call.state,
            "live": call._is_live(),
            "connecting": call._is_connecting(),
            "is_video": call.is_video,
            "name": call.peer_name,
            "phone": call.peer_phone or "",
            "contact_id": call.contact_id.id,
            "partner": bool(partner) and {"id": partner.id, "name": partner.name},
            "number": call.number_id._softphone_view() if call.number_id else False,
            "company_id": call.company_id.id,
            "created": self._milliseconds(call.started_at),
            "answered": self._milliseconds(call.official_start or call.accepted_at),
            "ended": self._milliseconds(call.ended_at),
            "duration": call.duration,
            "handler": bool(handler) and {"id": handler.id, "name": handler.name},
            "handler_tab": call.handler_tab if mine else False,
            "mine": mine,
            "silenced": user in call.silenced_user_ids,
            "blocked": call.is_blocked,
            "may_block": call.with_user(user).may_block,
            "mine_to_answer": to_answer,
            "record": self._record_view(record),
            "candidates": call._candidate_views(user),
            "reason": call.reason or "",
            "error": call._error_view(),
            "notes": call.notes or "",
            **call._sdp_view(mine, to_answer),
        }

    def _sdp_view(self, mine, to_answer):
        if to_answer and self.offer_sdp:
            return self._remote(self.offer_sdp, "offer")
        if mine and self.direction == "outbound" and self.answer_sdp:
            return self._remote(self.answer_sdp, "answer")
        return {"sdp": False, "sdp_type": False}

    @api.model
    def _remote(self, sdp, kind):
        return {"sdp": remote_for_browser(sdp, kind), "sdp_type": kind}

    def _candidate_views(self, user):
        if not self._is_live():
            return []
        candidates = [record.with_user(user) for record in self._candidates()]
        return [
            self._record_view(record.sudo(False))
            for record in candidates
            if record.sudo(False).has_access("read")
        ]

    @api.model
    def _record_view(self, record):
        """{model, id, name, label} of a record one may read, else False."""
        if not record:
            return False
        readable = record.with_env(self.env(su=False))
        if not readable.has_access("read"):
            return False
        return {
            "model": record._name,
            "id": record.id,
            "name": readable.display_name,
            "label": self.env["ir.model"]._get(record._name).sudo().name,
        }

    def _error_view(self):
        if not self.error_message and not self.error_code:
            return False
        title, meaning, advice, href = explain(self.error_code or None, self.env)
        return {
            "code": self.error_code,
            "title": str(title),
            "message": self.error_message or str(meaning),
            "advice": str(advice),
            "href": self.error_href or href or False,
        }
