from . import test_crm_lead, test_transfer_team
