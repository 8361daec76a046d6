{  # noqa: B018
    "name": "WhatsApp Calling: reference route",
    "summary": "The least that a webhook can do, for benchmarks to compare with",
    "version": "19.0.1.0.0",
    "author": "WhatsApp Calling for Odoo",
    "license": "LGPL-3",
    "category": "Hidden",
    "depends": ["mail", "phone_validation"],
    "data": ["security/ir.model.access.csv"],
}
