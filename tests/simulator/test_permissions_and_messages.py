"""Call permissions, their requests, and the chat around them."""

import pytest

from tests.simulator.business import EVA, LUCIA, NUMBER, NUMBER_WA_ID, until
from tests.simulator.test_inbound_call import control, ring

REQUEST = {
    "type": "interactive",
    "interactive": {
        "type": "call_permission_request",
        "action": {"name": "call_permission_request"},
        "body": {"text": "May we call you?"},
    },
}
TEMPLATE = {
    "type": "template",
    "template": {"name": "call_permission", "language": {"code": "en_US"}},
}


def button(**parameters):
    action = {"name": "voice_call", "parameters": parameters}
    body = {"text": "Call us"}
    return {
        "type": "interactive",
        "interactive": {"type": "voice_call", "body": body, "action": action},
    }


async def send(business, message, to=LUCIA):
    body = {"messaging_product": "whatsapp", "to": to, **message}
    return await business.graph("POST", f"{NUMBER}/messages", body)


async def sent(business, message, to=LUCIA):
    status, body = await send(business, message, to)
    assert status == 200, body
    return body["messages"][0]["id"]


async def refused(business, message, code, http=400, to=LUCIA):
    status, body = await send(business, message, to)
    assert (status, body["error"]["code"]) == (http, code)


async def wrote(business, wa_id=LUCIA):
    await business.control(
        "POST", f"phones/{wa_id}/messages", {"text": "Hello", "to": NUMBER_WA_ID}
    )
    return await business.wait("text")


async def state(business, wa_id=LUCIA):
    _, body = await business.graph(
        "GET", f"{NUMBER}/call_permissions?user_wa_id={wa_id}"
    )
    return body


async def test_a_text_of_the_customer(business):
    message = await wrote(business)
    assert message["text"] == {"body": "Hello"}
    assert (message["from"], message["from_user_id"]) == (LUCIA, "ES.900000000002")
    assert message["id"].startswith("wamid.")
    assert message["_field"] == "messages"


@pytest.mark.parametrize("permanent", [False, True])
async def test_a_request_is_accepted(business, permanent):
    await wrote(business)
    wamid = await sent(business, REQUEST)
    word = "permanent" if permanent else "accept"
    await business.control(
        "POST", "permissions", {"wa_id": LUCIA, "number": NUMBER, "reply": word}
    )
    reply = await business.wait("interactive")
    answer = reply["interactive"]["call_permission_reply"]
    assert reply["context"] == {"from": LUCIA, "id": wamid}
    assert reply["interactive"]["type"] == "call_permission_reply"
    expiry = answer.pop("expiration_timestamp", None)
    assert answer == {
        "response": "accept",
        "is_permanent": permanent,
        "response_source": "user_action",
    }
    permission = (await state(business))["permission"]
    if permanent:
        assert expiry is None and permission == {"status": "permanent"}
    else:
        assert permission == {"status": "temporary", "expiration_time": int(expiry)}
    # once answered, it is answered
    await business.control(
        "POST",
        "permissions",
        {"wa_id": LUCIA, "number": NUMBER, "reply": "accept"},
        status=404,
    )


async def test_a_phone_answers_by_itself(business):
    await wrote(business)
    await business.control("POST", f"phones/{LUCIA}", {"permission_reply": "decline"})
    await sent(business, REQUEST)
    reply = await business.wait("interactive")
    assert reply["interactive"]["call_permission_reply"] == {
        "response": "reject",
        "response_source": "user_action",
    }


async def test_statuses_of_a_message(business):
    await wrote(business)
    wamid = await sent(business, {"type": "text", "text": {"body": "Hi"}})
    status = await business.wait("delivered")
    assert status["id"] == wamid and status["recipient_id"] == LUCIA
    chat = await business.control("GET", f"phones/{LUCIA}/chat?number={NUMBER}")
    assert [m["text"] for m in chat] == ["Hello", "Hi"]


async def test_outside_the_window_only_templates(business):
    await refused(business, REQUEST, 131047)
    await refused(business, {"type": "text", "text": {"body": "x"}}, 131047)
    await sent(business, TEMPLATE)
    await refused(business, TEMPLATE, 138009)


async def test_outside_the_window_told_by_webhook(business):
    await business.control("POST", "settings", {"window_error": "webhook"})
    wamid = await sent(business, {"type": "text", "text": {"body": "x"}})
    failed = await business.wait("failed")
    assert (failed["id"], failed["errors"][0]["code"]) == (wamid, 131047)


async def test_a_call_opens_the_window_even_unanswered(business):
    call, _ = await ring(business, **{"from": LUCIA, "media": False})
    await control(business, call, "hangup")
    await sent(business, {"type": "text", "text": {"body": "Sorry we missed you"}})


async def test_request_limits(business):
    await wrote(business)
    await sent(business, REQUEST)
    await refused(business, REQUEST, 138009)
    limits = (await state(business))["actions"][0]
    assert limits["can_perform_action"] is False
    assert limits["limits"][0]["current_usage"] == 1
    assert limits["limits"][0]["limit_expiration_time"]
    await business.control("POST", "settings", {"day": 0.0})
    await sent(business, REQUEST)
    await refused(business, REQUEST, 138009)


async def test_a_connected_call_resets_the_limits(business, peer):
    await wrote(business)
    await sent(business, REQUEST)
    call, connect = await ring(business, **{"from": LUCIA})
    sdp = await peer.answer(connect["session"]["sdp"])
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    await control(business, call, "hangup")
    await sent(business, REQUEST)


async def test_no_request_where_permission_is_permanent(business):
    await wrote(business, EVA)
    await refused(business, REQUEST, 138017, to=EVA)


async def test_the_state_of_nobody(business):
    body = await state(business, "4312345")
    assert body["permission"] == {"status": "no_permission"}
    assert not any(action["can_perform_action"] for action in body["actions"])


async def test_queries_have_a_rate(business):
    await business.control("POST", "settings", {"permission_queries_per_second": 2})
    path = f"{NUMBER}/call_permissions?recipient=ES.900000000002"
    statuses = [(await business.graph("GET", path))[0] for _ in range(3)]
    assert statuses == [200, 200, 429]


async def test_words_of_the_other_reference(business):
    await business.control(
        "POST", "settings", {"permission_words": "openapi", "expiry_key": "expiration"}
    )
    assert (await state(business, EVA))["permission"] == {"status": "granted"}
    permission = (await state(business, "4915123456701"))["permission"]
    assert permission.keys() == {"status", "expiration"}


async def test_callback_permission_of_a_caller(business):
    change = {"calling": {"callback_permission_status": "ENABLED"}}
    await business.graph("POST", f"{NUMBER}/settings", change)
    call, _ = await ring(business, **{"from": LUCIA, "media": False})
    await control(business, call, "hangup")
    reply = await business.wait("interactive")
    assert reply["context"]["id"] == call["id"]
    answer = reply["interactive"]["call_permission_reply"]
    assert answer["response_source"] == "automatic" and not answer["is_permanent"]


async def test_revoked_by_hand(business):
    body = {"wa_id": EVA, "number": NUMBER, "revoke": True}
    await business.control("POST", "permissions", body)
    reply = await business.wait("interactive")
    assert reply["interactive"]["call_permission_reply"]["response"] == "reject"
    assert "context" not in reply


async def test_variants_of_the_reply(business):
    await business.control(
        "POST",
        "settings",
        {
            "reply_type_member": False,
            "reply_context_from": "business",
            "reply_expiry_text": False,
        },
    )
    await wrote(business)
    await sent(business, REQUEST)
    await business.control(
        "POST", f"phones/{LUCIA}/permission", {"to": NUMBER, "reply": "accept"}
    )
    (reply,) = await until(
        lambda: [part for part in business.parts() if "interactive" in part]
    )
    assert "type" not in reply
    assert reply["context"]["from"] == NUMBER_WA_ID
    answer = reply["interactive"]["call_permission_reply"]
    assert isinstance(answer["expiration_timestamp"], int)


async def test_call_button(business):
    await wrote(business)
    await sent(business, button(display_text="Call now", payload="order-7"))
    chat = await business.control("GET", f"phones/{LUCIA}/chat?number={NUMBER}")
    assert (chat[-1]["label"], chat[-1]["payload"]) == ("Call now", "order-7")
    for bad in ({"display_text": "x" * 21}, {"ttl_minutes": 0}, {"payload": "x" * 513}):
        await refused(business, button(**bad), 131009)


async def test_a_hidden_number_is_nowhere(business):
    await business.control(
        "POST", f"phones/{LUCIA}", {"hide_number": True, "username": "lucia.f"}
    )
    message = await wrote(business)
    assert "from" not in message and message["from_user_id"] == "ES.900000000002"
    contact = message["_value"]["contacts"][0]
    assert "wa_id" not in contact and contact["profile"]["username"] == "lucia.f"
    _, connect = await ring(business, **{"from": LUCIA, "media": False})
    assert "from" not in connect


async def test_message_rates(business):
    await wrote(business)
    text = {"type": "text", "text": {"body": "x"}}
    await business.control("POST", "settings", {"pair_burst": 2})
    await sent(business, text)
    await sent(business, text)
    await refused(business, text, 131056, 429)
    await business.control("POST", "settings", {"messages_per_second": 0})
    await refused(business, text, 130429, 429)


@pytest.mark.parametrize(
    "message, code",
    [
        ({"type": "poll"}, 131051),
        ({"type": "text", "text": {"body": "x" * 4097}}, 131009),
        ({"type": "text"}, 131008),
        ({"type": "template", "template": {"name": "none"}}, 132001),
        ({"type": "audio", "audio": {"id": "1"}}, 131009),
    ],
)
async def test_bad_messages(business, message, code):
    await wrote(business)
    await refused(business, message, code)
