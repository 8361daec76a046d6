"""Graph on tokens, apps, accounts and templates, and what Meta does to them."""

import base64
import hashlib
import time
from email.utils import parsedate_to_datetime

import pytest

from tests.simulator.business import (
    APP,
    EVA,
    JONAS,
    LUCIA,
    NUMBER,
    NUMBER_WA_ID,
    SECRET,
    TOKEN,
    WABA,
    until,
)

TEMPLATES = f"{WABA}/message_templates"
ASK = {
    "name": "may_we_call",
    "language": "de",
    "category": "UTILITY",
    "components": [
        {"type": "BODY", "text": "Dürfen wir anrufen?"},
        {"type": "call_permission_request"},
    ],
}


async def refused(business, method, path, json=None, code=100, http=400, **options):
    status, body = await business.graph(method, path, json, **options)
    assert (status, body["error"]["code"]) == (http, code), body
    return body["error"]


async def told(business, field):
    """The value of the first webhook of `field`."""
    await until(lambda: any(c["field"] == field for c in business.webhooks), field)
    return next(c["value"] for c in business.webhooks if c["field"] == field)


async def facts(business, **values):
    change = {"token_facts": {TOKEN: values}}
    await business.control("POST", f"apps/{APP}", change)


class TestTokens:
    async def test_a_good_token(self, business):
        await facts(business, expires_at=1900000000)
        _, body = await business.graph("GET", f"debug_token?input_token={TOKEN}")
        data = body["data"]
        assert (data["is_valid"], data["app_id"]) == (True, APP)
        assert data["expires_at"] == 1900000000
        assert data["scopes"] == [
            "whatsapp_business_management",
            "whatsapp_business_messaging",
        ]

    @pytest.mark.parametrize(
        "values, subcode, words",
        [
            ({"expires_at": 1}, 463, "Session has expired on"),
            ({"valid": False}, 460, "changed their password"),
        ],
    )
    async def test_a_token_that_was_good_once(self, business, values, subcode, words):
        await facts(business, **values)
        error = await refused(business, "GET", NUMBER, code=190, http=401)
        assert error["error_subcode"] == subcode and words in error["message"]
        own = f"{APP}|{SECRET}"
        path = f"debug_token?input_token={TOKEN}"
        _, body = await business.graph("GET", path, token=own)
        assert body["data"]["is_valid"] is False
        assert words in body["data"]["error"]["message"]

    async def test_a_token_nobody_knows(self, business):
        _, body = await business.graph("GET", "debug_token?input_token=x")
        assert body["data"]["is_valid"] is False
        await refused(business, "GET", "debug_token")

    async def test_no_token_is_in_the_log(self, business):
        await business.graph("GET", f"debug_token?input_token={TOKEN}")
        assert TOKEN not in str(await business.control("GET", "requests"))


class TestApps:
    async def test_the_app_itself_sees_where_its_webhooks_go(self, business):
        await business.control("POST", f"apps/{APP}", {"fields": ["calls"]})
        path = f"{APP}/subscriptions"
        _, body = await business.graph("GET", path, token=f"{APP}|{SECRET}")
        (row,) = body["data"]
        assert row["object"] == "whatsapp_business_account" and row["active"]
        assert [field["name"] for field in row["fields"]] == ["calls"]
        assert row["callback_url"].endswith("/hook")

    async def test_its_fields_are_told_without_an_address_of_its_own(self, business):
        change = {"webhook": "", "fields": ["calls"]}
        await business.control("POST", f"apps/{APP}", change)
        path, own = f"{APP}/subscriptions", f"{APP}|{SECRET}"
        _, body = await business.graph("GET", path, token=own)
        (row,) = body["data"]
        assert [field["name"] for field in row["fields"]] == ["calls"]
        assert "callback_url" not in row
        await business.control("POST", f"apps/{APP}", {"fields": []})
        _, body = await business.graph("GET", path, token=own)
        assert body["data"] == []

    async def test_nobody_else_does(self, business):
        path = f"{APP}/subscriptions"
        await refused(business, "GET", path, code=15)
        await refused(business, "GET", path, token=f"{APP}|x", code=190, http=401)

    async def test_the_app_may_do_nothing_else(self, business):
        own = f"{APP}|{SECRET}"
        path = f"{NUMBER}/settings"
        await refused(business, "GET", path, token=own, code=200, http=403)


class TestAccounts:
    async def test_health_follows_the_payment_method(self, business):
        path = f"{WABA}?fields=account_review_status,health_status,primary_funding_id"
        _, body = await business.graph("GET", path)
        assert body["account_review_status"] == "APPROVED"
        assert body["health_status"]["can_send_message"] == "AVAILABLE"
        assert body["primary_funding_id"]
        await business.control("POST", f"wabas/{WABA}", {"payment": False})
        _, body = await business.graph("GET", path)
        assert body["health_status"]["can_send_message"] == "BLOCKED"
        (error,) = body["health_status"]["entities"][0]["errors"]
        assert error["error_code"] == 141006
        assert "primary_funding_id" not in body

    async def test_fields_that_do_not_exist(self, business):
        error = await refused(business, "GET", f"{WABA}?fields=id,shoe_size")
        assert "nonexisting field (shoe_size)" in error["message"]
        await business.control("POST", "settings", {"missing_fields": "health_status"})
        await refused(business, "GET", f"{NUMBER}?fields=health_status")

    async def test_limits_are_named_as_graph_does(self, business):
        path = f"{NUMBER}?fields=messaging_limit_tier"
        for users, tier in ((250, "250"), (2000, "2K"), (10**6, "UNLIMITED")):
            change = {"messaging_limit": users}
            await business.control("POST", f"numbers/{NUMBER}", change)
            _, body = await business.graph("GET", path)
            assert body["messaging_limit_tier"] == f"TIER_{tier}"

    async def test_where_webhooks_of_a_number_go(self, business):
        path = f"{NUMBER}?fields=webhook_configuration"
        _, body = await business.graph("GET", path)
        assert list(body["webhook_configuration"]) == ["application"]
        override = {"override_callback_uri": "http://127.0.0.1:1/own"}
        change = {"subscriptions": {APP: override}}
        await business.control("POST", f"wabas/{WABA}", change)
        _, body = await business.graph("GET", path)
        own = body["webhook_configuration"]["whatsapp_business_account"]
        assert own == "http://127.0.0.1:1/own"

    @pytest.mark.parametrize("skew", [-600, 90])
    async def test_another_clock(self, business, skew):
        await business.control("POST", "settings", {"clock_skew": skew})
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{business.base}/v23.0/{NUMBER}"
        async with business.session.get(url, headers=headers) as response:
            date = parsedate_to_datetime(response.headers["Date"]).timestamp()
        assert abs(date - time.time() - skew) < 3


class TestTemplates:
    async def test_a_new_one_is_reviewed(self, business):
        await business.control("POST", "settings", {"template_review": 0.05})
        status, body = await business.graph("POST", TEMPLATES, ASK)
        assert (status, body["status"]) == (200, "PENDING")
        value = await told(business, "message_template_status_update")
        assert value == {
            "event": "APPROVED",
            "message_template_id": int(body["id"]),
            "message_template_name": "may_we_call",
            "message_template_language": "de",
            "reason": "NONE",
        }
        _, body = await business.graph("GET", f"{TEMPLATES}?name=may_we_call")
        assert [row["status"] for row in body["data"]] == ["APPROVED"]

    @pytest.mark.parametrize(
        "change",
        [
            {"name": "May We Call"},
            {"language": "German"},
            {"category": "PRIVATE"},
            {"components": [{"type": "call_permission_request"}]},
            {"components": [{"type": "BODY", "text": "Hello {{1}}"}]},
            {"components": [{"type": "BODY", "text": "x" * 1025}]},
            {
                "components": [
                    {"type": "BODY", "text": "x"},
                    {
                        "type": "BUTTONS",
                        "buttons": [
                            {"type": "voice_call", "text": "Call", "ttl_minutes": 5}
                        ],
                    },
                ]
            },
        ],
    )
    async def test_refused(self, business, change):
        await refused(business, "POST", TEMPLATES, ASK | change)

    async def test_a_name_is_taken_once_per_language(self, business):
        assert (await business.graph("POST", TEMPLATES, ASK))[0] == 200
        error = await refused(business, "POST", TEMPLATES, ASK)
        assert error["error_subcode"] == 2388024
        other = ASK | {"language": "en_US"}
        assert (await business.graph("POST", TEMPLATES, other))[0] == 200

    async def test_pages(self, business):
        _, body = await business.graph("GET", f"{TEMPLATES}?limit=1&fields=name")
        assert [row["name"] for row in body["data"]] == ["call_permission"]
        after = body["paging"]["cursors"]["after"]
        assert body["paging"]["next"]
        _, body = await business.graph("GET", f"{TEMPLATES}?limit=1&after={after}")
        assert [row["name"] for row in body["data"]] == ["call_us"]
        assert "next" not in body["paging"]

    @pytest.mark.parametrize(
        "status, code",
        [
            ("PENDING", 132001),
            ("REJECTED", 132001),
            ("PAUSED", 132015),
            ("DISABLED", 132016),
            ("FLAGGED", None),
        ],
    )
    async def test_what_cannot_be_sent(self, business, status, code):
        path = f"wabas/{WABA}/templates/call_permission"
        await business.control("POST", path, {"status": status})
        value = await told(business, "message_template_status_update")
        assert (value["event"], value["message_template_name"]) == (
            status,
            "call_permission",
        )
        template = {"name": "call_permission", "language": {"code": "en_US"}}
        message = {
            "messaging_product": "whatsapp",
            "to": LUCIA,
            "type": "template",
            "template": template,
        }
        if code:
            await refused(business, "POST", f"{NUMBER}/messages", message, code=code)
        else:
            assert (await business.graph("POST", f"{NUMBER}/messages", message))[
                0
            ] == 200

    async def test_parameters_must_be_as_many_as_places(self, business):
        greeting = {
            "type": "BODY",
            "text": "Hello {{1}}",
            "example": {"body_text": [["Eva"]]},
        }
        await business.control("POST", "settings", {"template_review": 0})
        await business.graph("POST", TEMPLATES, ASK | {"components": [greeting]})
        await told(business, "message_template_status_update")
        message = {
            "messaging_product": "whatsapp",
            "to": LUCIA,
            "type": "template",
            "template": {"name": "may_we_call", "language": {"code": "de"}},
        }
        await refused(business, "POST", f"{NUMBER}/messages", message, code=132000)


class TestSanctions:
    async def test_a_violation_is_a_warning(self, business):
        await business.control("POST", f"numbers/{NUMBER}/violation", {})
        value = await told(business, "account_update")
        assert value == {
            "phone_number": NUMBER_WA_ID,
            "event": "ACCOUNT_VIOLATION",
            "violation_info": {
                "violation_type": "USER_INITIATED_CALLS_LOW_PICKUP_RATE"
            },
        }

    async def test_a_restriction_holds_until_it_ends(self, business):
        change = {"type": ["outbound", "inbound"], "seconds": 0.5}
        path = f"numbers/{NUMBER}/restriction"
        answer = await business.control("POST", path, change)
        value = await told(business, "account_update")
        assert value["event"] == "ACCOUNT_RESTRICTION"
        assert value["restriction_info"] == [
            {
                "restriction_type": f"RESTRICTED_{word}_INITIATED_CALLING",
                "expiration": int(answer["until"]),
            }
            for word in ("BUSINESS", "USER")
        ]
        _, body = await business.graph("GET", f"{NUMBER}/settings")
        restrictions = body["calling"]["restrictions"]["restrictions_list"]
        assert [row["expiration"] for row in restrictions] == [int(answer["until"])] * 2
        await business.control("POST", "calls", {"from": EVA}, status=409)

        async def lifted():
            _, body = await business.graph("GET", f"{NUMBER}/settings")
            return "restrictions" not in body["calling"]

        await until(lifted)

    async def test_two_missed_calls_and_whatsapp_asks_the_customer(self, business):
        change = {"wa_id": JONAS, "unanswered": 1}
        await business.control("POST", "permissions", change)
        sdp = await business.control("POST", "calls", {"from": EVA, "media": False})
        offer = await business.control("GET", f"calls/{sdp['id']}/offer")
        text = offer["own"].replace("a=ice-lite\r\n", "")
        await business.control("POST", "settings", {"ring_timeout_outbound": 0.1})
        status, body = await business.calls("connect", to=JONAS, sdp=text)
        assert status == 200, body
        await business.wait("terminate")

        async def asked():
            chat = await business.control("GET", f"phones/{JONAS}/chat")
            return [m["type"] for m in chat] == ["call_nudge"]

        await until(asked)


class TestCustomersMessages:
    async def test_a_voice_message_can_be_fetched(self, business):
        message = {"audio": {"tone": 440}}
        await business.control("POST", f"phones/{EVA}/messages", message)
        part = await business.wait("audio")
        audio = part["audio"]
        assert audio["mime_type"] == "audio/ogg; codecs=opus" and audio["voice"]
        _, body = await business.graph("GET", f"{audio['id']}?phone_number_id={NUMBER}")
        assert body["sha256"] == audio["sha256"]
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with business.session.get(body["url"], headers=headers) as response:
            content = await response.read()
        digest = hashlib.sha256(content).digest()
        assert base64.b64encode(digest).decode() == audio["sha256"]
        assert content.startswith(b"OggS") and b"OpusHead" in content[:200]

    async def test_a_reaction_and_something_unsupported(self, business):
        path = f"phones/{EVA}/messages"
        reaction = {"message_id": "wamid.1", "emoji": "👍"}
        await business.control("POST", path, {"type": "reaction", "reaction": reaction})
        assert (await business.wait("reaction"))["reaction"] == reaction
        await business.control("POST", path, {"type": "unsupported"})
        part = await business.wait("unsupported")
        assert part["errors"][0]["code"] == 131051

    async def test_a_blocked_customer_writes_in_vain(self, business):
        change = {"blocked": [EVA]}
        await business.control("POST", f"numbers/{NUMBER}", change)
        path = f"phones/{EVA}/messages"
        await business.control("POST", path, {"text": "Hello"}, status=409)
        await business.control("POST", "calls", {"from": EVA}, status=409)
