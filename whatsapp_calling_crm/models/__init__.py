from . import crm_lead, crm_team, res_partner, whatsapp_call
