"""Digits, both ways."""

from tests.sidecar.service.far_end import until


async def test_the_customers_digits_are_told(sidecar, odoo):
    talk = await sidecar.call()
    talk.customer.leg.send_digits("1#")
    await until(lambda: len(odoo.told("dtmf")) == 2)
    assert [data["digit"] for data in odoo.told("dtmf")] == ["1", "#"]
    assert {data["from"] for data in odoo.told("dtmf")} == {"peer"}
    assert 100 < odoo.told("dtmf")[0]["duration_ms"] < 200


async def test_digits_of_the_keypad_reach_the_customers_side_once(sidecar, odoo):
    talk = await sidecar.call()
    await talk.do("dtmf", {"digits": "90*", "id": "request-7"})
    await talk.do("dtmf", {"digits": "90*", "id": "request-7"})
    await until(lambda: talk.customer.digits == ["9", "0", "*"])
    await until(lambda: len(odoo.told("dtmf")) == 3)
    assert odoo.told("dtmf")[0] == {
        "digit": "9",
        "duration_ms": 160,
        "from": "operator",
    }
    await talk.customer.hears(660)
    assert talk.customer.digits == ["9", "0", "*"]


async def test_digits_the_browser_sends_itself_are_passed_on(sidecar, odoo):
    talk = await sidecar.call()
    talk.operator.leg.send_digits("5")
    await until(lambda: talk.customer.digits == ["5"])
    await until(lambda: odoo.told("dtmf"))
    assert odoo.told("dtmf")[0]["from"] == "operator"


async def test_while_the_recording_is_paused_a_digit_is_not_told(sidecar, odoo):
    talk = await sidecar.call()
    talk.call.tape.state = "paused"
    talk.customer.leg.send_digits("4")
    await until(lambda: odoo.told("dtmf"))
    assert odoo.told("dtmf")[0]["digit"] == "•"
