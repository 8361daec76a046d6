"""What happens to a number outside Odoo: settings changed elsewhere, restrictions.

WhatsApp reports both by webhook (account_settings_update, account_update); neither
says who it was. What is over by time is cleared by cron.
"""

from datetime import timedelta
from functools import partial

from odoo import api, fields, models

from ...providers import reading
from ...tools.transaction import run_apart

# WhatsApp's pauses last so long when it gives no end (Meta: call settings)
PAUSE = timedelta(days=7)
# how long a warning without an end stays
VIOLATION_STAYS = timedelta(days=30)
OUTBOUND, INBOUND, BUTTON = "outbound", "inbound", "button"
RESTRICTIONS = {
    "RESTRICTED_BUSINESS_INITIATED_CALLING": {OUTBOUND},
    "RESTRICTED_USER_INITIATED_CALLING": {INBOUND},
    "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING": {OUTBOUND, INBOUND},
    "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN": {BUTTON},
}
FIELDS = {
    OUTBOUND: "outbound_until",
    INBOUND: "inbound_until",
    BUTTON: "button_hidden_until",
}


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    outbound_until = fields.Datetime(
        "No outgoing calls until", readonly=True, copy=False
    )
    inbound_until = fields.Datetime(
        "No incoming calls until", readonly=True, copy=False
    )
    button_hidden_until = fields.Datetime(
        "Call button hidden until", readonly=True, copy=False
    )
    violation = fields.Text("WhatsApp's warning", compute="_compute_violation")
    violation_type = fields.Char(readonly=True, copy=False)
    violation_said = fields.Char(readonly=True, copy=False)
    violation_at = fields.Datetime("Warned on", readonly=True, copy=False)
    restriction_text = fields.Text(compute="_compute_restriction_text")
    changed_outside = fields.Selection(
        [("on", "Switched on"), ("off", "Switched off")],
        "Changed outside Odoo",
        readonly=True,
        copy=False,
    )
    changed_outside_at = fields.Datetime(readonly=True, copy=False)

    @api.depends("outbound_until", "inbound_until", "button_hidden_until")
    def _compute_restriction_text(self):
        for number in self:
            restricted = number._restrictions()
            number.restriction_text = "\n".join(number._restriction_lines(restricted))

    @api.depends("violation_type", "violation_said")
    def _compute_violation(self):
        texts = {
            "LOW_BUSINESS_INITIATED_CALLING_QUALITY": self.env._(
                "Customers block or report you after your calls, or do not answer "
                "them. WhatsApp may stop outgoing calls for 7 days."
            ),
            "LOW_USER_INITIATED_CALLING_QUALITY": self.env._(
                "Customers complain about calls to this number. WhatsApp may stop "
                "them for 7 days."
            ),
            "USER_INITIATED_CALLS_LOW_PICKUP_RATE": self.env._(
                "Too few calls of customers are answered; declined ones count as "
                "well. WhatsApp may hide the call button for 7 days."
            ),
        }
        for number in self:
            kind = number.violation_type
            text = kind and (
                texts.get(kind)
                or self.env._("WhatsApp warns of this number: %(kind)s.", kind=kind)
            )
            number.violation = " ".join(filter(None, [text, number.violation_said]))

    def _restriction_lines(self, restricted):
        texts = {
            OUTBOUND: self.env._(
                "No calls and no permission requests can be sent until %(until)s."
            ),
            INBOUND: self.env._("Customers cannot call this number until %(until)s."),
            BUTTON: self.env._(
                "WhatsApp hides the call button of this number until %(until)s."
            ),
        }
        for what, until in restricted.items():
            yield texts[what] % {"until": self._moment_text(until)}

    def _restrictions(self):
        """{what: its end (naive UTC)} of the restrictions that hold now."""
        self.ensure_one()
        now = fields.Datetime.now()
        ends = {what: self[name] for what, name in FIELDS.items()}
        return {what: until for what, until in ends.items() if until and until > now}

    def action_dismiss_note(self):
        """Somebody has read what was changed outside."""
        self.check_access("write")
        # sudo: number - what WhatsApp said is noted by code only
        self.sudo().write({"changed_outside": False, "changed_outside_at": False})
        return True

    def action_dismiss_violation(self):
        """Somebody has dealt with WhatsApp's warning."""
        self.check_access("write")
        self.sudo()._end_violation()
        return True

    # ---- restrictions and warnings

    def _note_restrictions(self, restrictions):
        """Those of GET settings: they are all there are.

        :param restrictions: {"restrictions_list": [{type, reason, expiration}]}, the
            member's name being written in two ways
        """
        items = []
        for name in ("restrictions_list", "restriction_list"):
            items += reading.items(restrictions, name, [])
        found = self._ends_of(items, "type")
        # a list without ends knows less than the webhook that told them
        known = self._restrictions()
        ends = {what: known.get(what) or until for what, until in found.items()}
        self._restrict({what: ends.get(what, False) for what in FIELDS}, "")

    @api.model
    def _ends_of(self, items, type_name):
        """{what: end} of WhatsApp's restrictions; unknown ones are left aside."""
        ends = {}
        for item in items:
            if not isinstance(item, dict):
                continue
            kind = reading.word(item, type_name, []) or ""
            end = reading.epoch(item, "expiration", [])
            until = self.env["whatsapp.call"]._moment(end) if end else None
            until = until or fields.Datetime.now() + PAUSE
            for what in RESTRICTIONS.get(kind, ()):
                ends[what] = max(ends.get(what, until), until)
        return ends

    def _restrict(self, ends, said):
        """Note ends of restrictions (False: there is none) and tell of the change.

        :param said: what WhatsApp says is to be done, may be empty
        """
        changed = {
            FIELDS[what]: until
            for what, until in ends.items()
            if (self[FIELDS[what]] or False) != (until or False)
        }
        if not changed:
            return
        self.write(changed)
        restricted = self._restrictions()
        notices = self.env["whatsapp.calling.notice"]
        if restricted:
            spoken = self._for_managers()
            lines = [*spoken._restriction_lines(restricted), *filter(None, [said])]
            notices._raise_notice(
                self.account_id,
                "restricted",
                number=self,
                detail=" ".join(lines),
                until=max(restricted.values()),
            )
        else:
            notices._resolve_notice(self.account_id, "restricted", number=self)
        self._tell_changed()

    def _note_violation(self, kind, said, moment):
        self.write(
            {
                "violation_type": kind,
                "violation_said": said,
                "violation_at": moment,
            }
        )
        self.env["whatsapp.calling.notice"]._raise_notice(
            self.account_id,
            "violation",
            number=self,
            detail=self._for_managers().violation,
        )
        self._tell_changed()

    def _end_violation(self):
        for number in self:
            number.write(
                {
                    "violation_type": False,
                    "violation_said": False,
                    "violation_at": False,
                }
            )
            self.env["whatsapp.calling.notice"]._resolve_notice(
                number.account_id, "violation", number=number
            )

    @api.model
    def _cron_restrictions(self):
        """Clear what is over: WhatsApp does not say when a pause ends."""
        now = fields.Datetime.now()
        for what, name in FIELDS.items():
            for number in self.search([(name, "<=", now)]):
                number._restrict({what: False}, "")
        warned = self.search([("violation_at", "<", now - VIOLATION_STAYS)])
        warned._end_violation()
        warned._tell_changed()

    # ---- settings

    def _note_outside(self, moment):
        """Calling was switched by somebody else; WhatsApp does not say by whom."""
        switched = "on" if self.calling_enabled else "off"
        self.write({"changed_outside": switched, "changed_outside_at": moment})
        for user in self._managers():
            number = self.with_context(lang=user.lang)
            self.env["whatsapp.call"]._notify(user, "warning", number._outside_text())

    def _outside_text(self):
        names = {"number": self.display_name}
        if self.changed_outside == "on":
            return self.env._(
                "%(number)s: calling was switched on outside Odoo, in WhatsApp "
                "Manager or by another app.",
                **names,
            )
        return self.env._(
            "%(number)s: calling was switched off outside Odoo, in WhatsApp Manager "
            "or by another app.",
            **names,
        )

    def _for_managers(self):
        """In the language of those who will read it."""
        return self.with_context(lang=self._managers()[:1].lang)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _take_settings(self, account, number, event, event_id, started):
        """Settings changed, by us or elsewhere: the webhook does not tell apart."""
        settings = reading.obj(event.raw, "phone_number_settings", [])
        calling = reading.obj(settings, "calling", [])
        if not (number and calling):
            return
        # no clock is a day ahead: that would outlast all later news
        latest = fields.Datetime.now() + timedelta(days=1)
        moment = min(self._moment(event.timestamp), latest)
        asked = number.settings_sent or {}
        if asked and all(calling.get(key) == asked[key] for key in asked):
            return  # our own request, whose answer is still under way
        calling = self._with_status(calling, event)
        noted = run_apart(
            self.env, partial(self._note_told_settings, number, calling, moment)
        )
        if noted:
            reason = number.settings_unread
        else:
            reason = self.env._("These settings could not be taken in")
        if reason:
            self.env["whatsapp.call.event"]._flag(event_id, reason)
        number._tell_changed()

    def _with_status(self, calling, event):
        """Meta's `calling` with its status as the provider's words have it: on, off
        or, when it could not be read, not said."""
        calling = dict(calling)
        status = (event.data or {}).get("status")
        if status:
            calling["status"] = "ENABLED" if status == "on" else "DISABLED"
        else:
            calling.pop("status", None)
        return calling

    def _note_told_settings(self, number, calling, moment):
        restrictions = calling.pop("restrictions", None)
        known = number.meta_settings or {}
        if number._note_settings({**known, **calling}, moment):
            number._note_outside(moment)
        if isinstance(restrictions, dict):
            number._note_restrictions(restrictions)

    def _take_account(self, account, number, event, event_id, started):
        """A warning or a restriction of WhatsApp, of one number or of the account."""
        value = event.raw
        digits = reading.digits(value.get("phone_number"))
        if digits:
            number = account.number_ids.filtered(lambda n: n.wa_id == digits)
        moment = self._moment(event.timestamp)
        if event.status == "ACCOUNT_VIOLATION":
            info = reading.obj(value, "violation_info", [])
            kind = reading.word(info, "violation_type", []) or "?"
            said = reading.text(info, "remediation", []) or ""
            for each in number:
                each._note_violation(kind, said, moment)
            if not number:
                self._notice_of_account(account, "violation", kind, said)
        elif event.status == "ACCOUNT_RESTRICTION":
            items = reading.items(value, "restriction_info", [])
            words = [item for item in items if isinstance(item, dict)]
            said = " ".join(
                filter(None, (reading.text(w, "remediation", []) for w in words))
            )
            ends = number._ends_of(items, "restriction_type")
            for each in number:
                each._restrict(ends, said)
            if not number:
                kinds = [reading.word(w, "restriction_type", []) for w in words]
                until = max(ends.values(), default=None)
                self._notice_of_account(
                    account, "restricted", *kinds, said, until=until
                )

    def _notice_of_account(self, account, kind, *words, until=None):
        """WhatsApp did not say which number, and there are several."""
        detail = " ".join(filter(None, words))
        self.env["whatsapp.calling.notice"]._raise_notice(
            account, kind, detail=detail, until=until
        )
