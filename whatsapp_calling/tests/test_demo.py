"""The demo data says what the simulator and the tests of two people rely on."""

from odoo.tests import TransactionCase, tagged

CUSTOMERS = {
    "partner_eva": "+436601112201",
    "partner_lucia": "+34612345601",
    "partner_jonas": "+4915123456701",
    "partner_amelia": "+447400123401",
    "partner_rafael": "+5511961234501",
    "partner_layla": "+201001234501",
}


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env.ref("whatsapp_calling.account_1", raise_if_not_found=False):
            cls.skipTest(cls, "installed without demo data")

    def ref(self, name):
        return self.env.ref(f"whatsapp_calling.{name}")

    def test_the_accounts_are_those_the_simulator_plays(self):
        for index, company in (
            (1, "base.main_company"),
            (2, "whatsapp_calling.company_second"),
        ):
            account = self.ref(f"account_{index}")
            number = self.ref(f"number_{index}")
            credentials = account._credentials()
            self.assertEqual(account.company_id, self.env.ref(company))
            self.assertEqual(account.webhook_key, f"demo-key-{index}")
            self.assertEqual(account.verify_token, f"demo-verify-{index}")
            self.assertEqual(account.app_id, f"30000000000000{index}")
            self.assertEqual(account.waba_id, f"10000000000000{index}")
            self.assertEqual(credentials.token, f"demo-token-{index}")
            self.assertEqual(credentials.app_secret, f"demo-app-secret-{index}")
            self.assertEqual(credentials.base_url, "http://localhost:8070")
            self.assertEqual(number.provider_ref, f"20000000000000{index}")
            self.assertTrue(number.calling_enabled)

    def test_the_operators_ring_for_their_own_company_only(self):
        first, second = self.ref("number_1"), self.ref("number_2")
        agents = [self.ref(f"user_agent{index}") for index in (1, 2, 3)]
        self.assertIn(agents[0], first._operators())
        self.assertIn(agents[1], first._operators())
        self.assertNotIn(agents[2], first._operators())
        self.assertIn(agents[2], second._operators())
        self.assertNotIn(agents[0], second._operators())

    def test_the_administrator_works_in_both_companies(self):
        admin = self.env.ref("base.user_admin")
        self.assertIn(self.ref("company_second"), admin.company_ids)
        self.assertTrue(admin.has_group("whatsapp_calling.group_administrator"))

    def test_the_agents_log_in_with_their_name(self):
        for login in ("agent1", "agent2", "agent3"):
            user = self.env["res.users"].search([("login", "=", login)])
            user.with_user(user)._check_credentials(
                {"type": "password", "login": login, "password": login},
                {"interactive": True},
            )

    def test_the_customers_have_the_phones_of_the_simulator(self):
        for name, digits in CUSTOMERS.items():
            partner = self.ref(name)
            self.assertEqual(partner.phone_sanitized, digits)
            self.assertFalse(partner.company_id, "shared by both companies")

    def test_two_customers_agreed_to_be_called(self):
        eva, jonas = self.ref("permission_eva"), self.ref("permission_jonas")
        self.assertEqual(eva.state, "granted")
        self.assertTrue(eva.permanent)
        self.assertEqual(jonas.state, "granted")
        self.assertFalse(jonas.permanent)
        ledger = self.env["whatsapp.call.permission"].search_count(
            [("number_id", "in", (self.ref("number_1") | self.ref("number_2")).ids)]
        )
        self.assertGreaterEqual(ledger, 2)

    def test_no_demo_call_is_live(self):
        self.assertFalse(self.env["whatsapp.call"].search([("deadline", "!=", False)]))
