from . import crm_lead, res_partner, whatsapp_call
