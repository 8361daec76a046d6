{
    "name": "WhatsApp Calling: CRM",
    "summary": "WhatsApp calls on leads and opportunities",
    "version": "19.0.1.0.0",
    "author": "WhatsApp Calling for Odoo",
    "license": "LGPL-3",
    "category": "Productivity/WhatsApp Calling",
    "depends": ["whatsapp_calling", "crm"],
    "data": ["views/crm_lead_views.xml"],
    "demo": ["demo/crm_lead.xml"],
    "auto_install": True,
}
