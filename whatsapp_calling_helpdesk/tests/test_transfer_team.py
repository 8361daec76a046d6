"""A call can be handed on to a helpdesk team (H11)."""

from odoo.tests import tagged

from odoo.addons.whatsapp_calling.tests.media_common import MediaCase


@tagged("post_install", "-at_install")
class TestTransferTeam(MediaCase):
    def test_a_helpdesk_team_rings_for_its_operators(self):
        team = self.env["helpdesk.ticket.team"].create(
            {
                "name": "Billing",
                "company_id": self.company.id,
                "user_ids": [(6, 0, (self.berta | self.nora).ids)],
            }
        )
        call = self.answered_anchored()
        phone = self.phone(self.anna)
        found = phone.softphone_transfer_targets(call.id, {"query": "billing"})["teams"]
        self.assertEqual(
            [(each["name"], each["label"], each["count"]) for each in found],
            [("Billing", "Helpdesk team", 1)],
        )
        target = {"team": f"{team._name},{team.id}"}
        self.assertTrue(phone.softphone_transfer(call.id, target, "blind")["ok"])
        self.assertEqual(call.transfer_ids.user_ids, self.berta, "Nora is no operator")
