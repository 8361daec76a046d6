"""Meta's field "messages": permission replies, and little of the rest."""

import json

import pytest

from tests.providers.payloads import (
    BSUID,
    CUSTOMER,
    NUMBER,
    WACID,
    WAMID,
    body,
    change,
    contact,
    permission_reply,
    without,
)
from whatsapp_calling.providers import PROVIDERS, ErrorInfo, Peer, PermissionReply

meta = PROVIDERS["meta"]


def only(message=None, **value):
    if message is not None:
        value["messages"] = [message]
    events = meta.parse(body(change("messages", **value)))
    assert len(events) == 1, events
    return events[0]


def test_a_temporary_permission_runs_out_at_the_given_time():
    event = only(permission_reply(), contacts=[contact()])
    assert (event.kind, event.key, event.number_ref) == ("permission", WAMID, NUMBER)
    assert event.peer == Peer(wa_id=CUSTOMER, bsuid=BSUID, name="Eva Gruber")
    assert event.permission == PermissionReply(
        accepted=True, expires_at=1790604850.0, context_ref="wamid.REQUEST"
    )
    assert event.problems == ()


@pytest.mark.parametrize(
    "message", [permission_reply(), without(permission_reply(), "type")]
)
def test_a_reply_is_recognised_by_the_type_inside(message):
    assert only(message).kind == "permission"


def test_the_end_of_a_permission_may_be_a_number():
    event = only(permission_reply({"expiration_timestamp": 1790604850}))
    assert event.permission.expires_at == 1790604850.0


def test_a_permanent_permission_has_no_end():
    event = only(permission_reply({"is_permanent": True, "expiration_timestamp": None}))
    assert event.permission.permanent
    assert event.permission.expires_at is None
    assert event.problems == ()


def test_a_decline_is_no_permission_whatever_else_it_says():
    event = only(permission_reply({"response": "REJECT", "is_permanent": True}))
    assert not event.permission.accepted
    assert not event.permission.permanent


def test_a_grant_without_an_end_is_flagged():
    event = only(permission_reply({"expiration_timestamp": None}))
    assert event.permission.accepted
    assert event.problems == ("neither permanent nor an end of the permission",)


def test_an_automatic_grant_names_the_call_that_gave_it():
    event = only(
        permission_reply(
            {"response_source": "automatic"}, context={"from": CUSTOMER, "id": WACID}
        )
    )
    assert event.permission.automatic
    assert event.permission.context_ref == WACID


def test_an_automatic_withdrawal_has_no_context():
    message = permission_reply({"response": "reject", "response_source": "Automatic"})
    event = only(without(message, "context"))
    assert event.permission == PermissionReply(
        accepted=False, automatic=True, expires_at=1790604850.0
    )


def test_a_reply_that_is_neither_yes_nor_no_changes_nothing():
    event = only(permission_reply({"response": "maybe"}))
    assert (event.kind, event.permission) == ("unknown", None)


TEXT = {
    "from": CUSTOMER,
    "id": WAMID,
    "timestamp": "1790000060",
    "type": "text",
    "text": {"body": "Please call me back"},
    "context": {"id": "wamid.OTHER"},
}


def test_of_a_message_only_id_type_time_sender_and_text_are_kept():
    event = only(TEXT, contacts=[contact()])
    assert (event.kind, event.key) == ("inbound_message", WAMID)
    assert event.timestamp == 1790000060.0
    assert event.peer.wa_id == CUSTOMER
    assert event.message == {
        "id": WAMID,
        "type": "text",
        "text": "Please call me back",
    }
    assert event.raw == without(TEXT, "text", "context")


def test_a_long_text_is_cut():
    event = only({**TEXT, "text": {"body": "x" * 5000}})
    assert event.message["text"] == "x" * 4096


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("reaction", {"reaction": {"message_id": "wamid.1", "emoji": "👍"}}, "👍"),
        ("reaction", {"reaction": {"message_id": "wamid.1", "emoji": ""}}, ""),
        ("location", {"location": {"latitude": 48.2}}, None),
        ("unsupported", {"errors": [{"code": 131051}]}, None),
        ("button", {"button": {"text": "Yes", "payload": "y"}}, "Yes"),
        (
            "interactive",
            {"interactive": {"type": "button_reply", "button_reply": {"title": "Yes"}}},
            "Yes",
        ),
        (
            "interactive",
            {"interactive": {"type": "list_reply", "list_reply": {"title": "Two"}}},
            "Two",
        ),
        ("text", {"text": "not an object"}, None),
    ],
)
def test_a_message_of_any_type_counts_as_contact(kind, content, text):
    message = {**without(TEXT, "text"), "type": kind, **content}
    assert only(message).message == {"id": WAMID, "type": kind, "text": text}


def test_a_voice_message_tells_where_it_is_to_be_had():
    audio = {
        "id": "700",
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": "qqq=",
        "voice": True,
    }
    event = only({**without(TEXT, "text"), "type": "audio", "audio": audio})
    assert event.message == {
        "id": WAMID,
        "type": "audio",
        "text": None,
        "media_ref": "700",
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": "qqq=",
        "voice": True,
        "file_name": None,
    }
    assert "700" not in json.dumps(event.raw)


def test_a_document_has_a_caption_and_a_name():
    document = {"id": "7", "caption": "The contract", "filename": "a.pdf"}
    event = only({**without(TEXT, "text"), "type": "document", "document": document})
    assert (event.message["text"], event.message["file_name"]) == (
        "The contract",
        "a.pdf",
    )


def test_a_medium_without_id_is_flagged():
    event = only({**without(TEXT, "text"), "type": "audio", "audio": {}})
    assert event.problems == ("the medium has no id",)
    assert event.message["media_ref"] is None


def test_a_message_that_cannot_be_read_leaves_no_text_behind():
    event = only(without(TEXT, "id"))
    assert event.kind == "unknown"
    assert "Please" not in json.dumps(event.raw)


STATUS = {
    "id": WAMID,
    "status": "Failed",
    "timestamp": "1790000061",
    "recipient_id": CUSTOMER,
    "errors": [{"code": 131047, "title": "Re-engagement message"}],
}


def test_the_status_of_a_message_names_it():
    event = only(statuses=[STATUS])
    assert (event.kind, event.key) == ("message_status", f"{WAMID}:status:failed")
    assert (event.status, event.message["id"]) == ("failed", WAMID)
    assert event.peer == Peer(wa_id=CUSTOMER)
    assert event.errors == (ErrorInfo(131047, "Re-engagement message"),)


def test_the_status_of_a_call_is_none_of_a_message_whichever_field_brings_it():
    event = only(statuses=[{"id": WACID, "type": "call", "status": "RINGING"}])
    assert (event.kind, event.call_ref) == ("ringing", WACID)
