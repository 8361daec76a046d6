"""What is asked of Graph: method, path, query and body of every action."""

import hashlib
import hmac
import threading

import pytest

from tests.providers.payloads import BSUID, CUSTOMER, NUMBER, WABA, WACID, sdp
from whatsapp_calling.providers import PROVIDERS, Credentials, ProviderError

meta = PROVIDERS["meta"]
TOKEN = "demo-token-1"
SDP = sdp("chromium_offer")
MESSAGE_SENT = {"messages": [{"id": "wamid.1"}], "contacts": [{"input": CUSTOMER}]}


def credentials(graph, **members):
    return Credentials(
        **{"token": TOKEN, "base_url": graph.url, "timeout": (1, 5), **members}
    )


def whatsapp(**members):
    return {"messaging_product": "whatsapp", **members}


def message(kind, content, whom=("to", CUSTOMER)):
    members = {"recipient_type": "individual", whom[0]: whom[1], "type": kind}
    return whatsapp(**members, **{kind: content})


CALLS = f"/v25.0/{NUMBER}/calls"
MESSAGES = f"/v25.0/{NUMBER}/messages"

POSTS = {
    "connect to a number": (
        "connect",
        {"to": f"+{CUSTOMER}", "sdp": SDP, "opaque": "odoo:call:17"},
        CALLS,
        whatsapp(
            to=CUSTOMER,
            action="connect",
            session={"sdp_type": "offer", "sdp": SDP},
            biz_opaque_callback_data="odoo:call:17",
        ),
    ),
    "connect to a user id": (
        "connect",
        {"recipient": BSUID, "sdp": SDP},
        CALLS,
        whatsapp(
            recipient=BSUID,
            action="connect",
            session={"sdp_type": "offer", "sdp": SDP},
        ),
    ),
    "pre_accept": (
        "pre_accept",
        {"call_ref": WACID, "sdp": SDP},
        CALLS,
        whatsapp(
            call_id=WACID,
            action="pre_accept",
            session={"sdp_type": "answer", "sdp": SDP},
        ),
    ),
    "accept": (
        "accept",
        {"call_ref": WACID, "sdp": SDP, "opaque": "o"},
        CALLS,
        whatsapp(
            call_id=WACID,
            action="accept",
            session={"sdp_type": "answer", "sdp": SDP},
            biz_opaque_callback_data="o",
        ),
    ),
    "reject": (
        "reject",
        {"call_ref": WACID},
        CALLS,
        whatsapp(call_id=WACID, action="reject"),
    ),
    "terminate": (
        "terminate",
        {"call_ref": WACID},
        CALLS,
        whatsapp(call_id=WACID, action="terminate"),
    ),
    "set_settings": (
        "set_settings",
        {"calling": {"status": "ENABLED"}},
        f"/v25.0/{NUMBER}/settings",
        {"calling": {"status": "ENABLED"}},
    ),
    "permission_request": (
        "permission_request",
        {"to": CUSTOMER, "text": "May we call you?"},
        MESSAGES,
        message(
            "interactive",
            {
                "type": "call_permission_request",
                "action": {"name": "call_permission_request"},
                "body": {"text": "May we call you?"},
            },
        ),
    ),
    "permission_template": (
        "permission_template",
        {"to": CUSTOMER, "template": "may_we_call", "language": "de"},
        MESSAGES,
        message("template", {"name": "may_we_call", "language": {"code": "de"}}),
    ),
    "send_text": (
        "send_text",
        {"recipient": BSUID, "text": "Grüß Gott"},
        MESSAGES,
        message(
            "text",
            {"body": "Grüß Gott", "preview_url": False},
            whom=("recipient", BSUID),
        ),
    ),
    "send_audio": (
        "send_audio",
        {"to": CUSTOMER, "media_ref": "8000", "voice": True},
        MESSAGES,
        message("audio", {"id": "8000", "voice": True}),
    ),
    "send_audio that is no voice note": (
        "send_audio",
        {"recipient": BSUID, "media_ref": "8000"},
        MESSAGES,
        message("audio", {"id": "8000"}, whom=("recipient", BSUID)),
    ),
    "call_button": (
        "call_button",
        {
            "to": CUSTOMER,
            "text": "Talk to us",
            "label": "Call us",
            "ttl_minutes": 600,
            "payload": "team=sales",
        },
        MESSAGES,
        message(
            "interactive",
            {
                "type": "voice_call",
                "body": {"text": "Talk to us"},
                "action": {
                    "name": "voice_call",
                    "parameters": {
                        "display_text": "Call us",
                        "ttl_minutes": 600,
                        "payload": "team=sales",
                    },
                },
            },
        ),
    ),
    "call_button with Meta's defaults": (
        "call_button",
        {"to": CUSTOMER, "text": "Talk to us"},
        MESSAGES,
        message(
            "interactive",
            {
                "type": "voice_call",
                "body": {"text": "Talk to us"},
                "action": {"name": "voice_call", "parameters": {}},
            },
        ),
    ),
    "subscribe": (
        "subscribe",
        {"waba_ref": WABA},
        f"/v25.0/{WABA}/subscribed_apps",
        {},
    ),
    "subscribe with an own address": (
        "subscribe",
        {"waba_ref": WABA, "callback_url": "https://a.example/w", "verify_token": "v"},
        f"/v25.0/{WABA}/subscribed_apps",
        {"override_callback_uri": "https://a.example/w", "verify_token": "v"},
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_action_is_sent_as_meta_wants_it(graph, name):
    action, payload, path, wanted = POSTS[name]
    graph.answers = [(200, {}, {"calls": [{"id": WACID}], **MESSAGE_SENT})]
    meta.send(credentials(graph), action, NUMBER, payload)
    (asked,) = graph.asked
    assert (asked.method, asked.path, asked.body) == ("POST", path, wanted)
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.query == {}


NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,name_status,status,"
    "platform_type,account_mode,code_verification_status,messaging_limit_tier,"
    "whatsapp_business_manager_messaging_limit,throughput,country_code,"
    "webhook_configuration,health_status"
)
GETS = {
    "check": ({}, f"/v25.0/{NUMBER}", {"fields": NUMBER_FIELDS}),
    "list_numbers": (
        {"waba_ref": WABA},
        f"/v25.0/{WABA}/phone_numbers",
        {"fields": NUMBER_FIELDS, "limit": "100"},
    ),
    "get_settings": ({}, f"/v25.0/{NUMBER}/settings", {}),
    "permission_state": (
        {"wa_id": CUSTOMER},
        f"/v25.0/{NUMBER}/call_permissions",
        {"user_wa_id": CUSTOMER},
    ),
    "subscribed_apps": ({"waba_ref": WABA}, f"/v25.0/{WABA}/subscribed_apps", {}),
}


@pytest.mark.parametrize("action", GETS)
def test_a_question_is_asked_as_meta_wants_it(graph, action):
    payload, path, query = GETS[action]
    meta.send(credentials(graph), action, NUMBER, payload)
    (asked,) = graph.asked
    assert (asked.method, asked.path, asked.query) == ("GET", path, query)
    assert asked.body is None


def test_a_customer_without_number_is_asked_about_by_user_id(graph):
    meta.send(credentials(graph), "permission_state", NUMBER, {"bsuid": BSUID})
    assert graph.asked[0].query == {"recipient": BSUID}


def test_an_id_never_leaves_its_place_in_the_path(graph):
    meta.send(credentials(graph), "check", "1/../me?x=#", {})
    assert graph.asked[0].path == "/v25.0/1%2F..%2Fme%3Fx%3D%23"


@pytest.mark.parametrize(
    ("action", "number", "payload"),
    [
        ("dance", NUMBER, {}),
        ("connect", NUMBER, {"to": CUSTOMER}),
        ("connect", NUMBER, {"sdp": SDP}),
        ("terminate", NUMBER, {}),
        ("check", "", {}),
        ("check", "..", {}),
        ("list_numbers", NUMBER, {"waba_ref": None}),
    ],
)
def test_our_own_mistakes_are_told_as_such_and_nothing_is_sent(
    graph, action, number, payload
):
    with pytest.raises(ValueError):
        meta.send(credentials(graph), action, number, payload)
    assert graph.asked == []


# ---- who asks


def test_the_token_is_sent_as_bearer_and_no_proof_without_app_secret(graph):
    meta.send(credentials(graph), "check", NUMBER, {})
    assert graph.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "appsecret_proof" not in graph.asked[0].query


@pytest.mark.parametrize("action", ["check", "terminate"])
def test_with_an_app_secret_the_token_is_vouched_for(graph, action):
    known = credentials(graph, app_secret="demo-app-secret-1")
    meta.send(known, action, NUMBER, {"call_ref": WACID})
    wanted = hmac.new(b"demo-app-secret-1", TOKEN.encode(), hashlib.sha256).hexdigest()
    assert graph.asked[0].query["appsecret_proof"] == wanted


def test_a_netrc_file_does_not_replace_the_token(graph, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    meta.send(credentials(graph), "check", NUMBER, {})
    assert graph.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("base", ["", "/", "/proxy/"])
@pytest.mark.parametrize(("version", "path"), [("v26.0", "/v26.0"), ("", "")])
def test_base_and_version_are_settings(graph, base, version, path):
    known = credentials(graph, base_url=graph.url + base, api_version=version)
    meta.send(known, "check", NUMBER, {})
    assert graph.asked[0].path == f"{base.rstrip('/')}{path}/{NUMBER}"


@pytest.mark.parametrize("token", ["", "a b", "a\nHost: evil", "tokën", "a\u200b"])
def test_a_token_that_cannot_be_one_is_not_sent(graph, token):
    with pytest.raises(ProviderError) as caught:
        meta.send(credentials(graph, token=token), "check", NUMBER, {})
    assert (caught.value.kind, caught.value.certain) == ("auth", True)
    assert token == "" or token not in str(caught.value)
    assert graph.asked == []


def test_credentials_show_no_secret():
    shown = repr(Credentials(token="t0ken", app_secret="s3cret"))
    assert "t0ken" not in shown
    assert "s3cret" not in shown


def test_each_thread_keeps_a_connection_of_its_own(graph):
    def twice():
        for _time in range(2):
            meta.send(credentials(graph), "check", NUMBER, {})

    threads = [threading.Thread(target=twice) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ports = [asked.thread_port for asked in graph.asked]
    assert sorted(ports.count(port) for port in set(ports)) == [2, 2, 2]


# ---- what comes back


def test_connect_gives_the_id_of_the_call(graph):
    graph.answers = [(200, {}, whatsapp(calls=[{"id": WACID}]))]
    answer = meta.send(
        credentials(graph), "connect", NUMBER, {"to": CUSTOMER, "sdp": SDP}
    )
    assert (answer.call_ref, answer.message_ref) == (WACID, None)
    assert answer.http_status == 200


def test_a_message_gives_its_id(graph):
    graph.answers = [(200, {}, MESSAGE_SENT)]
    payload = {"to": CUSTOMER, "text": "Hello"}
    answer = meta.send(credentials(graph), "send_text", NUMBER, payload)
    assert (answer.call_ref, answer.message_ref) == (None, "wamid.1")


def test_what_is_kept_of_an_answer_holds_no_secret_and_no_sdp(graph):
    server = {"hostname": "sip.example", "sip_user_password": "s3cret"}
    graph.answers = [
        (200, {}, {"calling": {"sip": {"servers": [server]}}, "note": SDP})
    ]
    answer = meta.send(credentials(graph), "get_settings", NUMBER, {})
    del answer.data["neutral"]
    assert answer.data == {
        "calling": {
            "sip": {
                "servers": [
                    {"hostname": "sip.example", "sip_user_password": "[removed]"}
                ]
            }
        },
        "note": "[removed]",
    }


def test_all_pages_of_numbers_are_read_without_following_foreign_links(graph):
    following = {
        "cursors": {"after": "QWZ0ZXI"},
        "next": "http://elsewhere.example/?access_token=x",
    }
    graph.answers = [
        (200, {}, {"data": [{"id": "1"}], "paging": following}),
        (200, {}, {"data": [{"id": "2"}], "paging": {"cursors": {"after": "Z"}}}),
    ]
    answer = meta.send(credentials(graph), "list_numbers", NUMBER, {"waba_ref": WABA})
    assert answer.data == {"data": [{"id": "1"}, {"id": "2"}]}
    assert [asked.query.get("after") for asked in graph.asked] == [None, "QWZ0ZXI"]


@pytest.mark.parametrize(("listed", "told"), [(NUMBER, True), ("9", False)])
def test_a_check_tells_whether_the_number_belongs_to_the_account(graph, listed, told):
    number = {"id": NUMBER, "verified_name": "Demo", "quality_rating": "GREEN"}
    graph.answers = [(200, {}, number), (200, {}, {"data": [{"id": listed}]})]
    answer = meta.send(credentials(graph), "check", NUMBER, {"waba_ref": WABA})
    del answer.data["neutral"]
    assert answer.data == {**number, "in_waba": told}


def test_the_state_of_a_permission_comes_in_neutral_words_too(graph):
    said = {
        "messaging_product": "whatsapp",
        "permission": {"status": "temporary", "expiration_time": 1790604850},
        "actions": [
            {
                "action_name": "send_call_permission_request",
                "can_perform_action": False,
                "limits": [
                    {
                        "time_period": "PT24H",
                        "max_allowed": 1,
                        "current_usage": 1,
                        "limit_expiration_time": 1790086450,
                    }
                ],
            },
            {"action_name": "start_call", "can_perform_action": True},
        ],
    }
    graph.answers = [(200, {}, said)]
    known = credentials(graph)
    answer = meta.send(known, "permission_state", NUMBER, {"wa_id": CUSTOMER})
    assert answer.data["neutral"] == {
        "state": "temporary",
        "expires_at": 1790604850.0,
        "can_call": True,
        "can_request": False,
        "limits": [
            {
                "action": "send_call_permission_request",
                "period": "PT24H",
                "max": 1,
                "used": 1,
                "until": 1790086450.0,
            }
        ],
    }


@pytest.mark.parametrize(
    ("permission", "state", "expires_at"),
    [
        ({"status": "PERMANENT"}, "permanent", None),
        ({"status": "temporary", "expiration": "1790604850"}, "temporary", 1790604850),
        ({"status": "no_permission"}, "none", None),
        ({"status": "granted"}, "none", None),
        ("odd", "none", None),
        (None, "none", None),
    ],
)
def test_a_state_we_do_not_know_is_no_permission(graph, permission, state, expires_at):
    graph.answers = [(200, {}, {"permission": permission, "actions": [1, {}]})]
    known = credentials(graph)
    answer = meta.send(known, "permission_state", NUMBER, {"wa_id": CUSTOMER})
    neutral = answer.data["neutral"]
    assert (neutral["state"], neutral["expires_at"]) == (state, expires_at)
    assert (neutral["can_call"], neutral["can_request"]) == (None, None)


def test_what_creates_something_is_never_repeatable():
    assert meta.REPEATABLE == {
        "check",
        "list_numbers",
        "get_settings",
        "set_settings",
        "permission_state",
        "subscribe",
        "subscribed_apps",
        "check_token",
        "get_recording",
        "upload_media",
        "app_subscriptions",
        "waba",
        "list_templates",
        "get_media",
        "block",
        "unblock",
        "reject",
        "terminate",
    }
