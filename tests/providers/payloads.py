"""Webhook bodies as Meta sends them; all ids, numbers and names are invented."""

import json
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
WABA = "100000000000001"
NUMBER = "200000000000001"
OURS = "43720880100"
CUSTOMER = "436601112201"
BSUID = "AT.900000000001"
WACID = "wacid.HBgMNDM2NjAxMTEyMjAxFQIAEhgg"
WAMID = "wamid.HBgMNDM2NjAxMTEyMjAxFQIAERgS"


def sdp(name: str) -> str:
    """A fixture with CRLF line ends, as a browser gives it."""
    text = (FIXTURES / f"{name}.sdp").read_text()
    return "".join(f"{line}\r\n" for line in text.splitlines())


OFFER_SDP = sdp("meta_offer")


def body(*changes, waba=WABA) -> bytes:
    """A whole body with the given changes in one entry."""
    entry = {"id": waba, "changes": list(changes)}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [entry]}
    ).encode()


def change(field="calls", **value) -> dict:
    """One change; `value` members beside the usual metadata."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": OURS, "phone_number_id": NUMBER},
        **value,
    }
    return {"field": field, "value": value}


def contact(**members) -> dict:
    return {
        "profile": {"name": "Eva Gruber"},
        "wa_id": CUSTOMER,
        "user_id": BSUID,
        **members,
    }


def inbound(**members) -> dict:
    """connect of a call from a customer."""
    return {
        "id": WACID,
        "from": CUSTOMER,
        "to": OURS,
        "event": "connect",
        "timestamp": "1790000000",
        "direction": "USER_INITIATED",
        "session": {"sdp_type": "offer", "sdp": OFFER_SDP},
        **members,
    }


def outbound(**members) -> dict:
    """connect of a call we placed: its SDP answer."""
    return {
        "id": WACID,
        "from": OURS,
        "to": CUSTOMER,
        "to_user_id": BSUID,
        "event": "connect",
        "timestamp": "1790000001",
        "direction": "BUSINESS_INITIATED",
        "session": {"sdp_type": "answer", "sdp": OFFER_SDP},
        "biz_opaque_callback_data": "odoo:call:17",
        **members,
    }


def terminate(**members) -> dict:
    return {
        "id": WACID,
        "from": CUSTOMER,
        "to": OURS,
        "event": "terminate",
        "timestamp": "1790000070",
        "direction": "USER_INITIATED",
        "status": "COMPLETED",
        "start_time": "1790000010",
        "end_time": "1790000070",
        "duration": 60,
        **members,
    }


def call_status(**members) -> dict:
    return {
        "id": WACID,
        "type": "call",
        "status": "RINGING",
        "timestamp": "1790000002",
        "recipient_id": CUSTOMER,
        "recipient_user_id": BSUID,
        "biz_opaque_callback_data": "odoo:call:17",
        **members,
    }


def permission_reply(reply=None, **members) -> dict:
    return {
        "from": CUSTOMER,
        "from_user_id": BSUID,
        "id": WAMID,
        "timestamp": "1790000050",
        "type": "interactive",
        "context": {"from": OURS, "id": "wamid.REQUEST"},
        "interactive": {
            "type": "call_permission_reply",
            "call_permission_reply": {
                "response": "accept",
                "is_permanent": False,
                "expiration_timestamp": "1790604850",
                "response_source": "user_action",
                **(reply or {}),
            },
        },
        **members,
    }


def without(members: dict, *keys) -> dict:
    return {key: value for key, value in members.items() if key not in keys}
