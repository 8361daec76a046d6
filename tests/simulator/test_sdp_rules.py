"""WhatsApp refuses SDP that is not as it must be; its own SDP is as captured."""

import pytest

from simulator.media import describe, sdp_check
from tests.simulator.business import EVA, Peer
from tests.simulator.test_inbound_call import ring

DIGEST = ":".join(["AB"] * 32)


def good(kind="offer"):
    setup = "actpass" if kind == "offer" else "active"
    lines = [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 9 126 110",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:0123456789012345678901",
        f"a=fingerprint:sha-256 {DIGEST}",
        f"a=setup:{setup}",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:126 telephone-event/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=ssrc:1 cname:x",
    ]
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_a_browsers_sdp_without_candidates_and_with_more_codecs_is_taken(kind):
    remote = sdp_check.read(good(kind), kind)
    assert (remote.opus_pt, remote.dtmf_pt, remote.dtmf_rate) == (111, 126, 8000)


@pytest.mark.parametrize("algorithm", ["sha-256", "SHA-256"])
def test_either_case_of_the_fingerprints_name(algorithm):
    sdp_check.read(good().replace("sha-256", algorithm), "offer")


BAD = {
    "no text": (None, "begin with v=0"),
    "bare LF": (lambda s: s.replace("\r\n", "\n"), "CRLF"),
    "serialised twice": (lambda s: s.replace("\r\n", "\\r\\n"), "twice"),
    "no end": (lambda s: s.rstrip("\r\n"), "CRLF"),
    "two fingerprints": (
        lambda s: s + f"a=fingerprint:sha-512 {DIGEST}\r\n",
        "exactly one fingerprint",
    ),
    "no fingerprint": (
        lambda s: s.replace(f"a=fingerprint:sha-256 {DIGEST}\r\n", ""),
        "No fingerprint found in SDP",
    ),
    "sha-512 only": (lambda s: s.replace("sha-256", "sha-512"), "algorithm"),
    "short fingerprint": (lambda s: s.replace(DIGEST, "AB:CD"), "Malformed"),
    "video": (
        lambda s: s + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        "exactly one media",
    ),
    "no audio": (lambda s: s.replace("m=audio", "m=video"), "No audio"),
    "no opus": (lambda s: s.replace("opus", "red"), "opus"),
    "opus not listed": (lambda s: s.replace("SAVPF 111", "SAVPF"), "opus"),
    "two sources": (lambda s: s + "a=ssrc:2 cname:x\r\n", "one SSRC"),
    "no ICE": (lambda s: s.replace("a=ice-ufrag:abcd\r\n", ""), "ICE"),
    "short password": (lambda s: s.replace("0123456789", ""), "ICE"),
    "ice-lite": (lambda s: s + "a=ice-lite\r\n", "full ICE"),
    "plain RTP": (lambda s: s.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "profile"),
    "no rtcp-mux": (lambda s: s.replace("a=rtcp-mux\r\n", ""), "rtcp-mux"),
    "inactive": (lambda s: s.replace("a=sendrecv", "a=inactive"), "sendrecv"),
    "setup active in an offer": (lambda s: s.replace("actpass", "active"), "setup"),
}


@pytest.mark.parametrize("change, reason", BAD.values(), ids=BAD.keys())
def test_refused(change, reason):
    sdp = change(good()) if change else None
    with pytest.raises(sdp_check.SdpError, match=reason):
        sdp_check.read(sdp, "offer")


@pytest.mark.parametrize("setup", ["actpass", "passive"])
def test_an_answer_must_be_active(setup):
    with pytest.raises(sdp_check.SdpError, match="setup"):
        sdp_check.read(good("answer").replace("active", setup), "answer")


@pytest.mark.parametrize("code", [138008, 100])
async def test_the_cause_is_in_the_error_data(business, code):
    await business.control("POST", "settings", {"sdp_error_code": code})
    sdp = good() + f"a=fingerprint:sha-512 {DIGEST}\r\n"
    status, body = await business.calls("connect", to=EVA, sdp=sdp)
    assert (status, body["error"]["code"]) == (400, code)
    details = body["error"]["error_data"]["details"]
    assert details == "SDP must have exactly one fingerprint"


async def test_a_refused_accept_leaves_the_call_ringing(business):
    peer = Peer()
    call, connect = await ring(business)
    sdp = await peer.answer(connect["session"]["sdp"])
    bad = sdp.replace("a=setup:active", "a=setup:actpass")
    status, body = await business.calls("accept", call_id=call["id"], sdp=bad)
    assert (status, body["error"]["code"]) == (400, 138008)
    status, _ = await business.calls("accept", call_id=call["id"], sdp=sdp)
    assert status == 200
    await peer.close()


async def test_session_members_are_checked(business):
    status, body = await business.calls("connect", to=EVA)
    assert (status, body["error"]["code"]) == (400, 100)
    session = {"sdp_type": "answer", "sdp": good()}
    status, body = await business.calls("connect", to=EVA, session=session)
    assert (status, body["error"]["code"]) == (400, 100)


def test_whatsapps_own_offer_has_the_captured_lines():
    offer = describe.canned_offer()
    assert offer.endswith("\r\n") and "\n" not in offer.replace("\r\n", "")
    names = [line.split(":")[0].split(" ")[0] for line in offer.split("\r\n")[:-1]]
    assert names == [
        "v=0",
        "o=-",
        "s=-",
        "t=0",
        "a=group",
        "a=msid-semantic",
        "a=ice-lite",
        "m=audio",
        "c=IN",
        "a=rtcp",
        "a=candidate",
        "a=ice-ufrag",
        "a=ice-pwd",
        "a=fingerprint",
        "a=setup",
        "a=mid",
        "a=sendrecv",
        "a=msid",
        "a=rtcp-mux",
        "a=rtpmap",
        "a=rtcp-fb",
        "a=fmtp",
        "a=rtpmap",
        "a=maxptime",
        "a=ptime",
        "a=ssrc",
    ]
