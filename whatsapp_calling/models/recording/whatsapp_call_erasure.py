"""Erasing a customer: what names them or tells what they said goes, the facts stay.

That there was a call, when, how long and who handled it, is the company's history; who
it was with is the customer's. Erased is what this app holds: the partner in Contacts,
and what people wrote about them there, is not its to delete.
"""

import hashlib

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

# of a call, beside what is computed from the contact
OF_CALL = (
    *("partner_id", "res_model", "res_id", "payload", "notes", "quality"),
    *("error_message", "error_href", "offer_sdp", "answer_sdp"),
    *("leg_offer", "leg_answer", "recording_problem", "digits"),
)


class WhatsappCallEvent(models.Model):
    _inherit = "whatsapp.call.event"

    @api.model
    def _erase_personal(self, contact, calls):
        """The one way to change the history: who it was and what was said goes; kind,
        moment and operator stay. A key may be made of WhatsApp's ids, which hold the
        number, so a hash stands for it.

        Also lines that belong to no call but name the customer somewhere inside.
        """
        ids = [each for each in (contact.wa_id, contact.bsuid) if each]
        named = [SQL("data::text LIKE %s", f"%{each}%") for each in ids]
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE whatsapp_call_event
                   SET data = '{}', note = replace(kind, '_', ' '),
                       key = 'erased:' || encode(sha256(key::bytea), 'hex')
                 WHERE company_id = %s
                   AND (call_id = ANY(%s) OR contact_id = %s OR %s)
                   AND key NOT LIKE 'erased:%%'
                RETURNING id
                """,
                contact.company_id.id,
                calls.ids,
                contact.id,
                SQL(" OR ").join(named) if named else SQL("FALSE"),
            )
        )
        self.env.invalidate_all()
        return len(rows)


class WhatsappCallContact(models.Model):
    _inherit = "whatsapp.call.contact"

    def _erasure_refusal(self):
        """Why these customers cannot be erased now, or ""."""
        calls = self._calls()
        holds = calls._legal_holds() | self.sudo().legal_hold_ids.filtered(
            lambda hold: not hold.released_at
        )
        if holds:
            return self.env._(
                "A legal hold keeps what there is of this customer: %(holds)s.",
                holds="; ".join(hold._words() for hold in holds),
            )
        if any(call._is_live() for call in calls):
            return self.env._("A call with this customer is running.")
        return ""

    def _calls(self):
        # sudo: call - all of a customer's, whoever handled them
        return self.env["whatsapp.call"].sudo().search([("contact_id", "in", self.ids)])

    def _erase(self):
        """Erase these customers and what was said. Cannot be undone.

        :raises UserError: a legal hold, a running call
        """
        for contact in self.sudo():
            calls = contact._calls()._lock()
            refusal = contact._erasure_refusal()
            if refusal:
                raise UserError(refusal)
            account = calls.account_id[:1] or contact._an_account()
            calls._erase_said()
            contact._erase_sent(calls)
            self.env["whatsapp.call.event"]._erase_personal(contact, calls)
            calls._anonymise()
            contact._anonymise()
            # names kept in stored fields of the calls
            self.env.add_to_compute(calls._fields["peer_name"], calls)
            self.env.add_to_compute(calls._fields["peer_phone"], calls)
            if account:
                self.env["whatsapp.call.event"]._append(
                    account,
                    "contact_erased",
                    source="operator",
                    contact=contact,
                    user=self.env.user,
                    note=self.env._(
                        "A customer was erased, with %(count)s calls",
                        count=len(calls),
                    ),
                )

    def _an_account(self):
        accounts = self.env["whatsapp.calling.account"].sudo()
        domain = [("company_id", "=", self.company_id.id)]
        return accounts.search(domain, limit=1)

    def _erase_sent(self, calls):
        """Requests, messages, permissions, blocks and what others were told."""
        self.env["whatsapp.call.request"].search(
            ["|", ("contact_id", "=", self.id), ("call_id", "in", calls.ids)]
        ).write(
            {
                **dict.fromkeys(("payload", "response", "error_message"), False),
                "contact_id": False,
            }
        )
        deliveries = self.env["whatsapp.calling.delivery"]
        deliveries.search([("call_id", "in", calls.ids)]).write(
            {"body": False, "state": "failed", "next_at": False}
        )
        inbound = self.env["whatsapp.call.inbound.message"]
        wrote = inbound.search([("contact_id", "=", self.id)])
        wrote.message_id.unlink()
        wrote.unlink()
        permissions = self.env["whatsapp.call.permission"]
        # with them goes what was sent to ask for them
        permissions.search([("contact_id", "=", self.id)]).unlink()
        blocks = self.env["whatsapp.call.block"]
        blocks.search([("contact_id", "=", self.id)]).unlink()

    def _anonymise(self):
        for name in ("activity_ids", "message_ids"):
            if name in self._fields:
                self[name].unlink()
        self.write(
            {
                "name": self.env._("Erased customer"),
                **dict.fromkeys(("wa_id", "bsuid", "partner_id"), False),
                **dict.fromkeys(("last_inbound", "window_closed_at"), False),
            }
        )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _erase_said(self):
        """Sound, text, and every place where they were shown."""
        parts = self.env["whatsapp.call.recording.part"]
        parts._forget(self.recording_ids)
        for recording in self.recording_ids:
            recording._erase_sound()
        for call in self:
            call._delete_text()
        notes = self.env["whatsapp.call.voice.note"].search(
            [("call_id", "in", self.ids)]
        )
        notes.message_id.unlink()
        notes.attachment_id.unlink()
        notes.unlink()
        captures = self.env["whatsapp.call.capture"]
        captures.search([("call_id", "in", self.ids)]).unlink()
        self.message_id.unlink()
        # somebody's words about the customer
        self.transfer_ids.reason = False
        self._purge_at_sidecar()

    def _anonymise(self):
        for call in self:
            recorded = call.recording_state or call.recording_ids
            call.write(
                {
                    **dict.fromkeys(OF_CALL, False),
                    "provider_ref": call._forgotten_ref(),
                    "recording_state": "erased" if recorded else False,
                    # its chatter entry is gone, and none is to come again
                    "chatter_due": False,
                    "version": call.version + 1,
                }
            )

    def _forgotten_ref(self):
        """WhatsApp's id of a call holds the customer's number: a hash tells them apart
        without telling whose they are."""
        if not self.provider_ref:
            return False
        digest = hashlib.sha256(f"{self.opaque}{self.id}{self.provider_ref}".encode())
        return f"erased:{digest.hexdigest()[:32]}"
