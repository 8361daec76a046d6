from . import helpdesk_ticket, res_partner, whatsapp_call
