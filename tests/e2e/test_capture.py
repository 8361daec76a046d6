"""WhatsApp's own recording of a call that goes directly, without a media sidecar."""

import pytest

from tests.waiting import wait_until

EVA = "436601112201"
NUMBER = "200000000000001"
SEGMENTS = [
    {"speaker": "Customer", "start": 0.5, "end": 1.5, "text": "I lost my card"},
    {"speaker": "Business", "start": 2.0, "end": 2.5, "text": "I see"},
]


@pytest.fixture
def recorded_by_whatsapp(odoo_server):
    administrator = odoo_server.rpc("admin")
    numbers = "whatsapp.calling.number"
    (number,) = administrator(numbers, "search", [["provider_ref", "=", NUMBER]])
    (company,) = administrator(numbers, "read", [number], ["company_id"])
    on = {"whatsapp_calling_recording_enabled": True}
    administrator("res.company", "write", [company["company_id"][0]], on)
    vals = {
        "media_policy": "whatsapp",
        "capture_sound": True,
        "capture_text": True,
        "capture_purpose": "Training of our staff",
        "capture_language": "de",
    }
    administrator(numbers, "write", [number], vals)
    yield
    administrator(numbers, "write", [number], {"media_policy": "direct"})


def test_whatsapp_announces_records_and_transcribes_and_odoo_keeps_it(
    odoo_server, anna, customer, recorded_by_whatsapp
):
    eva = customer(EVA).call()
    anna.answer()
    assert eva.view["announced"] == "de"
    eva.act("transcript", segments=SEGMENTS)
    anna.hears(440)
    anna.hang_up.click()
    eva.wait_for_state("ended")

    def kept():
        return odoo_server.sql(
            "SELECT r.track, r.kind, r.plain_size > 1000 "
            "FROM whatsapp_call_recording r JOIN whatsapp_call c ON c.id = r.call_id "
            "WHERE c.provider_ref = %s AND r.state = 'ready'",
            [eva.ref],
        )

    assert wait_until(kept, 20, "WhatsApp's recording") == [("mix", "whatsapp", True)]

    def written():
        return odoo_server.sql(
            "SELECT t.speaker, t.start_ms, t.text FROM whatsapp_call_turn t "
            "JOIN whatsapp_call c ON c.id = t.call_id "
            "WHERE c.provider_ref = %s ORDER BY t.start_ms",
            [eva.ref],
        )

    assert wait_until(lambda: len(written()) == 2 and written(), 20, "the turns") == [
        ("caller", 500, "I lost my card"),
        ("agent", 2000, "I see"),
    ]
