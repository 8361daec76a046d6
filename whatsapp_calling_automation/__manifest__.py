{
    "name": "WhatsApp Calling: Automation Rules",
    "summary": "Automation Rules on WhatsApp calls and permissions, after the fact",
    "version": "19.0.1.0.0",
    "author": "WhatsApp Calling for Odoo",
    "license": "LGPL-3",
    "category": "Productivity/WhatsApp Calling",
    "depends": ["whatsapp_calling", "base_automation"],
    "data": ["data/base_automation.xml"],
    "auto_install": True,
}
