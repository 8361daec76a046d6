"""The media sidecar: stands in WhatsApp calls, so that they can be recorded, held,
handed over, listened to and picked up again.

It knows calls, audio and speech, not Odoo's models: Odoo asks it over signed HTTP
(`api`) and it reports over signed HTTP (`odoo_link`, `outbox`).
"""

VERSION = "19.0.1.0.0"
