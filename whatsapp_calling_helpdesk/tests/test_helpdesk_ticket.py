"""A call belongs to the caller's open ticket, and the ticket shows its calls."""

from lxml import etree

from odoo.tests import tagged

from odoo.addons.whatsapp_calling.tests.common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestHelpdeskTicket(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.group_ids |= cls.env.ref("helpdesk_mgmt.group_helpdesk_user")
        stages = cls.env["helpdesk.ticket.stage"]
        cls.open = stages.create({"name": "Open", "company_id": False})
        cls.closed = stages.create(
            {"name": "Closed", "company_id": False, "closed": True}
        )

    def ticket(self, name="Error E-07", **values):
        return self.env["helpdesk.ticket"].create(
            {
                "name": name,
                "description": name,
                "partner_id": self.eva.id,
                "company_id": self.company.id,
                "user_id": self.anna.id,
                "stage_id": self.open.id,
                **values,
            }
        )

    def record(self, call):
        return self.env[call.res_model].browse(call.res_id)

    def test_a_call_is_linked_to_the_open_ticket_of_the_customer(self):
        ticket = self.ticket()
        self.assertEqual(self.record(self.ring()), ticket)

    def test_of_several_open_tickets_the_newest_activity_comes_first(self):
        old, new = self.ticket("Old"), self.ticket("New")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET write_date = write_date - interval '1 day' "
            "WHERE id = %s",
            (old.id,),
        )
        call = self.ring()
        tickets = [r for r in call._candidates() if r._name == "helpdesk.ticket"]
        self.assertEqual(tickets, [new, old])
        self.assertEqual(call._candidates()[-1], self.eva)

    def test_a_ticket_that_is_closed_or_of_another_company_is_not_meant(self):
        self.ticket(stage_id=self.closed.id)
        self.ticket(company_id=self.company_2.id, user_id=self.carlos.id)
        self.assertEqual(self.record(self.ring()), self.eva)

    def test_the_assignee_of_the_ticket_rings_first(self):
        self.ticket()
        self.assertRings(self.ring(), self.anna)

    def test_of_two_customers_with_one_number_the_one_with_a_ticket_is_meant(self):
        twin = self.eva.copy({"phone": self.eva.phone})
        ticket = self.ticket(partner_id=twin.id)
        call = self.ring()
        self.assertEqual(call.partner_id, twin)
        self.assertEqual(self.record(call), ticket)

    def test_a_ticket_of_another_company_settles_no_doubt_about_the_customer(self):
        twin = self.eva.copy({"phone": self.eva.phone})
        self.ticket(partner_id=twin.id, company_id=self.company_2.id, user_id=False)
        self.assertFalse(self.ring().partner_id)

    def test_a_ticket_is_called_at_the_number_of_its_customer(self):
        ticket = self.ticket()
        self.permit()
        target = {"res_model": "helpdesk.ticket", "res_id": ticket.id}
        found = self.phone(self.anna).softphone_lookup(target)
        self.assertTrue(found["allowed"], found["reason"])
        self.assertEqual(found["name"], "Eva Berger")
        answer = self.dial(**target)
        call = self.env["whatsapp.call"].browse(answer["call"]["id"])
        self.assertEqual(self.record(call), ticket)

    def test_the_ticket_counts_and_lists_its_calls(self):
        ticket = self.ticket()
        call = self.ring()
        seen = ticket.with_env(self.phone(self.anna).env)
        self.assertEqual(seen.whatsapp_call_count, 1)
        domain = seen.action_whatsapp_calls()["domain"]
        self.assertEqual(self.phone(self.anna).search(domain), call)

    def test_the_form_has_its_buttons_for_operators_only(self):
        for user, there in ((self.anna, True), (self.maria, True), (self.nora, False)):
            user.group_ids |= self.env.ref("helpdesk_mgmt.group_helpdesk_user")
            tickets = self.phone(user).env["helpdesk.ticket"]
            arch = etree.fromstring(tickets.get_view(view_type="form")["arch"])
            for path in (
                "//button[@name='action_whatsapp_calls']",
                "//header/widget[@name='whatsapp_call_button']",
            ):
                self.assertEqual(bool(arch.xpath(path)), there, (user.name, path))

    def test_finding_the_ticket_costs_a_webhook_one_query(self):
        self.ticket()
        call = self.ring()
        tickets = self.env["helpdesk.ticket"]
        arguments = (call.partner_id, self.company, 3)
        tickets._whatsapp_open_tickets(*arguments)
        with self.assertQueryCount(1):
            tickets._whatsapp_open_tickets(*arguments)

    def test_a_ticket_is_called_from_the_number_of_its_team(self):
        team = self.env["helpdesk.ticket.team"].create(
            {
                "name": "Inverters",
                "company_id": self.company.id,
                "whatsapp_calling_number_id": self.another_number().id,
            }
        )
        ticket = self.ticket(team_id=team.id)
        target = {"res_model": "helpdesk.ticket", "res_id": ticket.id}
        lookup = self.phone(self.anna).softphone_lookup(target)
        self.assertEqual(lookup["number_id"], team.whatsapp_calling_number_id.id)
