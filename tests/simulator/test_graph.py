"""Graph: tokens, rights, error shapes, settings, messages, media, blocking."""

import hashlib
import hmac
import time

import aiohttp
import pytest

from tests.simulator.business import (
    APP,
    EVA,
    LUCIA,
    NUMBER,
    SERVICE_LINE,
    TOKEN,
    WABA,
    until,
)
from tests.simulator.test_inbound_call import ring

OTHER_NUMBER = "200000000000002"


async def settings(business, **values):
    await business.control("POST", "settings", values)


class TestGate:
    @pytest.mark.parametrize("token", [None, "wrong", ""])
    async def test_without_a_valid_token(self, business, token):
        status, body = await business.graph("GET", NUMBER, token=token)
        assert status == 401
        assert (body["error"]["code"], body["error"]["type"]) == (190, "OAuthException")

    @pytest.mark.parametrize("object_id", ["1", OTHER_NUMBER])
    async def test_an_unknown_object_and_that_of_another_business(
        self, business, object_id
    ):
        status, body = await business.graph("GET", f"{object_id}/settings")
        error = body["error"]
        assert status == 400
        assert (error["code"], error["error_subcode"]) == (100, 33)
        assert error["type"] == "GraphMethodException"
        assert f"Object with ID '{object_id}' does not exist" in error["message"]

    @pytest.mark.parametrize(
        "right, path", [("messaging", "settings"), ("management", "messages")]
    )
    async def test_rights(self, business, right, path):
        tokens = {"weak": [f"whatsapp_business_{right}"]}
        await business.control("POST", f"apps/{APP}", {"tokens": tokens})
        path = f"{NUMBER}/{path}"
        status, body = await business.graph("POST", path, {}, token="weak")
        assert (status, body["error"]["code"]) == (403, 200)

    async def test_appsecret_proof(self, business):
        await settings(business, require_appsecret_proof=True)
        status, body = await business.graph("GET", NUMBER)
        assert (status, body["error"]["code"]) == (400, 100)
        secret = b"demo-app-secret-1"
        proof = hmac.new(secret, TOKEN.encode(), hashlib.sha256).hexdigest()
        status, _ = await business.graph("GET", f"{NUMBER}?appsecret_proof={proof}")
        assert status == 200
        status, body = await business.graph("GET", f"{NUMBER}?appsecret_proof=0")
        assert body["error"]["message"].startswith("Invalid appsecret_proof")

    async def test_versions(self, business):
        for version, wanted in ((16, 400), (17, 200), (26, 200)):
            url = f"{business.base}/v{version}.0/{NUMBER}"
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with business.session.get(url, headers=headers) as response:
                assert response.status == wanted

    async def test_requests_are_logged_in_order(self, business):
        before = time.time()
        await business.calls("reject", call_id="wacid.none")
        await business.graph("GET", f"{NUMBER}/settings")
        rows = await business.control("GET", f"requests?since={before}")
        assert [row["endpoint"] for row in rows] == ["calls", "settings"]
        assert rows[0]["action"] == "reject"
        assert rows[0]["body"]["call_id"] == "wacid.none"
        assert (rows[0]["status"], rows[0]["error"]) == (400, 100)
        assert before <= rows[0]["at"] <= rows[1]["at"] <= time.time()

    @pytest.mark.parametrize(
        "fault, status, code",
        [
            ({"status": 401}, 401, 190),
            ({"status": 429, "code": 130429}, 429, 130429),
            ({"status": 503}, 503, 131000),
        ],
    )
    async def test_ordered_errors(self, business, fault, status, code):
        order = {"kind": "http", "on": "settings", **fault}
        await business.control("POST", "faults", order)
        got, body = await business.graph("GET", f"{NUMBER}/settings")
        assert (got, body["error"]["code"]) == (status, code)
        got, _ = await business.graph("GET", f"{NUMBER}/settings")
        assert got == 200

    async def test_a_cut_connection_may_have_been_carried_out(self, business):
        call, _ = await ring(business, media=False)
        order = {"kind": "refuse", "on": "reject", "applied": True}
        await business.control("POST", "faults", order)
        with pytest.raises(aiohttp.ClientError):
            await business.calls("reject", call_id=call["id"])
        await business.wait("terminate")

    async def test_nonsense_and_slowness(self, business):
        await business.control("POST", "faults", {"kind": "nonsense", "on": "object"})
        status, text = await business.graph("GET", NUMBER)
        assert status == 200 and text.startswith(b"<html>")
        order = {"kind": "slow", "on": "object", "seconds": 0.2}
        await business.control("POST", "faults", order)
        started = time.monotonic()
        status, _ = await business.graph("GET", NUMBER)
        assert status == 200 and time.monotonic() - started >= 0.2


class TestCallsEndpoint:
    async def test_messaging_product_is_required(self, business):
        body = {"action": "reject", "call_id": "x"}
        status, answer = await business.graph("POST", f"{NUMBER}/calls", body)
        assert (status, answer["error"]["code"]) == (400, 100)

    @pytest.mark.parametrize("action", ["accept", "reject", "terminate", "pre_accept"])
    async def test_an_unknown_call(self, business, action):
        status, body = await business.calls(action, call_id="wacid.none", sdp="v=0")
        error = body["error"]
        assert (status, error["code"], error["error_subcode"]) == (400, 100, 33)

    async def test_unknown_actions(self, business):
        for action in ("pre-accept", "hold", None):
            status, body = await business.calls(action, call_id="x")
            assert (status, body["error"]["code"]) == (400, 100)

    async def test_a_call_of_the_other_number(self, business):
        call = await business.control(
            "POST", "calls", {"from": EVA, "to": OTHER_NUMBER, "media": False}
        )
        status, body = await business.calls("reject", call_id=call["id"])
        assert (status, body["error"]["error_subcode"]) == (400, 33)

    async def test_success_without_messaging_product(self, business):
        await settings(business, success_only=True)
        call, _ = await ring(business, media=False)
        answer = await business.calls("reject", call_id=call["id"])
        assert answer == (200, {"success": True})


class TestSettings:
    async def test_partial_change_and_webhook(self, business):
        change = {"calling": {"callback_permission_status": "ENABLED"}}
        status, body = await business.graph("POST", f"{NUMBER}/settings", change)
        assert (status, body) == (200, {"success": True})
        _, body = await business.graph("GET", f"{NUMBER}/settings?fields=calling")
        assert body["calling"]["callback_permission_status"] == "ENABLED"
        assert body["calling"]["status"] == "ENABLED"
        await until(lambda: business.webhooks)
        change = business.webhooks[0]
        assert change["field"] == "account_settings_update"
        calling = change["value"]["phone_number_settings"]["calling"]
        assert calling["callback_permission_status"] == "ENABLED"

    async def test_call_hours_are_replaced_as_a_whole(self, business):
        hours = {
            "status": "ENABLED",
            "timezone_id": "Europe/Vienna",
            "weekly_operating_hours": [
                {"day_of_week": "MONDAY", "open_time": "0800", "close_time": "1700"}
            ],
            "holiday_schedule": [
                {"date": "2099-01-06", "start_time": "0000", "end_time": "2359"}
            ],
        }
        for value in (hours, {k: hours[k] for k in list(hours)[:3]}):
            status, _ = await business.graph(
                "POST", f"{NUMBER}/settings", {"calling": {"call_hours": value}}
            )
            assert status == 200
        _, body = await business.graph("GET", f"{NUMBER}/settings")
        assert "holiday_schedule" not in body["calling"]["call_hours"]

    @pytest.mark.parametrize(
        "change",
        [
            {"status": "On"},
            {"nonsense": 1},
            {"call_hours": {"status": "ENABLED", "timezone_id": "Mars/Base"}},
            {
                "call_hours": {
                    "status": "ENABLED",
                    "timezone_id": "Europe/Vienna",
                    "weekly_operating_hours": [],
                }
            },
            {
                "call_hours": {
                    "status": "ENABLED",
                    "timezone_id": "Europe/Vienna",
                    "weekly_operating_hours": [
                        {
                            "day_of_week": "MONDAY",
                            "open_time": "1700",
                            "close_time": "0800",
                        }
                    ],
                }
            },
            {"call_icons": {"restrict_to_user_countries": ["Austria"]}},
            {"audio": {"additional_codecs": ["G722"]}},
        ],
    )
    async def test_refused(self, business, change):
        status, body = await business.graph(
            "POST", f"{NUMBER}/settings", {"calling": change}
        )
        assert (status, body["error"]["code"]) == (400, 100)

    async def test_a_closed_business_is_not_called(self, business):
        hours = {
            "status": "ENABLED",
            "timezone_id": "UTC",
            "weekly_operating_hours": [
                {"day_of_week": "MONDAY", "open_time": "0000", "close_time": "0001"}
            ],
        }
        await business.graph(
            "POST", f"{NUMBER}/settings", {"calling": {"call_hours": hours}}
        )
        answer = await business.control("POST", "calls", {"from": EVA}, status=409)
        assert "closed" in answer["error"]

    @pytest.mark.parametrize(
        "prepare, code",
        [
            (("POST", f"numbers/{NUMBER}", {"messaging_limit": 250}), 138015),
            (("POST", f"apps/{APP}", {"fields": ["messages"]}), 138018),
        ],
    )
    async def test_what_switching_on_needs(self, business, prepare, code):
        off = {"calling": {"status": "DISABLED"}}
        await business.graph("POST", f"{NUMBER}/settings", off)
        await business.control(*prepare)
        on = {"calling": {"status": "ENABLED"}}
        status, body = await business.graph("POST", f"{NUMBER}/settings", on)
        assert (status, body["error"]["code"]) == (400, code)


class TestAccounts:
    async def test_a_number_and_the_numbers_of_its_account(self, business):
        fields = "display_phone_number,verified_name"
        status, body = await business.graph("GET", f"{NUMBER}?fields={fields}")
        assert (status, body) == (
            200,
            {
                "display_phone_number": "+43 720 880100",
                "verified_name": "YourCompany",
                "id": NUMBER,
            },
        )
        _, body = await business.graph("GET", f"{WABA}/phone_numbers")
        assert [row["id"] for row in body["data"]] == [NUMBER, SERVICE_LINE]
        assert body["data"][0]["quality_rating"] == "GREEN"

    async def test_subscription_with_another_address(self, business):
        url = (await business.control("GET", "apps"))[0]["webhook"]
        change = {"override_callback_uri": url, "verify_token": "wrong"}
        path = f"{WABA}/subscribed_apps"
        status, body = await business.graph("POST", path, change)
        assert (status, body["error"]["code"]) == (400, 2200)
        change["verify_token"] = "demo-verify-1"
        assert await business.graph("POST", path, change) == (200, {"success": True})
        _, body = await business.graph("GET", path)
        row = body["data"][0]
        assert row["override_callback_uri"] == url
        assert row["whatsapp_business_api_data"]["id"] == APP
        await business.control("POST", f"apps/{APP}", {"webhook": "http://127.0.0.1:1"})
        await ring(business, media=False)
        await business.graph("DELETE", path)
        assert (await business.graph("GET", path))[1] == {"data": []}


class TestMediaAndBlocking:
    async def upload(self, business, content, kind="audio/ogg"):
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", kind)
        form.add_field("file", content, filename="x.ogg", content_type=kind)
        return await business.graph("POST", f"{NUMBER}/media", data=form)

    async def test_upload_look_fetch_delete(self, business):
        content = b"OggS" + bytes(20) + b"OpusHead" + bytes(100)
        status, body = await self.upload(business, content)
        assert status == 200
        media_id = body["id"]
        _, body = await business.graph("GET", media_id)
        assert body["file_size"] == len(content) and body["mime_type"] == "audio/ogg"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with business.session.get(body["url"], headers=headers) as response:
            assert await response.read() == content
        async with business.session.get(body["url"]) as response:
            assert response.status == 401
        assert (await business.graph("DELETE", media_id))[1] == {"success": True}
        status, _ = await business.graph("GET", media_id)
        assert status == 400

    async def test_wrong_types(self, business):
        for content, kind in ((b"x", "audio/ogg"), (b"x", "audio/wav")):
            status, body = await self.upload(business, content, kind)
            assert (status, body["error"]["code"]) == (400, 131053)

    async def test_block_only_who_wrote(self, business):
        body = {"messaging_product": "whatsapp", "block_users": [{"user": LUCIA}]}
        path = f"{NUMBER}/block_users"
        _, answer = await business.graph("POST", path, body)
        failed = answer["block_users"]["failed_users"][0]
        assert failed["errors"][0]["code"] == 131047
        await business.control("POST", f"phones/{LUCIA}/messages", {"text": "hi"})
        _, answer = await business.graph("POST", path, body)
        assert answer["block_users"]["added_users"] == [
            {"input": LUCIA, "wa_id": LUCIA}
        ]
        _, answer = await business.graph("GET", path)
        assert [row["wa_id"] for row in answer["data"]] == [LUCIA]
        _, answer = await business.graph("DELETE", path, body)
        assert answer["block_users"]["removed_users"]
