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


async def test_two_who_talk_are_passed_on_as_they_came_without_decoding(sidecar):
    talk = await sidecar.call()
    await talk.operator.hears(440)
    said = []
    sent = talk.customer.leg.on_sent = lambda payload, timestamp: said.append(payload)
    await until(lambda: len(said) > 20)
    await until(
        lambda: said[10] in [packet.payload for packet in talk.operator.packets]
    )
    call = talk.call
    assert not call.mixer._blends
    assert all(party.voice._receiver is None for party in call.parties.all())
    assert sent


async def test_a_customer_always_gets_packets_even_when_the_operator_sends_none(
    sidecar,
):
    talk = await sidecar.call(operator=False)
    silent = await talk.join("leg-1", "operator", 0)
    await until(lambda: len(talk.customer.packets) > 50)
    first, last = talk.customer.packets[0], talk.customer.packets[-1]
    assert last.arrived - first.arrived < 2.0
    assert talk.customer.tones() == set()
    await silent.hears(440)


async def test_who_listens_hears_both_and_is_heard_by_nobody(sidecar, odoo):
    talk = await sidecar.call()
    manager = await talk.join("leg-2", "monitor", 880, mode="listen")
    await manager.hears(440, 660)
    await talk.operator.hears(440)
    await talk.customer.hears(660)
    await until(
        lambda: {"leg": "leg-2", "role": "monitor"} in odoo.told("leg_connected")
    )


async def test_a_whisper_is_heard_by_the_operator_only(sidecar):
    talk = await sidecar.call()
    manager = await talk.join("leg-2", "monitor", 880, mode="whisper")
    await talk.operator.hears(440, 880)
    await talk.customer.hears(660)
    await manager.hears(440, 660)


async def test_who_joins_is_heard_by_all_and_may_go_back_to_listening(sidecar):
    talk = await sidecar.call()
    manager = await talk.join("leg-2", "monitor", 880, mode="listen")
    await talk.do("legs/leg-2", {"mode": "join"}, "PATCH")
    await talk.customer.hears(660, 880)
    await talk.operator.hears(440, 880)
    await manager.hears(440, 660)
    await talk.do("legs/leg-2", {"mode": "listen"}, "PATCH")
    await talk.customer.hears(660)
    await talk.operator.hears(440)


async def test_when_the_listener_leaves_nothing_is_decoded_any_more(sidecar, odoo):
    talk = await sidecar.call()
    await talk.join("leg-2", "monitor", 880, mode="join")
    await talk.customer.hears(660, 880)
    await talk.do("legs/leg-2", method="DELETE")
    await talk.customer.hears(660)
    assert not talk.call.mixer._blends
    assert (await talk.ask("legs/leg-2", method="DELETE")).status == 200  # repeated
    await until(
        lambda: odoo.told("leg_closed") == [{"leg": "leg-2", "role": "monitor"}]
    )


async def test_an_attended_transfer_consult_all_three_then_the_colleague_has_it(
    sidecar, odoo
):
    talk = await sidecar.call()
    colleague = await talk.join("leg-2", "consult", 880)
    await talk.do("talk", {"with": "consult"})
    await talk.operator.hears(880)
    await colleague.hears(660)
    await talk.customer.hears_music()
    await talk.do("talk", {"with": "both"})
    await talk.customer.hears(660, 880)
    await talk.operator.hears(440, 880)
    await colleague.hears(440, 660)
    await talk.do("transfer", {"leg": "leg-2"})
    await talk.customer.hears(880)
    await colleague.hears(440)
    await until(lambda: odoo.told("leg_closed"))
    assert odoo.told("leg_closed") == [{"leg": "leg-1", "role": "operator"}]
    await talk.do("transfer", {"leg": "leg-2"})  # repeated


async def test_back_from_the_colleague_to_the_customer(sidecar):
    talk = await sidecar.call()
    colleague = await talk.join("leg-2", "consult", 880)
    await talk.do("talk", {"with": "consult"})
    await colleague.hears(660)
    await talk.do("talk", {"with": "peer"})
    await talk.operator.hears(440)
    await talk.customer.hears(660)
    await colleague.hears()


async def test_a_blind_transfer_a_new_operator_takes_the_place_once_connected(
    sidecar, odoo
):
    talk = await sidecar.call()
    await talk.customer.hears(660)
    await talk.join("leg-2", "operator", 880)
    await talk.customer.hears(880)
    await until(lambda: odoo.told("leg_closed"))
    assert odoo.told("leg_closed") == [{"leg": "leg-1", "role": "operator"}]
    assert "leg_lost" not in odoo.kinds()


async def test_a_manager_keeps_listening_while_the_operator_consults(sidecar):
    talk = await sidecar.call()
    await talk.join("leg-2", "consult", 880)
    manager = await talk.join("leg-3", "monitor", 1100, mode="listen")
    await talk.do("talk", {"with": "consult"})
    await manager.hears(660, 880)


async def test_a_prompt_is_heard_instead_of_all_else_and_then_it_goes_on(sidecar):
    talk = await sidecar.call()
    await talk.customer.hears(660)
    prompt = {"text": "Please wait a moment, I look it up.", "language": "en"}
    await talk.do("play", {"prompt": prompt, "to": "both", "id": "1"})
    await until(lambda: talk.customer.tones() not in ({660}, set()), "a voice")
    await until(lambda: talk.operator.tones() not in ({440}, set()), "a voice")
    await talk.customer.hears(660)
    await talk.operator.hears(440)


async def test_the_state_of_a_call_names_its_legs(sidecar):
    talk = await sidecar.call()
    await talk.join("leg-2", "monitor", 880, mode="listen")
    state = await sidecar.do("GET", f"/v1/calls/{talk.ref}")
    legs = {
        leg["leg"]: (leg["role"], leg["mode"], leg["state"]) for leg in state["legs"]
    }
    assert legs == {
        "peer": ("peer", "talk", "connected"),
        "leg-1": ("operator", "talk", "connected"),
        "leg-2": ("monitor", "listen", "connected"),
    }
    assert (state["state"], state["held"], state["talk"]) == ("accepted", False, "peer")
