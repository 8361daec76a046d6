from . import test_helpdesk_ticket, test_transfer_team
