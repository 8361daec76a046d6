"""How a call ends, and what happens to it when somebody is gone."""

from media_sidecar.call import watchdog
from tests.sidecar.service.far_end import until


def watch(**seconds):
    return {"watchdog": seconds}


async def ended(odoo, talk):
    """`data` of the call's end, once Odoo knows."""
    await until(lambda: "ended" in odoo.kinds(talk.ref), "the end")
    return odoo.told("ended", talk.ref)[0]


async def test_odoo_ends_it(sidecar, odoo):
    talk = await sidecar.call()
    assert (await sidecar.do("DELETE", f"/v1/calls/{talk.ref}", {"reason": "x"}))["ok"]
    end = await ended(odoo, talk)
    assert end["reason"] == "odoo" and 0 <= end["seconds"] < 10
    await until(lambda: talk.customer.leg.state == "closed", "goodbye to WhatsApp")
    await until(lambda: talk.operator.leg.state == "closed", "goodbye to the browser")
    # asked again it has ended, and nothing else is possible
    assert (await sidecar.ask("DELETE", f"/v1/calls/{talk.ref}")).status == 200
    assert (await talk.ask("hold", {"on": True})).code == "call_ended"
    assert odoo.kinds(talk.ref).count("ended") == 1


async def test_whatsapp_closes_the_line(sidecar, odoo):
    talk = await sidecar.call()
    await talk.customer.close()
    assert (await ended(odoo, talk))["reason"] == "peer"
    assert "peer_lost" in odoo.kinds(talk.ref)


async def test_no_packet_of_whatsapp(sidecar, odoo, monkeypatch):
    monkeypatch.setattr(watchdog, "SILENT", 0.5)
    talk = await sidecar.call(settings=watch(no_media=1))
    await talk.operator.hears(440)
    talk.customer.vanish()
    assert (await ended(odoo, talk))["reason"] == "no_media"
    assert len(odoo.told("peer_silent", talk.ref)) == 1


async def test_a_silent_customer_whose_line_lives_is_told_and_the_call_goes_on(
    sidecar, odoo, monkeypatch
):
    monkeypatch.setattr(watchdog, "SILENT", 0.5)
    talk = await sidecar.call(settings=watch(no_media=1))
    await talk.operator.hears(440)
    talk.customer.leg._sending = False
    await until(lambda: odoo.told("peer_silent", talk.ref))
    silent = talk.call.elapsed_ms
    await until(lambda: talk.call.elapsed_ms > silent + 2000)
    assert talk.ref in sidecar.unit.calls.live
    talk.customer.leg._sending = True
    await talk.operator.hears(440)


async def test_a_browser_that_says_goodbye_music_at_once_and_the_end_when_none_comes(
    sidecar, odoo
):
    talk = await sidecar.call(settings=watch(reattach=2))
    await talk.customer.hears(660)
    await talk.operator.close()
    await talk.customer.hears_music()
    assert talk.ref in sidecar.unit.calls.live
    assert (await ended(odoo, talk))["reason"] == "no_operator"
    lost = odoo.told("leg_lost", talk.ref)
    assert lost == [{"leg": "leg-1", "role": "operator", "reason": "closed"}]


async def test_a_killed_browser_music_and_the_operator_is_back_in_the_same_call(
    sidecar, odoo
):
    talk = await sidecar.call()
    await talk.customer.hears(660)
    talk.operator.vanish()
    await talk.customer.hears_music()
    again = await talk.join("leg-2", "operator", 880)
    await talk.customer.hears(880)
    await again.hears(440)
    await until(lambda: len(odoo.told("leg_connected", talk.ref)) == 2)
    kinds = [kind for kind in odoo.kinds(talk.ref) if kind.startswith("leg_")]
    assert kinds == ["leg_connected", "leg_lost", "leg_closed", "leg_connected"]
    assert odoo.told("leg_lost")[0]["reason"] in ("silent", "disconnected")


async def test_a_network_that_stutters_the_same_browser_comes_back(sidecar, odoo):
    talk = await sidecar.call()
    await talk.customer.hears(660)
    talk.operator.leg._sending = False
    await talk.customer.hears_music()
    talk.operator.leg._sending = True
    await talk.customer.hears(660)
    kinds = [kind for kind in odoo.kinds(talk.ref) if kind.startswith("leg_")]
    assert kinds == ["leg_connected", "leg_lost", "leg_connected"]


async def test_who_listens_and_sends_nothing_any_more_goes_on_listening(sidecar, odoo):
    talk = await sidecar.call()
    manager = await talk.join("leg-2", "monitor", 880, mode="join")
    await talk.customer.hears(660, 880)
    await talk.do("legs/leg-2", {"mode": "listen"}, "PATCH")
    manager.leg._sending = False
    silent = talk.call.elapsed_ms
    await until(lambda: talk.call.elapsed_ms > silent + 1000 * watchdog.LOST + 1000)
    await manager.hears(440, 660)
    assert "leg_lost" not in odoo.kinds(talk.ref)


async def test_who_is_being_connected_when_time_is_up_is_waited_for(sidecar, odoo):
    talk = await sidecar.call(operator=False, settings=watch(reattach=1))
    late = await sidecar.end(660)
    body = {"leg": "leg-1", "role": "operator", "offer": await late.offer()}
    answer = await talk.do("legs", body)
    await until(lambda: talk.call.elapsed_ms > 1500)
    assert talk.ref in sidecar.unit.calls.live
    await late.take(answer["sdp"])
    await talk.customer.hears(660)


async def test_longest_call(sidecar, odoo):
    talk = await sidecar.call(settings=watch(max_seconds=1))
    assert (await ended(odoo, talk))["reason"] == "max_seconds"


async def test_while_odoo_is_away_a_conversation_goes_on(sidecar, odoo):
    talk = await sidecar.call(settings=watch(no_odoo=5))
    await talk.customer.hears(660)
    await odoo.stop()
    sidecar.unit.link.answered_at -= 3600
    talk.customer.forget()
    await talk.customer.hears(660)
    assert talk.ref in sidecar.unit.calls.live


async def test_while_odoo_is_away_a_call_that_waits_ends_and_odoo_hears_it_later(
    sidecar, odoo
):
    talk = await sidecar.call(settings=watch(no_odoo=5))
    await odoo.stop()
    await talk.do("hold", {"on": True})
    sidecar.unit.link.answered_at -= 3600
    await until(lambda: talk.ref not in sidecar.unit.calls.live)
    await odoo.start()
    assert (await ended(odoo, talk))["reason"] == "no_odoo"


async def test_a_call_odoo_has_ended_meanwhile_ends_with_the_next_heartbeat(
    sidecar, odoo
):
    talk = await sidecar.call()
    odoo.unknown_calls = [talk.ref]
    sidecar.unit.registration.soon()
    assert (await ended(odoo, talk))["reason"] == "odoo"


async def test_the_heartbeat_names_a_call_until_odoo_knows_its_end(sidecar, odoo):
    talk = await sidecar.call()
    odoo.takes = lambda event: event["kind"] != "ended"
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    sidecar.unit.registration.soon()
    count = len(odoo.hellos)
    await until(lambda: len(odoo.hellos) > count)
    assert odoo.hellos[-1]["calls"] == [talk.ref]
    odoo.takes = lambda event: True
    await until(lambda: "ended" in odoo.kinds(talk.ref))
    sidecar.unit.registration.soon()
    await until(lambda: odoo.hellos[-1]["calls"] == [])


async def test_the_lines_quality_is_told_at_the_end(sidecar, odoo):
    talk = await sidecar.call()
    await talk.operator.hears(440)
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    await ended(odoo, talk)
    told = {data["leg"]: data for data in odoo.told("quality", talk.ref)}
    assert set(told) == {"peer", "leg-1"}
    assert {"rtt_ms", "jitter_ms", "loss_percent"} <= set(told["peer"])
    assert odoo.kinds(talk.ref)[-1] == "ended"


async def test_a_fault_in_the_sound_of_a_call_ends_that_call_and_no_other(
    sidecar, odoo, monkeypatch
):
    broken, other = await sidecar.call(), await sidecar.call()
    monkeypatch.setattr(broken.call.mixer, "tick", _fails)
    assert (await ended(odoo, broken))["reason"] == "error"
    await until(lambda: broken.customer.leg.state == "closed", "goodbye")
    await other.customer.hears(660)


async def test_a_fault_at_the_end_of_a_call_does_not_keep_it_open(
    sidecar, odoo, monkeypatch
):
    talk = await sidecar.call()
    for part, name in (
        (talk.call.stage, "end"),
        (talk.call.guard, "tell_quality"),
        (talk.call.tape, "end"),
        (talk.call.transcript, "close"),
    ):
        monkeypatch.setattr(part, name, _fails)
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}", {"reason": "x"})
    assert (await ended(odoo, talk))["reason"] == "odoo"
    assert odoo.kinds(talk.ref).count("ended") == 1
    assert not sidecar.unit.calls.live


async def test_a_fault_in_one_call_does_not_stop_the_heartbeat(
    sidecar, odoo, monkeypatch
):
    monkeypatch.setattr(sidecar.unit.registration, "on_unknown_calls", _fails)
    odoo.unknown_calls = ["a" * 32]
    for _beat in range(3):
        before = len(odoo.hellos)
        sidecar.unit.registration.soon()
        await until(lambda before=before: len(odoo.hellos) > before, "a heartbeat")


async def test_a_browser_let_go_just_before_the_end_leaves_no_socket(sidecar, odoo):
    talk = await sidecar.call()
    call = talk.call
    leg = call.parties.operator.leg
    call.legs.let_go(call.parties.operator)
    call.end("odoo")
    sockets = [each.transport for each in leg._agent._protocols]
    await until(lambda: not call.closing, "the legs are closed")
    assert sockets and all(each.is_closing() for each in sockets)
    assert not leg._agent._protocols


def _fails(*_what):
    raise RuntimeError("a fault of ours")
