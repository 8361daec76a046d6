"""Webhooks: signature, order, retries, and every fault that can be ordered."""

import asyncio
import json
import time

import pytest

from tests.simulator.business import APP, EVA, NUMBER, SECRET, until
from tests.simulator.test_inbound_call import control, ring

SILENT = {"media": False}


async def order(business, **fault):
    return await business.control("POST", "faults", fault)


async def test_the_raw_body_is_signed_with_metas_escaping(business):
    await business.control("POST", f"phones/{EVA}", {"name": "Éva/ليلى"})
    await ring(business, **SILENT)
    headers, raw = business.posts[0]
    assert business.signed(headers, raw)
    assert raw.isascii() and b"\\u00c9va\\/" in raw
    assert headers["Content-Type"] == "application/json"


async def test_retried_until_200_with_growing_gaps(business):
    await business.control("POST", "settings", {"webhook_retry_first": 0.1})
    business.statuses = [500, 503, 302]
    await ring(business, **SILENT)
    rows = await business.control("GET", "webhooks?name=connect")
    at = [attempt["at"] for attempt in rows[0]["attempts"]]
    assert [a["status"] for a in rows[0]["attempts"]] == [500, 503, 302, 200]
    gaps = [later - earlier for earlier, later in zip(at, at[1:], strict=False)]
    assert gaps[0] >= 0.1 and gaps[1] >= 0.2 and gaps[2] >= 0.4
    assert len({raw for _, raw in business.posts}) == 1


async def test_a_slow_receiver_gets_it_again(business):
    await business.control(
        "POST", "settings", {"webhook_timeout": 0.2, "webhook_retry_first": 0.05}
    )
    business.hold = 0.5
    call = await business.control("POST", "calls", {"from": EVA, **SILENT})
    await until(lambda: len(business.posts) >= 2)
    business.hold = 0
    await business.wait("connect")
    rows = await business.control("GET", "webhooks?name=connect")
    assert rows[0]["call_id"] == call["id"]
    assert rows[0]["attempts"][0]["status"] == "timeout"


async def test_duplicate(business):
    await order(business, kind="duplicate", on="connect", times=2)
    await ring(business, **SILENT)
    await business.wait("connect", 3)
    assert len({raw for _, raw in business.posts}) == 1


async def test_delay_lets_terminate_overtake(business):
    await order(business, kind="delay", on="connect", seconds=0.3)
    call = await business.control("POST", "calls", {"from": EVA, **SILENT})
    await control(business, call, "hangup")
    await business.wait("connect")
    assert business.words() == ["terminate", "connect"]


async def test_hold_swaps_the_order(business):
    await order(business, kind="hold", on=["connect"])
    call = await business.control("POST", "calls", {"from": EVA, **SILENT})
    await control(business, call, "hangup")
    await business.wait("connect")
    assert business.words() == ["terminate", "connect"]


async def test_drop(business):
    await order(business, kind="drop", on="connect")
    call = await business.control("POST", "calls", {"from": EVA, **SILENT})
    await control(business, call, "hangup")
    await business.wait("terminate")
    assert business.words() == ["terminate"]


async def test_batch_is_one_post_with_several_entries(business):
    await order(business, kind="batch", count=2, size=2)
    call = await business.control("POST", "calls", {"from": EVA, **SILENT})
    await control(business, call, "hangup")
    await business.wait("terminate")
    assert len(business.posts) == 1
    assert len(json.loads(business.posts[0][1])["entry"]) == 2
    assert business.words() == ["connect", "terminate"]


@pytest.mark.parametrize(
    "members, gone",
    [
        (["contacts"], {"contacts"}),
        (["direction"], {"direction"}),
        (["numbers"], {"from", "to"}),
        (["bsuids"], {"from_user_id"}),
        (["calls.*.session.sdp_type"], set()),
    ],
)
async def test_missing_members(business, members, gone):
    await order(business, kind="missing", on="connect", members=members)
    _, connect = await ring(business, **SILENT)
    assert not gone & (connect.keys() | connect["_value"].keys())
    if not gone:
        assert "sdp_type" not in connect["session"] and "sdp" in connect["session"]


async def test_patch_case_and_swap(business):
    await order(business, kind="patch", values={"calls.*.timestamp": "1"})
    await order(business, kind="upper_case")
    await order(business, kind="swap_from_to")
    await business.control("POST", "calls", {"from": EVA, **SILENT})
    connect = await business.wait("CONNECT")
    assert connect["timestamp"] == "1"
    assert connect["to"] == EVA


@pytest.mark.parametrize("kind", ["wrong_signature", "no_signature"])
async def test_bad_signatures(business, kind):
    await order(business, kind=kind, on="connect")
    await ring(business, **SILENT)
    headers, raw = business.posts[0]
    assert not business.signed(headers, raw)
    assert ("X-Hub-Signature-256" in headers) == (kind == "wrong_signature")


async def test_terminate_before_connect(business):
    await order(business, kind="terminate_before_connect")
    await business.control("POST", "calls", {"from": EVA, **SILENT})
    await business.wait("connect")
    assert business.words() == ["terminate", "connect"]


@pytest.mark.parametrize(
    "place, where", [("both", {"call", "value"}), ("call", {"call"}), ("none", set())]
)
async def test_errors_in_either_place(business, place, where):
    await business.control("POST", "settings", {"errors_place": place})
    call, _ = await ring(business, **SILENT)
    await control(business, call, "fail", {"code": 138019})
    end = await business.wait("terminate")
    found = {"call"} & ({"call"} if "errors" in end else set())
    found |= {"value"} if "errors" in end["_value"] else set()
    assert (found, end["status"]) == (where, "FAILED")


async def test_only_the_numbers_app_is_told(business):
    await business.control(
        "POST", "calls", {"from": EVA, "to": "34911980100", **SILENT}
    )
    rows = await business.control("GET", "webhooks")
    assert {row["app_id"] for row in rows} == {"300000000000002"}


async def test_any_body_can_be_sent_signed(business):
    body = {"object": "whatsapp_business_account", "entry": []}
    row = await business.control("POST", "webhooks", {"app_id": APP, "body": body})
    assert row["delivered"]
    headers, raw = business.posts[0]
    assert business.signed(headers, raw) and json.loads(raw) == body
    await business.control(
        "POST",
        "webhooks",
        {"app_id": APP, "raw": "{}", "signature": None, "wait": False},
    )
    await until(lambda: len(business.posts) == 2)
    assert "X-Hub-Signature-256" not in business.posts[1][0]


async def test_handshake(business):
    assert await business.control("POST", "handshake", {"app_id": APP}) == {"ok": True}
    wrong = {"app_id": APP, "verify_token": "no"}
    assert await business.control("POST", "handshake", wrong) == {"ok": False}


async def test_an_unknown_fault_is_refused(business):
    await business.control("POST", "faults", {"kind": "nonsense?"}, status=400)
    fault = await order(business, kind="drop")
    assert [f["id"] for f in await business.control("GET", "faults")] == [fault["id"]]
    await business.control("DELETE", f"faults/{fault['id']}")
    assert await business.control("GET", "faults") == []


async def test_50_callers_at_once_and_300_in_seconds(business):
    started = time.time()
    answer = await business.control("POST", "burst", {"count": 50})
    assert answer["took_s"] < 1.0
    await business.wait("connect", 50)
    assert time.time() - started < 3
    answer = await business.control(
        "POST", "burst", {"count": 250, "within_s": 2.5, "offset": 50}
    )
    await business.wait("connect", 300)
    assert len({part["id"] for part in business.parts()}) == 300
    # the simulator itself kept to its times
    assert answer["late_ms"] < 250


async def test_secrets_are_in_no_answer(business):
    await business.calls("connect", to=EVA, sdp="x")
    await business.graph("GET", f"{NUMBER}?access_token=demo-token-1", token=None)
    for path in ("requests", "apps", "numbers", "phones", "webhooks?bodies=1"):
        data = json.dumps(await business.control("GET", path))
        assert "demo-token-1" not in data and SECRET not in data


async def test_events_by_websocket(business):
    async with business.session.ws_connect(f"{business.base}/control/events") as socket:
        await business.control("POST", "calls", {"from": EVA, **SILENT})
        async with asyncio.timeout(5):
            while True:
                event = json.loads((await socket.receive()).data)
                if event["type"] == "call":
                    break
    assert event["call"]["state"] == "ringing"
