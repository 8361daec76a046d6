"""What the API refuses, and that a repeated command is done once."""

import json
import time
from dataclasses import replace

import pytest

from media_sidecar import auth
from media_sidecar.api.gate import LARGEST_BODY
from tests.sidecar.service.far_end import until
from tests.sidecar.service.odoo import REF, SECRET

CALL = "a" * 32
PATH = "/v1/calls"
PURGE = "/v1/purge"
BODY = json.dumps({"calls": []}).encode()


def refusals(sidecar, code):
    metric = f'sidecar_refused_total{{reason="{code}"}} '
    lines = sidecar.unit.metrics.text().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(metric))


async def test_an_unsigned_request_is_401_and_counted(sidecar):
    answer = await sidecar.ask("POST", PURGE, headers={}, raw=BODY)
    assert (answer.status, answer.code) == (401, "unsigned")
    assert answer.json["error"]["message"] == "The request is not signed."
    assert refusals(sidecar, "unsigned") == 1


async def test_another_secret_or_a_changed_body_path_or_method_is_401(sidecar):
    for secret, method, path, body in (
        ("x" * 40, "POST", PURGE, BODY),
        (SECRET, "POST", PURGE, b'{"calls": ["x"]}'),
        (SECRET, "POST", "/v1/speech", BODY),
        (SECRET, "DELETE", PURGE, BODY),
    ):
        headers = auth.sign(REF, secret, method, path, body)
        answer = await sidecar.ask("POST", PURGE, headers=headers, raw=BODY)
        assert (answer.status, answer.code) == (401, "bad_signature")
    assert refusals(sidecar, "bad_signature") == 4


async def test_an_old_request_is_401_and_so_is_one_of_tomorrow(sidecar):
    for at in (time.time() - 61, time.time() + 62):
        headers = auth.sign(REF, SECRET, "POST", PURGE, BODY, timestamp=int(at))
        answer = await sidecar.ask("POST", PURGE, headers=headers, raw=BODY)
        assert (answer.status, answer.code) == (401, "stale")


async def test_a_replayed_request_is_409_and_counted(sidecar):
    headers = auth.sign(REF, SECRET, "POST", PURGE, BODY)
    assert (await sidecar.ask("POST", PURGE, headers=headers, raw=BODY)).status == 200
    answer = await sidecar.ask("POST", PURGE, headers=headers, raw=BODY)
    assert (answer.status, answer.code) == (409, "replayed")
    assert refusals(sidecar, "replayed") == 1


async def test_another_sidecars_request_is_404(sidecar):
    headers = auth.sign("other", SECRET, "POST", PURGE, BODY)
    answer = await sidecar.ask("POST", PURGE, headers=headers, raw=BODY)
    assert (answer.status, answer.code) == (404, "unknown_ref")


async def test_over_256_kib_is_413_whether_it_says_so_or_not(sidecar):
    body = b" " * (LARGEST_BODY + 1)
    answer = await sidecar.ask("POST", PURGE, raw=body)
    assert (answer.status, answer.code) == (413, "too_large")

    async def pieces():
        for _ in range(5):
            yield b" " * (64 * 1024)

    async with sidecar.session.post(sidecar.url + PURGE, data=pieces()) as answer:
        assert answer.status == 413


@pytest.mark.parametrize("raw", [b"[]", b"{", b"1", b"\xff", b"[" * 100000])
async def test_what_is_no_json_object_is_400(sidecar, raw):
    answer = await sidecar.ask("POST", PURGE, raw=raw)
    assert (answer.status, answer.code) == (400, "bad_json")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "body.call is missing."),
        ({"call": "A" * 32, "direction": "inbound"}, "body.call must match"),
        ({"call": CALL, "direction": "up"}, "body.direction must be one of inbound"),
        ({"call": CALL, "direction": "inbound"}, "body.offer is missing."),
        (
            {
                "call": CALL,
                "direction": "outbound",
                "settings": {"watchdog": {"no_media": -1}},
            },
            "body.settings.watchdog.no_media must be 1 or more.",
        ),
        (
            {
                "call": CALL,
                "direction": "outbound",
                "settings": {"record": {"agent": True}},
            },
            "body.settings.record.caller is missing.",
        ),
    ],
)
async def test_a_body_of_another_shape_is_400_and_says_where(sidecar, body, said):
    answer = await sidecar.ask("POST", PATH, body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.json["error"]["message"].startswith(said)
    assert not sidecar.unit.calls.live


async def test_sdp_that_is_none_is_400_with_the_reason_and_leaves_no_call(sidecar):
    body = {"call": CALL, "direction": "inbound", "offer": "v=0\r\n"}
    answer = await sidecar.ask("POST", PATH, body)
    assert (answer.status, answer.code) == (400, "bad_sdp")
    assert len(answer.json["error"]["message"]) > 10
    assert not sidecar.unit.calls.live
    # it may be tried again with a good one
    end = await sidecar.end(440)
    await sidecar.do("POST", PATH, body | {"offer": await end.offer()})


async def test_an_unknown_call_leg_or_path_is_404(sidecar):
    answer = await sidecar.ask("POST", f"{PATH}/{CALL}/accepted")
    assert (answer.status, answer.code) == (404, "unknown_call")
    talk = await sidecar.call()
    answer = await talk.ask("legs/nobody", {"mode": "join"}, "PATCH")
    assert (answer.status, answer.code) == (404, "unknown_leg")
    answer = await sidecar.ask("GET", "/v1/anything")
    assert (answer.status, answer.code) == (404, "unknown_path")
    assert refusals(sidecar, "unknown_call") == 1


async def test_a_leg_with_sdp_of_another_kind_is_400_and_the_call_goes_on(sidecar):
    talk = await sidecar.call()
    body = {"leg": "leg-2", "role": "monitor", "offer": "v=0\r\nm=video 9 RTP 0"}
    answer = await talk.ask("legs", body)
    assert (answer.status, answer.code) == (400, "bad_sdp")
    await talk.customer.hears(660)


async def test_the_same_call_asked_for_again_gets_the_same_answer(sidecar):
    end = await sidecar.end(440)
    body = {"call": CALL, "direction": "inbound", "offer": await end.offer()}
    first = await sidecar.do("POST", PATH, body)
    assert await sidecar.do("POST", PATH, body) == first
    assert len(sidecar.unit.calls.live) == 1


async def test_the_same_leg_asked_for_again_gets_the_same_answer(sidecar):
    talk = await sidecar.call()
    end = await sidecar.end(880)
    body = {"leg": "leg-2", "role": "monitor", "offer": await end.offer()}
    first = await talk.do("legs", body)
    assert await talk.do("legs", body) == first
    assert len(talk.call.parties.monitors) == 1


async def test_an_outbound_call_is_offered_answered_and_answered_again(sidecar, odoo):
    customer, operator = await sidecar.end(440), await sidecar.end(660)
    user = {"id": 6, "name": "Anna Berger"}
    opened = await sidecar.do(
        "POST",
        PATH,
        {
            "call": CALL,
            "direction": "outbound",
            "operator": {"leg": "leg-1", "offer": await operator.offer(), "user": user},
        },
    )
    answer = {"answer": await customer.answer(opened["sdp"])}
    await operator.take(opened["operator_sdp"])
    await sidecar.do("POST", f"{PATH}/{CALL}/remote", answer)
    await sidecar.do("POST", f"{PATH}/{CALL}/remote", answer)
    await customer.connected()
    await operator.hears(440)
    assert customer.packets == []  # it rings there: not a packet before the pick-up
    await sidecar.do("POST", f"{PATH}/{CALL}/accepted")
    await customer.hears(660)


async def test_an_answer_for_an_inbound_call_is_422(sidecar):
    talk = await sidecar.call()
    answer = await talk.ask("remote", {"answer": "v=0"})
    assert (answer.status, answer.code) == (422, "not_outbound")


async def test_a_transfer_to_a_leg_that_is_not_connected_is_422(sidecar):
    talk = await sidecar.call()
    end = await sidecar.end(880)
    body = {"leg": "leg-2", "role": "consult", "offer": await end.offer()}
    await talk.do("legs", body)
    answer = await talk.ask("transfer", {"leg": "leg-2"})
    assert (answer.status, answer.code) == (422, "not_connected")


async def test_at_capacity_a_call_is_503_and_running_ones_are_not_touched(sidecar):
    talk = await sidecar.call()
    sidecar.unit.config = replace(sidecar.unit.config, capacity=1)
    body = {"call": CALL, "direction": "outbound"}
    answer = await sidecar.ask("POST", PATH, body)
    assert (answer.status, answer.code) == (503, "busy")
    assert (await sidecar.do("GET", "/health"))["status"] == "busy"
    assert (await talk.ask("hold", {"on": True})).status == 200


async def test_when_the_media_loop_is_late_a_call_is_503(sidecar, odoo):
    sidecar.unit.config = replace(sidecar.unit.config, lag_limit_ms=-1)
    answer = await sidecar.ask("POST", PATH, {"call": CALL, "direction": "outbound"})
    assert (answer.status, answer.code) == (503, "busy")
    sidecar.unit.registration.soon()
    await until(lambda: odoo.hellos[-1]["state"] == "busy")


async def test_the_heartbeat_has_all_that_the_contract_names(sidecar, odoo):
    await until(lambda: odoo.hellos)
    assert set(odoo.hellos[0]) >= {
        *("unit", "url", "capacity", "calls", "lag_ms", "state", "version"),
        *("started", "recordings_pending", "disk_free", "stt", "tts"),
    }
    assert odoo.hellos[0]["state"] == "ready"


async def test_a_text_is_spoken_into_a_voice_message(sidecar):
    body = {"text": "We call you back.", "language": "en"}
    answer = await sidecar.ask("POST", "/v1/speech", body)
    assert (answer.status, answer.kind) == (200, "audio/ogg")
    assert answer.content[:4] == b"OggS" and b"OpusHead" in answer.content[:100]


async def test_prometheus_reads_calls_legs_lag_outbox_and_recordings(sidecar):
    await sidecar.call()
    text = sidecar.unit.metrics.text().decode()
    assert "sidecar_calls_live 1.0" in text
    assert "sidecar_legs_live 2.0" in text
    for name in (
        *("loop_lag_p99_ms", "outbox_events", "outbox_age_seconds"),
        *("recordings_pending", "recordings_refused"),
        *("disk_free_bytes", "clock_skew_seconds"),
    ):
        assert f"\nsidecar_{name} " in text
