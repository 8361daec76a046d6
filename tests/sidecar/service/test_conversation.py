"""Who hears whom in a real call: every end says a tone of its own."""

from tests.sidecar.service.far_end import until


async def test_customer_and_operator_hear_each_other(sidecar, odoo):
    talk = await sidecar.call()
    await talk.customer.hears(660)
    await talk.operator.hears(440)
    await until(lambda: "leg_connected" in odoo.kinds(talk.ref))
    assert set(odoo.kinds(talk.ref)) == {"peer_connected", "leg_connected"}
    assert odoo.told("leg_connected") == [{"leg": "leg-1", "role": "operator"}]


async def test_nothing_is_sent_to_whatsapp_before_accepted(sidecar):
    talk = await sidecar.call(accepted=False)
    await talk.operator.hears(440)
    assert talk.customer.packets == []
    await talk.do("accepted")
    await talk.customer.hears(660)


async def test_on_hold_the_customer_hears_music_and_the_operator_nothing(sidecar, odoo):
    talk = await sidecar.call()
    await talk.customer.hears(660)
    await talk.do("hold", {"on": True})
    await talk.customer.hears_music()
    await talk.operator.hears()
    await talk.do("hold", {"on": True})  # again: nothing changes
    await talk.do("hold", {"on": False})
    await talk.customer.hears(660)
    await talk.operator.hears(440)
    await until(lambda: len(odoo.told("held")) == 2)
    assert odoo.told("held") == [
        {"on": True, "by": "operator"},
        {"on": False, "by": "operator"},
    ]
