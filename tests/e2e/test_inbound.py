"""A customer calls: from the popup to the end of the call."""

from playwright.sync_api import expect

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import TONE
from tests.waiting import wait_until

EVA = "436601112201"


def test_an_inbound_call_is_heard_on_both_sides(anna, customer):
    eva = customer(EVA).call()
    expect(anna.popup).to_contain_text("Eva Gruber")
    expect(anna.popup).to_contain_text("+43 660 1112201")
    anna.accept.click()
    expect(anna.connected).to_have_text("Connected")
    eva.wait_for_state("accepted")
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    assert eva.actions() == ["pre_accept", "accept"]
    anna.hang_up.click()
    view = eva.wait_for_state("ended")
    assert (view["ended_by"], view["end_status"]) == ("business", "COMPLETED")
    expect(anna.ended).to_be_visible()
    wait_until(lambda: not anna.microphones(), what="the microphone's release")
