"""Who a caller is: spellings of a number, user ids, partners, companies."""

from odoo.tests import tagged

from ..providers.base import Peer
from ..tools import phone
from .common import WhatsappCallingCase
from .meta_bodies import CUSTOMER


@tagged("post_install", "-at_install")
class TestContacts(WhatsappCallingCase):
    def identify(self, wa_id=None, company=None, **members):
        contacts = self.env["whatsapp.call.contact"]
        return contacts._identify(company or self.company, Peer(wa_id=wa_id, **members))

    def partner(self, number, country="es", **values):
        values = {
            "name": number,
            "phone": number,
            "country_id": self.env.ref(f"base.{country}").id,
            **values,
        }
        return self.env["res.partner"].create(values)

    # ---- spellings

    def test_all_spellings_of_a_number_are_one_contact_and_one_partner(self):
        lucia = self.partner("+34 612 998 601")
        first = self.identify("34612998601")
        self.assertEqual(first.partner_id, lucia)
        for spelling in (
            "+34612998601",
            "34612998601",
            "0034 612 998 601",
            "34612998601@c.us",
            "34612998601@s.whatsapp.net",
        ):
            with self.subTest(spelling=spelling):
                self.assertEqual(self.identify(spelling), first)

    def test_a_partner_written_in_the_national_way_is_found(self):
        lucia = self.partner("612 998 602")
        self.assertEqual(self.identify("34612998602").partner_id, lucia)

    def test_brazils_ninth_digit_may_be_missing_on_either_side(self):
        for stored, called in (
            ("+55 11 96199-4501", "551161994501"),
            ("+55 11 6199-4502", "5511961994502"),
        ):
            with self.subTest(stored=stored):
                rafael = self.partner(stored, "br")
                self.assertEqual(self.identify(called).partner_id, rafael)

    def test_mexicos_and_argentinas_mobile_digit_may_be_missing_on_either_side(self):
        for country, stored, called in (
            ("mx", "+52 55 1299 4501", "5215512994501"),
            ("ar", "+54 9 11 2399 4501", "541123994501"),
        ):
            with self.subTest(country=country):
                partner = self.partner(stored, country)
                self.assertEqual(self.identify(called).partner_id, partner)

    def test_look_alikes_of_other_countries_are_themselves_only(self):
        for digits in ("436645557001", "34612998601", "551133445566778", "52123"):
            with self.subTest(digits=digits):
                self.assertEqual(phone.look_alikes(digits), [digits])

    def test_a_contact_seen_in_the_other_spelling_stays_one_contact(self):
        first = self.identify("5511961994503")
        self.assertEqual(self.identify("551161994503"), first)
        self.assertEqual(first.wa_id, "5511961994503")

    # ---- user ids

    def test_a_user_id_names_a_contact_before_the_number_does(self):
        eva = self.identify(CUSTOMER, bsuid="AT.900000000001")
        moved = self.identify("436645557099", bsuid="AT.900000000001")
        self.assertEqual(moved, eva)
        self.assertEqual(eva.wa_id, "436645557099", "the old one may be another's now")

    def test_a_user_id_alone_makes_a_contact(self):
        zoe = self.identify(bsuid="AT.900000000009", username="zoe")
        self.assertEqual(
            (zoe.bsuid, zoe.name, zoe.phone), ("AT.900000000009", "zoe", "")
        )
        self.assertEqual(self.identify(bsuid="AT.900000000009"), zoe)

    def test_a_number_that_is_told_later_is_filled_in_and_finds_the_partner(self):
        eva = self.identify(bsuid="AT.900000000001")
        self.assertFalse(eva.partner_id)
        again = self.identify(CUSTOMER, bsuid="AT.900000000001")
        self.assertEqual((again, eva.wa_id, eva.partner_id), (eva, CUSTOMER, self.eva))

    def test_a_number_with_a_new_owner_is_a_new_contact(self):
        old = self.identify(CUSTOMER, bsuid="AT.900000000001")
        new = self.identify(CUSTOMER, bsuid="AT.900000000002")
        self.assertNotEqual(old, new)
        self.assertEqual((old.wa_id, old.bsuid), (False, "AT.900000000001"))
        self.assertEqual((new.wa_id, new.bsuid), (CUSTOMER, "AT.900000000002"))

    def test_a_contact_seen_by_number_and_by_user_id_apart_does_not_break(self):
        by_number = self.identify(CUSTOMER)
        by_id = self.identify(bsuid="AT.900000000001")
        both = self.identify(CUSTOMER, bsuid="AT.900000000001")
        self.assertEqual(both, by_id)
        self.assertEqual(by_number.wa_id, CUSTOMER)

    def test_a_lid_is_an_id_and_no_phone_number(self):
        someone = self.identify("77123456789012@lid")
        self.assertFalse(someone.wa_id)
        self.assertEqual(someone.bsuid, "77123456789012@lid")
        self.assertEqual(self.identify("77123456789012@lid"), someone)

    def test_a_peer_that_says_nothing_makes_no_contact(self):
        self.assertFalse(self.identify())

    # ---- partners

    def test_partners_are_never_created(self):
        before = self.env["res.partner"].search_count([])
        stranger = self.identify("436645557999", name="Zoë")
        self.assertEqual((stranger.name, stranger.partner_id.id), ("Zoë", False))
        self.assertEqual(stranger.display_name, "Zoë")
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_of_several_equal_partners_none_is_chosen(self):
        self.partner("+34 612 998 603", name="One")
        self.partner("+34 612 998 603", name="Two")
        self.assertFalse(self.identify("34612998603").partner_id)

    def test_people_of_one_company_that_share_its_number_are_the_company(self):
        firm = self.partner("+34 612 998 604", name="Firm", is_company=True)
        self.partner("+34 612 998 604", name="Employee", parent_id=firm.id)
        self.assertEqual(self.identify("34612998604").partner_id, firm)

    def test_the_companys_own_partner_comes_before_a_shared_one(self):
        self.partner("+34 612 998 605", name="Shared")
        own = self.partner("+34 612 998 605", name="Own", company_id=self.company.id)
        self.assertEqual(self.identify("34612998605").partner_id, own)

    def test_a_partner_of_another_company_is_never_named(self):
        self.partner("+34 612 998 606", company_id=self.company_2.id)
        self.assertFalse(self.identify("34612998606").partner_id)

    def test_a_contact_is_one_companys(self):
        here = self.identify(CUSTOMER)
        there = self.identify(CUSTOMER, company=self.company_2)
        self.assertNotEqual(here, there)
        self.assertEqual(there.company_id, self.company_2)
        self.assertEqual(here.partner_id, there.partner_id, "the partner is shared")
