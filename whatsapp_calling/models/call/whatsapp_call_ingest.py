"""From a provider's events to calls, contacts and permissions."""

import time
from dataclasses import asdict

from odoo import api, fields, models

from ...tools.transaction import run_in_transaction

# how far WhatsApp's official duration may be from our own timer, seconds
TIMER_TOLERANCE = 2
# a call is offered this long at the most (user-initiated calls: 30 to 60 s)
STALE_AFTER = 60
# what events tell of a call
FACTS = (
    "ringing_at",
    "accepted_at",
    "rejected_at",
    "terminated_at",
    "official_start",
    "official_end",
    "official_duration",
    "outcome",
    "error_code",
    "error_message",
    "error_href",
)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _receive(self, account, events, received_at=None):
        """Take in the events of one webhook, in one short transaction.

        :param events: providers.base.Event
        :param received_at: time.monotonic() of the request's arrival
        """
        started = received_at or time.monotonic()

        def work():
            for event in events:
                self._take_in(account, event, started)

        if events:
            run_in_transaction(self.env, work)

    def _take_in(self, account, event, started):
        number = self._number_of(account, event)
        problems = list(event.problems)
        if event.number_ref and not number:
            problems.append(
                self.env._("Unknown phone number ID %(ref)s", ref=event.number_ref)
            )
        event_id = self.env["whatsapp.call.event"]._append(
            account,
            event.kind,
            source="provider",
            key=event.key,
            number=number,
            occurred_at=event.timestamp and self._moment(event.timestamp),
            note=self._event_note(event, problems),
            data=self._event_data(event),
            flagged=bool(problems) or event.kind == "unknown",
        )
        if not event_id:
            return  # delivered before
        handle = getattr(self, f"_take_{event.kind}", None)
        if handle:
            handle(account, number, event, event_id, started)

    def _number_of(self, account, event):
        numbers = account.number_ids
        if not event.number_ref and len(numbers) == 1:
            return numbers
        return numbers.filtered(lambda n: n.provider_ref == event.number_ref)[:1]

    def _event_note(self, event, problems):
        names = {
            "offer": self.env._("WhatsApp offers a call"),
            "answer": self.env._("WhatsApp is ready to connect"),
            "ringing": self.env._("The customer's phone rings"),
            "accepted": self.env._("The customer answered"),
            "rejected": self.env._("The customer declined"),
            "ended": self.env._("WhatsApp ended the call"),
            "permission": self.env._("The customer answered the permission request"),
            "inbound_message": self.env._("The customer wrote"),
            "unknown": self.env._("WhatsApp reported something unknown"),
        }
        parts = [names.get(event.kind) or event.status or event.kind, *problems]
        return ". ".join(parts)

    def _event_data(self, event):
        data = {"raw": event.raw}
        if event.errors:
            data["errors"] = [asdict(error) for error in event.errors]
        if event.permission:
            reply = event.permission
            data["permission"] = {
                "accepted": reply.accepted,
                "permanent": reply.permanent,
                "expires_at": reply.expires_at,
                "automatic": reply.automatic,
                "context_ref": reply.context_ref,
            }
        return data

    # ---- one method per kind of event

    def _take_offer(self, account, number, event, event_id, started):
        contact = self._contact_of(account, event)
        call = self._find(account, event)
        offered_at = self._moment(event.timestamp)
        if not call:
            facts = {"offered_at": offered_at, "offer_sdp": event.sdp}
            call = self._open(account, number, contact, "inbound", event, **facts)
        elif not call.contact_id:
            call._identify_as(contact)
        self.env["whatsapp.call.event"]._attach(event_id, call=call, contact=contact)
        if contact:
            contact._touched(offered_at)
        call._belongs("inbound", event)
        call._note_facts(offered_at=offered_at, payload=event.payload)
        if not call._is_live() or call.rung_user_ids:
            return  # ended before it was heard of
        age = (fields.Datetime.now() - offered_at).total_seconds()
        if age > STALE_AFTER:
            call._close("stale")
        elif not event.sdp:
            call._close("no_news")
        else:
            call.offer_sdp = call.offer_sdp or event.sdp
            call._ring(number)
        call.decision_ms = (time.monotonic() - started) * 1000

    def _take_answer(self, account, number, event, event_id, started):
        call = self._known(account, number, event, event_id)
        call._belongs("outbound", event)
        call._note_answer(event.sdp)

    def _note_answer(self, sdp):
        """WhatsApp's answer to our offer; the first one counts.

        :return: whether this was it
        """
        if not (self._is_live() and sdp and not self.answer_sdp):
            return False
        self.answer_sdp = sdp
        self._derive()
        return True

    def _take_ringing(self, account, number, event, event_id, started):
        call = self._known(account, number, event, event_id)
        call._belongs("outbound", event)
        call._note_facts(ringing_at=self._moment(event.timestamp))

    def _take_accepted(self, account, number, event, event_id, started):
        call = self._known(account, number, event, event_id)
        call._belongs("outbound", event)
        moment = self._moment(event.timestamp)
        call._note_facts(accepted_at=moment)
        if call.contact_id:
            call.contact_id._touched(moment)

    def _take_rejected(self, account, number, event, event_id, started):
        call = self._known(account, number, event, event_id)
        call._belongs("outbound", event)
        call._note_facts(rejected_at=self._moment(event.timestamp))

    def _take_ended(self, account, number, event, event_id, started):
        call = self._known(account, number, event, event_id)
        call._belongs(event.direction or call.direction, event)
        error = event.errors[0] if event.errors else None
        call._note_facts(
            terminated_at=self._moment(event.ended_at or event.timestamp),
            official_start=event.started_at and self._moment(event.started_at),
            official_end=event.ended_at and self._moment(event.ended_at),
            official_duration=event.duration,
            outcome=event.outcome or (error and "failed"),
            payload=event.payload,
            error_code=error and error.code,
            error_message=error and (error.details or error.title),
            error_href=error and error.href,
        )
        call._compare_timers(event)
        self.env["whatsapp.call.request"]._cancel_queued(call)
        call._after_end()

    def _take_permission(self, account, number, event, event_id, started):
        contact = self._contact_of(account, event)
        self.env["whatsapp.call.event"]._attach(event_id, contact=contact)
        if not (contact and number and event.permission):
            return
        permission = self.env["whatsapp.call.permission"]._ensure(number, contact)
        permission._fold_answers()
        if not event.permission.automatic:
            contact._touched(self._moment(event.timestamp))
        permission._tell()

    def _take_inbound_message(self, account, number, event, event_id, started):
        """The time is always kept: it opens the 24 hours, and who wrote is no silent
        lead. The text goes where the number shows it, else nowhere."""
        contact = self._contact_of(account, event)
        self.env["whatsapp.call.event"]._attach(event_id, contact=contact)
        if not contact or event.message["type"] == "system":
            return  # WhatsApp tells of a new number, the customer said nothing
        moment = self._moment(event.timestamp)
        contact._touched(moment)
        contact._wrote(moment)
        self.env["whatsapp.call.inbound.message"]._take(account, number, contact, event)

    def _compare_timers(self, event):
        """Note it when WhatsApp's duration and our own timer disagree."""
        ours = self.accepted_at and self.terminated_at
        if not (ours and event.duration and self.direction == "inbound"):
            return
        counted = (self.terminated_at - self.accepted_at).total_seconds()
        if abs(counted - event.duration) > TIMER_TOLERANCE:
            self._log(
                "timer_mismatch",
                self.env._(
                    "WhatsApp counts %(official)s s, our timer %(counted)s s",
                    official=event.duration,
                    counted=int(counted),
                ),
            )

    def _log(self, kind, note, source="system", **values):
        """Add a line to the timeline of this call."""
        self.ensure_one()
        self.env["whatsapp.call.event"].sudo()._append(
            self.account_id,
            kind,
            source=source,
            call=self,
            number=self.number_id,
            contact=self.contact_id,
            note=note,
            **values,
        )
