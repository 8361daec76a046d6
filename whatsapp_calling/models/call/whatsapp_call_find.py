"""Which call and contact an event belongs to; opened when nobody had heard of it."""

from odoo import api, fields, models

from .whatsapp_call_ingest import FACTS, STALE_AFTER


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _find(self, account, event):
        """The call of an event: by WhatsApp's id, else by the reference we gave."""
        found = self.browse()
        if event.call_ref:
            found = self.search(
                [
                    ("account_id", "=", account.id),
                    ("provider_ref", "=", event.call_ref),
                ],
                limit=1,
            )
        if not found and event.opaque:
            # another system may give one reference to many calls: ours has no id yet
            found = self.search(
                [
                    ("account_id", "=", account.id),
                    ("opaque", "=", event.opaque),
                    ("provider_ref", "=", False),
                ],
                limit=1,
            )
            found._named_by(event)
        return found._lock()

    def _find_dialled(self, number, contact):
        """The call that is just being dialled to a contact and has no id yet.

        WhatsApp's events may overtake the answer to our connect, and name no
        reference; with one customer it allows a number one call at a time.
        """
        if not (number and contact):
            return self.browse()
        since = fields.Datetime.subtract(fields.Datetime.now(), seconds=STALE_AFTER)
        under_way = [
            ("action", "=", "connect"),
            ("state", "in", ("sending", "unknown")),
        ]
        found = self.search(
            [
                ("number_id", "=", number.id),
                ("contact_id", "=", contact.id),
                ("direction", "=", "outbound"),
                ("provider_ref", "=", False),
                ("create_date", ">", since),
                ("request_ids", "any", under_way),
            ],
            limit=1,
        )
        return found._lock()

    def _named_by(self, event):
        """An event tells the id of a call that we placed."""
        if not (self and event.call_ref):
            return
        self.provider_ref = event.call_ref
        self._settle_connect()
        if not self._is_live() and event.kind != "ended":
            # hung up before it had an id: the customer's phone rings on
            self._ask_to_hang_up("terminate")

    def _take_over(self, call_ref):
        """WhatsApp's answer tells our id: what came under it before is this call's.

        Events that named neither our reference nor the contact had opened another.
        """
        stray = self.search(
            [
                ("account_id", "=", self.account_id.id),
                ("provider_ref", "=", call_ref),
                ("id", "!=", self.id),
            ],
            limit=1,
        )._lock()
        facts = {name: stray[name] for name in FACTS}
        answer = stray.answer_sdp
        if stray:
            self.env["whatsapp.call.event"]._move(stray, self)
            stray.message_id.unlink()
            stray.unlink()
            stray.flush_model()
        self.provider_ref = call_ref
        self._note_answer(answer)
        self._note_facts(**facts)
        self._after_end()

    def _settle_connect(self):
        """WhatsApp knows our reference: a connect without an answer did arrive."""
        unknown = self.request_ids.filtered(
            lambda r: r.action == "connect" and r.state == "unknown"
        )
        unknown.state = "done"

    def _known(self, account, number, event, event_id):
        """The call of an event, opened now when its first event was lost or late."""
        call = self._find(account, event)
        contact = call.contact_id
        if not contact or contact._lacks(event.peer):
            contact = self._contact_of(account, event) or contact
            if call and contact and not call.contact_id:
                call._identify_as(contact)
        direction = event.direction or "outbound"
        # an end that nothing went before is that of an older call
        if not call and direction == "outbound" and event.kind != "ended":
            call = self._find_dialled(number, contact)
            call._named_by(event)
        if not call:
            call = self._open(account, number, contact, direction, event)
        self.env["whatsapp.call.event"]._attach(event_id, call=call, contact=contact)
        return call

    def _contact_of(self, account, event):
        return self.env["whatsapp.call.contact"]._identify(
            account.company_id, event.peer
        )

    def _open(self, account, number, contact, direction, event, **facts):
        started_at = event.started_at or event.timestamp
        call = self.create(
            {
                "account_id": account.id,
                "company_id": account.company_id.id,
                "number_id": number.id,
                "direction": direction,
                "provider_ref": event.call_ref,
                "opaque": False,  # others' references are no names of ours
                "state": "ringing" if direction == "inbound" else "dialing",
                "started_at": self._moment(started_at),
                "contact_id": contact.id,
                "partner_id": contact.partner_id.id,
                "payload": event.payload,
                "chatter_due": True,
                **facts,
            }
        )
        call._link_record()
        call._set_deadline()
        call._post_soon()
        return call

    def _belongs(self, direction, event):
        """Correct what an earlier event, seen first but sent later, had to guess."""
        if self._dialled_here():
            return
        vals = {}
        if self.direction != direction:
            vals["direction"] = direction
        began = event.started_at or event.timestamp
        if began and self._moment(began) < self.started_at:
            vals["started_at"] = self._moment(began)
        if vals:
            self.write(vals)
            self._derive()

    def _dialled_here(self):
        held = self.handler_id or self.handler_kind
        return bool(self.direction == "outbound" and held)

    def _identify_as(self, contact):
        self.write({"contact_id": contact.id, "partner_id": contact.partner_id.id})
        self._link_record()
