{
    "name": "WhatsApp Calling",
    "summary": "Receive and place WhatsApp voice calls from any record",
    "version": "19.0.1.0.0",
    "author": "WhatsApp Calling for Odoo",
    "license": "LGPL-3",
    "category": "Productivity/WhatsApp Calling",
    "depends": ["mail", "phone_validation"],
    "external_dependencies": {"python": ["cryptography", "phonenumbers", "requests"]},
    "data": [
        "security/whatsapp_calling_groups.xml",
        "security/ir.model.access.csv",
        "security/whatsapp_calling_rules.xml",
        "data/ir_cron.xml",
    ],
    "demo": [],
    "assets": {
        "web.assets_backend": [
            "whatsapp_calling/static/src/**/*",
            ("remove", "whatsapp_calling/static/src/**/*.dark.scss"),
        ],
        "web.assets_web_dark": [
            "whatsapp_calling/static/src/**/*.dark.scss",
        ],
        "web.assets_unit_tests": [
            "whatsapp_calling/static/tests/**/*",
            ("remove", "whatsapp_calling/static/tests/tours/**/*"),
        ],
        "web.assets_tests": [
            "whatsapp_calling/static/tests/tours/**/*",
        ],
    },
    "application": True,
}
