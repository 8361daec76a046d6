"""What is said in a call is written down while it runs, without any key."""

import pytest

from tests.e2e.test_recording import EVA, SERVICE_LINE, recorded_line  # noqa: F401
from tests.waiting import wait_until

SAID = "good morning i would like to know the status of my order please"


@pytest.fixture
def turns(odoo_server):
    """`turns(customer)` -> [(speaker, text, start_ms, end_ms)] of the call in Odoo."""

    def read(customer):
        return odoo_server.sql(
            "SELECT speaker, text, start_ms, end_ms FROM whatsapp_call_turn"
            " WHERE call_id = (SELECT id FROM whatsapp_call WHERE provider_ref = %s)"
            " ORDER BY start_ms",
            [customer.ref],
        )

    return read


def test_what_the_customer_says_is_written_down_while_the_call_runs(
    anna,
    customer,
    odoo_server,
    turns,
    recorded_line,  # noqa: F811
):
    recorded_line(record_agent=False, record_caller=False, record_text=True)
    eva = customer(EVA).call(to=SERVICE_LINE, say=SAID, loop=False)
    anna.answer()
    eva.wait_for_state("accepted")

    def by_eva():
        return [turn for turn in turns(eva) if turn[0] == "caller"]

    ((_speaker, text, start_ms, end_ms),) = wait_until(by_eva, 60, "what Eva said")
    assert eva.view["state"] == "accepted"
    # the phone speaks as soon as it is answered: the first words may be lost
    assert len(set(text.split()) & set(SAID.split())) >= 6
    assert 0 <= start_ms < end_ms < start_ms + 6000
    anna.hang_up.click()
    eva.wait_for_state("ended")
    files = odoo_server.sql(
        "SELECT count(*) FROM whatsapp_call_recording r JOIN whatsapp_call c"
        " ON c.id = r.call_id WHERE c.provider_ref = %s AND r.size > 0",
        [eva.ref],
    )
    assert files == [(0,)]


def test_without_the_switch_nothing_is_written_down(
    anna,
    customer,
    turns,
    sidecar,
    recorded_line,  # noqa: F811
):
    recorded_line(record_text=False)
    eva = customer(EVA).call(to=SERVICE_LINE, say=SAID, loop=False)
    anna.answer()
    eva.wait_for_state("accepted")
    wait_until(lambda: eva.view["rtp"]["rtp_out"] > 200, 20, "all that Eva says")
    anna.hang_up.click()
    eva.wait_for_state("ended")
    wait_until(lambda: not sidecar.health()["calls"], 30, "the end at the sidecar")
    assert turns(eva) == []
