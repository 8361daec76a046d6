"""Fill a database with many partners, contacts, calls and events, by SQL.

The calls are of 500 days; each rang for every agent, and they took turns.
"""

import contextlib

from tools import databases

FIRST = 1_000_000
# the customers' numbers: +43 664 and seven digits
PREFIX = "43664"

PARTNERS = """
INSERT INTO res_partner
       (id, commercial_partner_id, name, complete_name, phone, phone_sanitized,
        active, type, create_date, write_date)
SELECT base + i, base + i, 'Customer ' || i, 'Customer ' || i,
       '+' || {number}, '+' || {number}, true, 'contact', now(), now()
  FROM generate_series(0, %(count)s - 1) i,
       (SELECT nextval('res_partner_id_seq') AS base) start;
SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner));
"""
CONTACTS = """
INSERT INTO whatsapp_call_contact
       (company_id, wa_id, name, partner_id, create_date, write_date)
SELECT number.company_id, substr(partner.phone_sanitized, 2), partner.name,
       partner.id, now(), now()
  FROM res_partner partner, whatsapp_calling_number number
 WHERE partner.phone_sanitized LIKE '+{prefix}%%' AND number.provider_ref = %(ref)s
"""
CALLS = """
INSERT INTO whatsapp_call
       (account_id, number_id, company_id, direction, provider_ref, opaque,
        contact_id, partner_id, peer_name, peer_phone, res_model, res_id, state,
        handler_id, offered_at, accepted_at, terminated_at, started_at, ended_at,
        duration, version, create_date, write_date)
SELECT number.account_id, number.id, number.company_id, 'inbound',
       'wacid.old' || contact.id, 'odoo:old' || contact.id, contact.id,
       contact.partner_id, contact.name, '+' || contact.wa_id, 'res.partner',
       contact.partner_id, 'completed', agents.ids[contact.id %% agents.count + 1],
       moment, moment, moment, moment, moment, 60, 5, moment, moment
  FROM whatsapp_call_contact contact,
       LATERAL (SELECT now() - contact.id %% 500 * interval '1 day' AS moment) at,
       (SELECT array_agg(id) AS ids, count(*) AS count
          FROM res_users WHERE login LIKE 'agent%%') agents,
       whatsapp_calling_number number
 WHERE contact.wa_id LIKE '{prefix}%%' AND number.provider_ref = %(ref)s
"""
RUNGS = """
INSERT INTO whatsapp_call_rung_rel (call_id, user_id)
SELECT call.id, users.id
  FROM whatsapp_call call, res_users users
 WHERE call.provider_ref LIKE 'wacid.old%%' AND users.login LIKE 'agent%%'
"""
EVENTS = """
INSERT INTO whatsapp_call_event
       (account_id, company_id, call_id, number_id, contact_id, key, kind, source,
        occurred_at, recorded_at, note)
SELECT account_id, company_id, id, number_id, contact_id,
       provider_ref || ':connect:offer', 'offer', 'provider', started_at,
       started_at, 'WhatsApp offers a call'
  FROM whatsapp_call WHERE provider_ref LIKE 'wacid.old%%'
"""
TABLES = {
    "res_partner": PARTNERS,
    "whatsapp_call_contact": CONTACTS,
    "whatsapp_call": CALLS,
    "whatsapp_call_rung_rel": RUNGS,
    "whatsapp_call_event": EVENTS,
}


def caller(index):
    """The number of the customer `index`: digits."""
    return f"{PREFIX}{FIRST + index}"


def fill(database, count, number_ref, tables=tuple(TABLES)):
    """Add `count` customers and, in each further table, a row for each of them."""
    for table in tables:
        text = TABLES[table].format(prefix=PREFIX, number=f"'{PREFIX}' || {FIRST} + i")
        with _without_indexes(database, table):
            databases.query(database, text, {"count": count, "ref": number_ref})
    for table in tables:
        databases.query(database, f'ANALYZE "{table}"')


@contextlib.contextmanager
def _without_indexes(database, table):
    """Drop what makes a million inserts slow, and make it again afterwards."""
    constraints = databases.query(
        database,
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    )
    indexes = databases.query(
        database,
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)"
        "  FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary",
        [table],
    )
    drop = [
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"' for name, _ in constraints
    ]
    drop += [f"DROP INDEX {name}" for name, _ in indexes]
    databases.query(database, "; ".join(drop))
    yield
    # a vacuum in the middle of a measurement would be measured
    make = [
        "SET maintenance_work_mem = '512MB'",
        f'ALTER TABLE "{table}" SET (autovacuum_enabled = off)',
    ]
    make += [definition for _, definition in indexes]
    make += [
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'
        for name, definition in constraints
    ]
    databases.query(database, "; ".join(make))
