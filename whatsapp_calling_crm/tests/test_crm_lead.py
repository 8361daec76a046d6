"""A call belongs to the caller's open lead, and the lead shows its calls."""

from lxml import etree

from odoo.tests import tagged

from odoo.addons.whatsapp_calling.tests import meta_bodies as meta
from odoo.addons.whatsapp_calling.tests.common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestCrmLead(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.group_ids |= cls.env.ref("sales_team.group_sale_salesman")

    def lead(self, name="Solar panels", **values):
        values = {"partner_id": self.eva.id, "company_id": self.company.id, **values}
        return self.env["crm.lead"].create(
            {"name": name, "type": "opportunity", "user_id": self.anna.id, **values}
        )

    def record(self, call):
        return self.env[call.res_model].browse(call.res_id)

    def test_a_call_is_linked_to_the_open_lead_of_the_customer(self):
        lead = self.lead()
        self.assertEqual(self.record(self.ring()), lead)

    def test_a_lead_without_a_customer_is_found_by_its_number(self):
        self.eva.phone = False
        lead = self.lead(
            partner_id=False,
            phone="0664 5557001",
            country_id=self.env.ref("base.at").id,
        )
        self.assertEqual(lead.phone_sanitized, f"+{meta.CUSTOMER}")
        self.assertEqual(self.record(self.ring()), lead)

    def test_of_several_open_leads_the_newest_activity_comes_first(self):
        old, new = self.lead("Old"), self.lead("New")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET write_date = write_date - interval '1 day' "
            "WHERE id = %s",
            (old.id,),
        )
        call = self.ring()
        self.assertEqual(call._candidates(), [new, old, self.eva])

    def test_a_lead_that_is_won_lost_or_of_another_company_is_not_meant(self):
        self.lead("Won").action_set_won()
        self.lead("Lost").action_set_lost()
        self.lead("Madrid", company_id=self.company_2.id, user_id=self.carlos.id)
        self.assertEqual(self.record(self.ring()), self.eva)

    def test_the_salesperson_of_the_lead_rings_first(self):
        self.lead()
        self.assertRings(self.ring(), self.anna)

    def test_of_two_customers_with_one_number_the_one_with_a_lead_is_meant(self):
        twin = self.eva.copy({"phone": self.eva.phone})
        lead = self.lead(partner_id=twin.id)
        call = self.ring()
        self.assertEqual(call.partner_id, twin)
        self.assertEqual(self.record(call), lead)

    def test_a_lead_of_another_company_settles_no_doubt_about_the_customer(self):
        twin = self.eva.copy({"phone": self.eva.phone})
        self.lead(partner_id=twin.id, company_id=self.company_2.id, user_id=False)
        self.assertFalse(self.ring().partner_id)

    def test_a_call_placed_from_a_lead_belongs_to_it(self):
        self.lead("Newer")
        lead = self.lead("Dialled from")
        self.permit()
        target = {"res_model": "crm.lead", "res_id": lead.id}
        found = self.phone(self.anna).softphone_lookup(target)
        self.assertTrue(found["allowed"], found["reason"])
        self.assertEqual(found["record"]["name"], "Dialled from")
        answer = self.dial(**target)
        call = self.env["whatsapp.call"].browse(answer["call"]["id"])
        self.assertEqual(self.record(call), lead)

    def test_the_lead_counts_and_lists_its_calls(self):
        lead = self.lead()
        call = self.ring()
        seen = lead.with_env(self.phone(self.anna).env)
        self.assertEqual(seen.whatsapp_call_count, 1)
        domain = seen.action_whatsapp_calls()["domain"]
        self.assertEqual(self.phone(self.anna).search(domain), call)

    def test_the_form_has_its_buttons_for_operators_only(self):
        for user, there in ((self.anna, True), (self.maria, True), (self.nora, False)):
            user.group_ids |= self.env.ref("sales_team.group_sale_salesman")
            leads = self.phone(user).env["crm.lead"]
            view = self.env.ref("crm.crm_lead_view_form")
            arch = etree.fromstring(leads.get_view(view.id, "form")["arch"])
            for path in (
                "//button[@name='action_whatsapp_calls']",
                "//header/widget[@name='whatsapp_call_button']",
            ):
                self.assertEqual(bool(arch.xpath(path)), there, (user.name, path))

    def test_finding_the_lead_costs_a_webhook_one_query(self):
        self.lead()
        call = self.ring()
        leads = self.env["crm.lead"]
        arguments = (call.partner_id, [f"+{meta.CUSTOMER}"], self.company, 3)
        leads._whatsapp_open_leads(*arguments)
        with self.assertQueryCount(1):
            leads._whatsapp_open_leads(*arguments)

    def test_a_lead_is_called_from_the_number_of_its_team(self):
        team = self.env["crm.team"].create(
            {"name": "Solar", "whatsapp_calling_number_id": self.another_number().id}
        )
        lead = self.lead(team_id=team.id)
        target = {"res_model": "crm.lead", "res_id": lead.id}
        lookup = self.phone(self.anna).softphone_lookup(target)
        self.assertEqual(lookup["number_id"], team.whatsapp_calling_number_id.id)

    def test_the_permissions_of_eighty_leads_cost_as_many_queries_as_those_of_two(self):
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Lead {index}",
                    "phone": f"+4366012340{index:02}",
                    "company_id": self.company.id,
                    "user_id": self.anna.id,
                }
                for index in range(80)
            ]
        )
        self.permit(self.contact("436601234000"))
        leads = leads.with_user(self.anna)
        self.assertEqual(leads[:2].mapped("whatsapp_permission"), ["granted", "none"])
        for batch in (leads[:2], leads):
            self.env.flush_all()
            self.env.invalidate_all()
            batch.mapped("name")
            with self.subTest(len(batch)), self.assertQueryCount(2):
                batch.mapped("whatsapp_permission")
        self.assertEqual(self.graph.requests, [])

    def test_leads_are_asked_from_their_list(self):
        self.wrote()
        lead = self.lead()
        action = lead.with_user(self.anna)._whatsapp_message("permission")
        wizard = self.env["whatsapp.calling.send"].browse(action["res_id"])
        wizard = wizard.with_user(self.anna)
        self.assertEqual(wizard.line_ids.way, "message")
        wizard.action_send()
        self.send_messages()
        self.assertIn("asked on WhatsApp for permission", lead.message_ids[0].preview)
