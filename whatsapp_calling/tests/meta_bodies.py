"""Webhook bodies as Meta sends them; all ids, numbers and names are invented."""

import json
import time

NUMBER_REF = "290000000000001"
WABA = "190000000000001"
OURS = "43720999100"
CUSTOMER = "436645557001"
WACID = "wacid.HBgMNDM2NjQ1NTU3MDAxFQIAEhgg"
ICE_PASSWORD = "hszNh65oxIEWgrDRKqmwlj8J"
FINGERPRINT = (
    "56:4D:63:0C:F1:18:0F:F7:5A:CE:22:0B:28:50:48:1D:"
    "D7:57:9C:01:5A:9F:4B:C2:27:05:C6:55:D2:78:86:F5"
)


def sdp(setup):
    """One audio section with all that a call needs; CRLF as browsers write it."""
    lines = [
        "v=0",
        "o=- 1643264349677384168 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE audio",
        "m=audio 40882 UDP/TLS/RTP/SAVPF 111 126",
        "c=IN IP4 192.0.2.10",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:2283982597 1 udp 2122194687 192.0.2.10 40882 typ host",
        "a=ice-ufrag:UmAk",
        f"a=ice-pwd:{ICE_PASSWORD}",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        f"a=setup:{setup}",
        "a=mid:audio",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:126 telephone-event/8000",
    ]
    return "".join(f"{line}\r\n" for line in lines)


OFFER_SDP = sdp("actpass")
ANSWER_SDP = sdp("active")


def body(*changes, waba=WABA):
    """A whole body with the given changes in one entry, as bytes."""
    entry = {"id": waba, "changes": list(changes)}
    whole = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(whole).encode()


def change(field="calls", number_ref=NUMBER_REF, ours=OURS, **value):
    """One change; `value` members beside the usual metadata."""
    metadata = {"display_phone_number": ours, "phone_number_id": number_ref}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    return {"field": field, "value": value}


def contact(customer=CUSTOMER, name="Eva", **members):
    return {"profile": {"name": name}, "wa_id": customer, **members}


def stamp(seconds=0):
    """WhatsApp's clock: now, or `seconds` later, as a string of Unix seconds."""
    return str(int(time.time()) + seconds)


def without_none(members):
    return {name: value for name, value in members.items() if value is not None}


def offer(customer=CUSTOMER, **members):
    """connect of a customer who calls us; a member given as None is left out."""
    call = {
        "id": WACID,
        "from": customer,
        "to": OURS,
        "event": "connect",
        "timestamp": stamp(),
        "direction": "USER_INITIATED",
        "session": {"sdp_type": "offer", "sdp": OFFER_SDP},
        **members,
    }
    return without_none(call)


def answer(customer=CUSTOMER, **members):
    """connect of a call we placed: WhatsApp's SDP, about 1 s after dialling."""
    call = {
        "id": WACID,
        "from": OURS,
        "to": customer,
        "event": "connect",
        "timestamp": stamp(),
        "direction": "BUSINESS_INITIATED",
        "session": {"sdp_type": "answer", "sdp": ANSWER_SDP},
        **members,
    }
    return without_none(call)


def status(name, customer=CUSTOMER, **members):
    """RINGING, ACCEPTED or REJECTED of a call we placed."""
    members = {
        "id": WACID,
        "type": "call",
        "status": name,
        "timestamp": stamp(),
        "recipient_id": customer,
        **members,
    }
    return without_none(members)


def terminate(direction="USER_INITIATED", customer=CUSTOMER, **members):
    inbound = direction == "USER_INITIATED"
    call = {
        "id": WACID,
        "from": customer if inbound else OURS,
        "to": OURS if inbound else customer,
        "event": "terminate",
        "direction": direction,
        "timestamp": stamp(),
        "status": "COMPLETED",
        **members,
    }
    return without_none(call)


def talked(start, duration):
    """The members of a terminate of an answered call; `start` in epoch seconds."""
    return {
        "start_time": str(start),
        "end_time": str(start + duration),
        "duration": duration,
        "timestamp": str(start + duration),
    }


def failure(code, title="Failed", details="", href=None):
    error = {"code": code, "title": title, "message": title}
    if details:
        error["error_data"] = {"details": details}
    return [error | ({"href": href} if href else {})]


def permission_reply(response, customer=CUSTOMER, ref="wamid.X2", **members):
    """A customer's answer; `members` of the reply beside the response."""
    context = members.pop("context", {"from": OURS, "id": "wamid.X1"})
    sent = members.pop("timestamp", None) or stamp()
    reply = {"response": response, "response_source": "user_action", **members}
    return {
        "from": customer,
        "id": ref,
        "timestamp": sent,
        "type": "interactive",
        "context": context,
        "interactive": {
            "type": "call_permission_reply",
            "call_permission_reply": without_none(reply),
        },
    }


def calls(*parts, **value):
    return body(change(calls=list(parts), **value))


def statuses(*parts, **value):
    return body(change(statuses=list(parts), **value))


def messages(*parts, **value):
    return body(change("messages", messages=list(parts), **value))
