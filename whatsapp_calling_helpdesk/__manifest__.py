{
    "name": "WhatsApp Calling: Helpdesk",
    "summary": "WhatsApp calls on tickets of the OCA helpdesk",
    "version": "19.0.1.0.0",
    "author": "WhatsApp Calling for Odoo",
    "license": "AGPL-3",
    "category": "Productivity/WhatsApp Calling",
    "depends": ["whatsapp_calling", "helpdesk_mgmt"],
    "data": ["views/helpdesk_ticket_views.xml"],
    "demo": ["demo/helpdesk_ticket.xml"],
    "auto_install": True,
}
