"""Tokens, apps, accounts, templates, blocking: what is asked of Graph and what its
answers mean."""

import hashlib
import hmac
import logging

import pytest

from tests.providers.payloads import BSUID, CUSTOMER, NUMBER, WABA
from whatsapp_calling.providers import PROVIDERS, Credentials, ProviderError

meta = PROVIDERS["meta"]
TOKEN = "demo-token-1"
SECRET = "demo-app-secret-1"
APP = "300000000000001"
TEMPLATES = f"/v25.0/{WABA}/message_templates"
NOON = {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
NOON_EPOCH = 1795262400.0


def send(graph, action, payload, number=NUMBER, **members):
    known = {"token": TOKEN, "base_url": graph.url, "timeout": (1, 5), **members}
    return meta.send(Credentials(**known), action, number, payload)


def refused(graph, *request, **members):
    with pytest.raises(ProviderError) as caught:
        send(graph, *request, **members)
    return caught.value


def asked(graph):
    return [(each.method, each.path, each.query, each.body) for each in graph.asked]


# ---- the provider's clock


def test_an_answer_tells_the_clock_of_the_provider(graph):
    graph.answers = [(200, NOON, {"id": WABA})]
    assert send(graph, "waba", {"waba_ref": WABA}).served_at == NOON_EPOCH


def test_a_refusal_tells_it_too(graph):
    graph.answers = [(401, NOON, {"error": {"code": 190, "message": "expired"}})]
    assert refused(graph, "waba", {"waba_ref": WABA}).served_at == NOON_EPOCH


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_without_a_readable_clock_none_is_told(graph, date):
    graph.answers = [(200, {"Date": date}, {"id": WABA})]
    assert send(graph, "waba", {"waba_ref": WABA}).served_at is None


# ---- token and app

VALID = {
    "app_id": APP,
    "type": "SYSTEM_USER",
    "expires_at": 1800000000,
    "data_access_expires_at": 0,
    "is_valid": True,
    "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
    "granular_scopes": [{"scope": "x", "target_ids": ["1"]}],
}


def test_a_token_is_asked_about_by_itself(graph):
    graph.answers = [(200, {}, {"data": VALID})]
    answer = send(graph, "check_token", {}, number="")
    assert asked(graph) == [("GET", "/v25.0/debug_token", {"input_token": TOKEN}, None)]
    assert answer.data == {
        "is_valid": True,
        "expires_at": 1800000000.0,
        "data_access_expires_at": 0,
        "app_id": APP,
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
        "problem": "",
    }


def test_a_token_that_is_valid_no_more_comes_with_what_meta_says(graph):
    error = {"code": 190, "message": f"The session of {TOKEN} has expired"}
    graph.answers = [(200, {}, {"data": {"is_valid": False, "error": error}})]
    answer = send(graph, "check_token", {})
    assert (answer.data["is_valid"], answer.data["expires_at"]) == (False, None)
    assert "has expired" in answer.data["problem"]


@pytest.mark.parametrize("answer", [{}, {"data": []}, {"data": {"is_valid": "yes"}}])
def test_a_token_is_valid_only_when_meta_says_so(graph, answer):
    graph.answers = [(200, {}, answer)]
    assert send(graph, "check_token", {}).data["is_valid"] is False


def test_the_token_is_in_no_log_and_in_no_answer(graph, caplog):
    graph.answers = [(200, {}, {"data": VALID | {"token": TOKEN}})]
    with caplog.at_level(logging.DEBUG, logger="whatsapp_calling"):
        answer = send(graph, "check_token", {})
    assert TOKEN not in caplog.text + repr(answer)


def test_an_app_is_asked_in_its_own_name(graph):
    row = {
        "object": "whatsapp_business_account",
        "callback_url": "https://odoo.example/whatsapp_calling/webhook/k",
        "fields": [{"name": "calls", "version": "v25.0"}, "messages"],
        "active": True,
    }
    other = {"object": "page", "callback_url": "https://other.example"}
    graph.answers = [(200, {}, {"data": [other, row]})]
    answer = send(
        graph, "app_subscriptions", {"app_id": APP}, number="", app_secret=SECRET
    )
    (request,) = graph.asked
    own = f"{APP}|{SECRET}"
    proof = hmac.new(SECRET.encode(), own.encode(), hashlib.sha256).hexdigest()
    assert (request.method, request.path) == ("GET", f"/v25.0/{APP}/subscriptions")
    assert request.query == {"appsecret_proof": proof}
    assert request.headers["Authorization"] == f"Bearer {own}"
    assert answer.data == {
        "callback_url": "https://odoo.example/whatsapp_calling/webhook/k",
        "fields": ["calls", "messages"],
        "active": True,
    }


def test_an_app_that_hears_nothing_of_whatsapp_says_so(graph):
    graph.answers = [(200, {}, {"data": [{"object": "page"}, "odd"]})]
    payload = {"app_id": APP}
    assert send(graph, "app_subscriptions", payload, app_secret=SECRET).data == {}


def test_without_app_secret_the_app_is_not_asked(graph):
    assert refused(graph, "app_subscriptions", {"app_id": APP}).kind == "auth"
    assert graph.asked == []


def test_a_refused_app_secret_does_not_appear(graph):
    said = {"error": {"code": 190, "message": f"Bad token {APP}|{SECRET}"}}
    graph.answers = [(400, {}, said)]
    error = refused(graph, "app_subscriptions", {"app_id": APP}, app_secret=SECRET)
    assert SECRET not in error.message


# ---- account and number

WABA_FIELDS = (
    "id,name,currency,timezone_id,account_review_status,health_status,"
    "primary_funding_id"
)
HEALTH = {
    "can_send_message": "BLOCKED",
    "entities": [
        {
            "entity_type": "WABA",
            "id": WABA,
            "can_send_message": "BLOCKED",
            "errors": [
                {
                    "error_code": 141006,
                    "error_description": "There is an error with the payment method.",
                    "possible_solution": "Update the payment method.",
                }
            ],
        },
        {"entity_type": "BUSINESS", "can_send_message": "AVAILABLE"},
    ],
}


def test_an_account_is_asked_for_what_calling_depends_on(graph):
    row = {
        "id": WABA,
        "name": "Demo",
        "currency": "EUR",
        "account_review_status": "APPROVED",
        "primary_funding_id": "17",
        "health_status": HEALTH,
    }
    graph.answers = [(200, {}, row)]
    answer = send(graph, "waba", {"waba_ref": WABA}, number="")
    assert asked(graph) == [("GET", f"/v25.0/{WABA}", {"fields": WABA_FIELDS}, None)]
    assert answer.data["neutral"] == {
        "name": "Demo",
        "currency": "EUR",
        "review": "approved",
        "payment": True,
        "health": {
            "state": "blocked",
            "problems": [
                {
                    "about": "waba",
                    "code": 141006,
                    "message": "There is an error with the payment method.",
                    "solution": "Update the payment method.",
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("row", "payment"),
    [
        ({}, None),
        ({"primary_funding_id": ""}, False),
        ({"primary_funding_id": 0}, False),
    ],
)
def test_whether_there_is_a_way_to_pay_is_never_guessed(graph, row, payment):
    graph.answers = [(200, {}, {"id": WABA, **row})]
    neutral = send(graph, "waba", {"waba_ref": WABA}).data["neutral"]
    assert (neutral["payment"], neutral["health"]) == (payment, None)


def test_a_field_that_this_version_does_not_have_is_left_out(graph):
    def unknown(name):
        told = f"(#100) Tried accessing nonexisting field ({name}) on node type (X)"
        return 400, {}, {"error": {"code": 100, "message": told}}

    graph.answers = [
        unknown("primary_funding_id"),
        unknown("health_status"),
        (200, {}, {"id": WABA}),
    ]
    send(graph, "waba", {"waba_ref": WABA})
    assert [each.query["fields"] for each in graph.asked] == [
        WABA_FIELDS,
        WABA_FIELDS.removesuffix(",primary_funding_id"),
        "id,name,currency,timezone_id,account_review_status",
    ]


def test_it_is_not_asked_for_ever(graph):
    told = "(#100) Tried accessing nonexisting field (no_such) on node type (X)"
    graph.answers = [(400, {}, {"error": {"code": 100, "message": told}})]
    assert refused(graph, "waba", {"waba_ref": WABA}).code == 100
    assert len(graph.asked) == 1


def test_a_number_says_what_it_may_and_where_its_webhooks_go(graph):
    row = {
        "id": NUMBER,
        "quality_rating": "GREEN",
        "account_mode": "LIVE",
        "throughput": {"level": "STANDARD"},
        "country_code": "AT",
        "messaging_limit_tier": "TIER_2K",
        "webhook_configuration": {
            "application": "https://a.example",
            "whatsapp_business_account": "https://b.example",
        },
    }
    graph.answers = [(200, {}, row)]
    assert send(graph, "check", {}).data["neutral"] == {
        "messaging_limit": 2000,
        "unlimited": False,
        "throughput": "standard",
        "country": "AT",
        "quality": "green",
        "live": True,
        "webhook": {
            "application": "https://a.example",
            "waba": "https://b.example",
            "number": None,
        },
        "health": None,
    }


@pytest.mark.parametrize(
    ("row", "limit", "unlimited"),
    [
        ({}, None, False),
        ({"messaging_limit_tier": "TIER_250"}, 250, False),
        ({"messaging_limit_tier": "TIER_100K"}, 100_000, False),
        ({"messaging_limit_tier": "TIER_UNLIMITED"}, None, True),
        ({"messaging_limit_tier": "TIER_NOT_SET"}, None, False),
        (
            {
                "messaging_limit_tier": "TIER_250",
                "whatsapp_business_manager_messaging_limit": "TIER_10K",
            },
            10_000,
            False,
        ),
        ({"whatsapp_business_manager_messaging_limit": 2000}, 2000, False),
    ],
)
def test_the_messaging_limit_is_a_number_of_users(graph, row, limit, unlimited):
    graph.answers = [(200, {}, row)]
    neutral = send(graph, "check", {}).data["neutral"]
    assert (neutral["messaging_limit"], neutral["unlimited"]) == (limit, unlimited)


# ---- templates

ASK = {
    "name": "may_we_call",
    "language": "de",
    "category": "UTILITY",
    "components": [
        {"type": "BODY", "text": "Dürfen wir anrufen?\nJa?"},
        {"type": "call_permission_request"},
    ],
}


def test_all_templates_are_listed(graph):
    button = {"type": "VOICE_CALL", "text": "Call us", "ttl_minutes": 1440}
    call_us = {
        "id": "2",
        "name": "call_us",
        "language": "en_US",
        "status": "PAUSED",
        "category": "MARKETING",
        "quality_score": {"score": "RED"},
        "components": [
            {"type": "BODY", "text": "Tap"},
            {"type": "BUTTONS", "buttons": [{"type": "URL"}, button]},
        ],
    }
    paging = {"next": "http://x.example", "cursors": {"after": "QQ"}}
    first = {**ASK, "id": "1", "status": "REJECTED", "rejected_reason": "TAG_CONTENT"}
    graph.answers = [
        (200, {}, {"data": [first], "paging": paging}),
        (200, {}, {"data": [call_us]}),
    ]
    answer = send(graph, "list_templates", {"waba_ref": WABA}, number="")
    fields = "id,name,language,status,category,components,rejected_reason,quality_score"
    query = {"fields": fields, "limit": "100"}
    assert asked(graph) == [
        ("GET", TEMPLATES, query, None),
        ("GET", TEMPLATES, query | {"after": "QQ"}, None),
    ]
    assert answer.data["data"] == [first, call_us]
    assert answer.data["neutral"] == [
        {
            "template_ref": "1",
            "name": "may_we_call",
            "language": "de",
            "status": "rejected",
            "reason": "TAG_CONTENT",
            "quality": None,
            "category": "utility",
            "text": "Dürfen wir anrufen?\nJa?",
            "asks": True,
            "call_button": None,
        },
        {
            "template_ref": "2",
            "name": "call_us",
            "language": "en_US",
            "status": "paused",
            "reason": None,
            "quality": "red",
            "category": "marketing",
            "text": "Tap",
            "asks": False,
            "call_button": "Call us",
        },
    ]


def test_a_template_is_created_as_meta_wants_it(graph):
    graph.answers = [(200, {}, {"id": "1", "status": "PENDING"})]
    answer = send(graph, "create_template", {"waba_ref": WABA, **ASK}, number="")
    assert asked(graph) == [("POST", TEMPLATES, {}, ASK)]
    assert answer.data == {"id": "1", "status": "PENDING"}


@pytest.mark.parametrize("left_out", ASK)
def test_a_template_needs_all_its_parts(graph, left_out):
    payload = {"waba_ref": WABA, **ASK}
    del payload[left_out]
    with pytest.raises(ValueError):
        send(graph, "create_template", payload)
    assert graph.asked == []


def test_a_template_is_sent_with_its_components(graph):
    components = [
        {
            "type": "button",
            "sub_type": "voice_call",
            "parameters": [{"type": "payload", "payload": "team=sales"}],
        }
    ]
    graph.answers = [(200, {}, {"messages": [{"id": "wamid.1"}]})]
    payload = {"recipient": BSUID, "template": "call_us", "language": "en_US"}
    answer = send(graph, "send_template", payload | {"components": components})
    assert graph.asked[0].body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient": BSUID,
        "type": "template",
        "template": {
            "name": "call_us",
            "language": {"code": "en_US"},
            "components": components,
        },
    }
    assert answer.message_ref == "wamid.1"


# ---- blocking

BLOCKS = f"/v25.0/{NUMBER}/block_users"


@pytest.mark.parametrize(
    ("action", "method", "told"),
    [("block", "POST", "added_users"), ("unblock", "DELETE", "removed_users")],
)
def test_customers_are_blocked_by_number_or_user_id(graph, action, method, told):
    done = [{"input": CUSTOMER, "wa_id": CUSTOMER}, {"input": BSUID}]
    graph.answers = [(200, {}, {"block_users": {told: done}})]
    payload = {"wa_ids": [f"+{CUSTOMER}"], "bsuids": [BSUID]}
    answer = send(graph, action, payload)
    users = [{"user": CUSTOMER}, {"user_id": BSUID}]
    body = {"messaging_product": "whatsapp", "block_users": users}
    assert asked(graph) == [(method, BLOCKS, {}, body)]
    assert answer.data["neutral"] == {"done": [CUSTOMER, BSUID], "failed": []}


FAILED = {
    "input": CUSTOMER,
    "wa_id": CUSTOMER,
    "errors": [{"message": "Re-engagement message", "code": 131047}],
}
SOME_FAILED = {"message": "(#139100) Failed to block some users", "code": 139100}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("key", ["error", "errors"])
def test_whom_whatsapp_did_not_block_is_told_with_the_reason(graph, status, key):
    users = {"added_users": [{"input": "1"}], "failed_users": [FAILED]}
    graph.answers = [(status, {}, {"block_users": users, key: SOME_FAILED})]
    answer = send(graph, "block", {"wa_ids": ["1", CUSTOMER]})
    assert answer.data["neutral"] == {
        "done": ["1"],
        "failed": [
            {"input": CUSTOMER, "code": 131047, "message": "Re-engagement message"}
        ],
    }


def test_nobody_blocked_is_a_refusal(graph):
    users = {"failed_users": [FAILED]}
    graph.answers = [(400, NOON, {"block_users": users, "error": SOME_FAILED})]
    error = refused(graph, "block", {"wa_ids": [CUSTOMER]})
    assert (error.code, error.kind, error.message) == (
        131047,
        "refused",
        "Re-engagement message",
    )
    assert (error.certain, error.served_at) == (True, NOON_EPOCH)


def test_blocking_nobody_is_our_mistake(graph):
    with pytest.raises(ValueError):
        send(graph, "block", {"wa_ids": []})
