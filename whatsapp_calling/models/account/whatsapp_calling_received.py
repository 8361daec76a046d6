"""Which of WhatsApp's webhook fields an account has ever received, and when last."""

from odoo import api, fields, models
from odoo.tools import SQL

PREFIX = "field_"
_CALLS = ("offer", "answer", "ringing", "accepted", "rejected", "ended")
_MESSAGES = ("permission", "inbound_message", "message_status")
FIELD_OF = {
    **dict.fromkeys(_CALLS, "calls"),
    **dict.fromkeys(_MESSAGES, "messages"),
    "settings": "account_settings_update",
    "account": "account_update",
}


def counters_of(events):
    """Names under which the fields of these events are counted."""
    found = {FIELD_OF.get(event.kind) for event in events} - {None}
    return [f"{PREFIX}{name}" for name in sorted(found)]


class WhatsappCallingReceived(models.Model):
    _name = "whatsapp.calling.received"
    _description = "WhatsApp Calling Webhook Field Received"
    _log_access = False
    _rec_name = "field"

    account_id = fields.Many2one(
        "whatsapp.calling.account", required=True, ondelete="cascade"
    )
    field = fields.Char(required=True)
    received_at = fields.Datetime("Last received", required=True)

    _field_uniq = models.UniqueIndex("(account_id, field)")

    @api.model
    def _note(self, received):
        """:param received: {(account id, field)}"""
        now = fields.Datetime.now()
        for account_id, field in sorted(received):
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO whatsapp_calling_received
                                (account_id, field, received_at)
                         SELECT id, %(field)s, %(now)s
                           FROM whatsapp_calling_account WHERE id = %(account_id)s
                    ON CONFLICT (account_id, field)
                      DO UPDATE SET received_at = EXCLUDED.received_at
                      RETURNING id
                    """,
                    account_id=account_id,
                    field=field,
                    now=now,
                )
            )
        self.invalidate_model()

    @api.model
    def _last(self, account):
        """{field: naive UTC datetime of its last event}"""
        # sudo: received - whoever may check an account may know it
        rows = self.sudo().search([("account_id", "=", account.id)])
        return {row.field: row.received_at for row in rows}


class WhatsappCallingHealth(models.Model):
    _inherit = "whatsapp.calling.health"

    @api.model
    def _store_counts(self, counts, *args, **kwargs):
        """Fields are kept for good, one row each: "never received" must stay true."""
        received = {key: each for key, each in counts.items() if _is_field(key[1])}
        self.env["whatsapp.calling.received"]._note(
            {(account_id, name[len(PREFIX) :]) for account_id, name in received}
        )
        others = {key: each for key, each in counts.items() if key not in received}
        return super()._store_counts(others, *args, **kwargs)


def _is_field(name):
    return name.startswith(PREFIX)
