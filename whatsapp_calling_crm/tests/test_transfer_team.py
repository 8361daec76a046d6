"""A call can be handed on to a sales team (H11)."""

from odoo.tests import tagged

from odoo.addons.whatsapp_calling.tests.media_common import MediaCase


@tagged("post_install", "-at_install")
class TestTransferTeam(MediaCase):
    def test_a_sales_team_rings_for_its_operators(self):
        team = self.env["crm.team"].create(
            {"name": "Solar", "company_id": self.company.id}
        )
        team.member_ids = self.berta | self.nora
        call = self.answered_anchored()
        phone = self.phone(self.anna)
        found = phone.softphone_transfer_targets(call.id, {"query": "solar"})["teams"]
        self.assertEqual(
            [(each["name"], each["label"], each["count"]) for each in found],
            [("Solar", "Sales team", 1)],
        )
        target = {"team": found[0]["key"]}
        self.assertTrue(phone.softphone_transfer(call.id, target, "blind")["ok"])
        self.assertEqual(call.transfer_ids.user_ids, self.berta, "Nora is no operator")
