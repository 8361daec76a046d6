"""SDP to WhatsApp and from it, with what Chromium and aiortc really make.

The fixtures were taken from Chromium and aiortc (answers: to WhatsApp's offer);
addresses are replaced by ones of the documentation ranges.
"""

import re

import pytest

from tests.providers.payloads import sdp
from whatsapp_calling.providers.sdp import (
    SdpError,
    check,
    prepare_answer,
    prepare_offer,
    remote_for_browser,
)

OFFERS = ["chromium_offer", "aiortc_offer"]
ANSWERS = ["chromium_answer", "aiortc_answer"]
OURS = OFFERS + ANSWERS


def prepared(name, *text):
    """The fixture, or the text given in its place, as it goes to WhatsApp."""
    prepare = prepare_offer if name.endswith("offer") else prepare_answer
    return prepare(*text or [sdp(name)])


def lines(text, start):
    return [line for line in text.split("\r\n") if line.startswith(start)]


def without(name, start):
    """The fixture without the lines that start so."""
    kept = [line for line in sdp(name).split("\r\n") if not line.startswith(start)]
    return "\r\n".join(kept)


def refused(name, text):
    with pytest.raises(SdpError) as caught:
        prepared(name, text)
    with pytest.raises(SdpError):
        check(text, name.split("_")[1])
    assert caught.value.reason == str(caught.value)
    return caught.value.code


# ---- R2: Opus only, audio only


def test_chromium_s_offer_is_stripped_to_what_whatsapp_takes():
    assert prepared("chromium_offer").split("\r\n") == [
        "v=0",
        "o=- 7370965495544375524 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=msid-semantic:WMS d2a7c724-7382-4b88-8179-1378f8fe2906",
        "m=audio 55175 UDP/TLS/RTP/SAVPF 111 126",
        "c=IN IP4 192.0.2.10",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1639051404 1 udp 2122194687 192.0.2.10 55175 typ host "
        "generation 0 network-id 1",
        "a=candidate:1724095548 1 udp 2122265343 2001:db8::10 37850 typ host "
        "generation 0 network-id 2",
        "a=ice-ufrag:f5Ay",
        "a=ice-pwd:LONxB0BJDa9F+EFgeBEBXkBg",
        "a=fingerprint:SHA-256 21:C0:D2:42:06:80:38:5E:93:86:AA:23:BB:D2:88:E8:91:82:"
        "9B:31:D9:01:42:28:3A:F3:F8:49:2E:A1:E3:E7",
        "a=setup:actpass",
        "a=mid:0",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=extmap:3 http://www.ietf.org/id/"
        "draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=sendrecv",
        "a=msid:d2a7c724-7382-4b88-8179-1378f8fe2906 "
        "5f0954a2-07b2-453a-bdf1-90528148aca9",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:126 telephone-event/8000",
        "a=maxptime:20",
        "a=ptime:20",
        "a=ssrc:2173333611 cname:p82MOmG+Suh81lV0",
        "a=ssrc:2173333611 msid:d2a7c724-7382-4b88-8179-1378f8fe2906 "
        "5f0954a2-07b2-453a-bdf1-90528148aca9",
        "",
    ]


@pytest.mark.parametrize("name", OURS)
def test_no_codec_but_opus_and_telephone_event_8000_is_left(name):
    text = prepared(name)
    codecs = [line.split(" ")[1] for line in lines(text, "a=rtpmap:")]
    assert codecs in (["opus/48000/2"], ["opus/48000/2", "telephone-event/8000"])
    listed = lines(text, "m=")[0].split(" ")[3:]
    about = re.findall(r"^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)", text, re.MULTILINE)
    assert set(about) == set(listed)


@pytest.mark.parametrize("name", OURS)
def test_one_audio_section_and_no_video_is_left(name):
    video = (
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"
    )
    text = prepared(name, sdp(name) + video)
    assert text == prepared(name)
    assert len(lines(text, "m=")) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"),
        ("stereo=1;usedtx=1;minptime=20", "minptime=20;useinbandfec=1"),
        ("useinbandfec=0", "minptime=10;useinbandfec=1"),
        (
            "maxaveragebitrate=20000; maxplaybackrate=16000;sprop-stereo=1",
            "maxaveragebitrate=20000;maxplaybackrate=16000;minptime=10;useinbandfec=1",
        ),
        ("", "minptime=10;useinbandfec=1"),
    ],
)
def test_opus_keeps_the_parameters_that_help(given, kept):
    text = sdp("chromium_offer").replace("minptime=10;useinbandfec=1", given)
    assert lines(prepare_offer(text), "a=fmtp:111") == [f"a=fmtp:111 {kept}"]


def test_codec_names_are_known_in_any_case():
    text = sdp("chromium_offer").replace("opus/48000/2", "OPUS/48000/2")
    assert lines(prepare_offer(text), "a=rtpmap:111") == ["a=rtpmap:111 opus/48000/2"]


def test_without_opus_nothing_is_sent():
    assert refused("chromium_offer", without("chromium_offer", "a=rtpmap:111")) == (
        "no_opus"
    )


@pytest.mark.parametrize("name", OURS)
def test_packets_of_20_ms_one_stream_and_multiplexed_rtcp(name):
    text = prepared(name, sdp(name) + "a=ssrc:5 cname:other\r\na=ptime:60\r\n")
    assert lines(text, "a=ptime") == ["a=ptime:20"]
    assert lines(text, "a=maxptime") == ["a=maxptime:20"]
    assert "a=rtcp-mux" in text.split("\r\n")
    sources = {line.split(" ")[0] for line in lines(text, "a=ssrc:")}
    assert len(sources) == 1
    assert "a=ssrc:5" not in sources


# ---- R3: no trickle, full candidates


@pytest.mark.parametrize("name", OURS)
def test_all_udp_candidates_are_in_and_nothing_announces_more(name):
    text = prepared(name)
    kept = [line.split(" ")[2] for line in lines(text, "a=candidate")]
    assert kept == ["udp", "udp"]
    assert "192.0.2.10" in text
    assert "2001:db8::10" in text
    assert lines(text, "a=ice-options") == lines(text, "a=end-of-candidates") == []


HOST = "a=candidate:1 1 udp 2122194687 192.0.2.10 55175 typ host"
NAME = "0b5d0a3e-0000-4000-8000-000000000001.local"
MDNS = f"a=candidate:2 1 udp 2122260223 {NAME} 40000 typ host"
TCP = "a=candidate:3 1 tcp 1518214911 192.0.2.10 9 typ host tcptype active"
RTCP = "a=candidate:4 2 udp 2122194686 192.0.2.10 55176 typ host"
RELAY = (
    "a=candidate:5 1 UDP 41885439 198.51.100.4 50000 typ relay "
    "raddr 203.0.113.9 rport 40000"
)


def with_candidates(*given, name="chromium_offer"):
    return without(name, "a=candidate") + "\r\n".join([*given, ""])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([HOST, TCP], [HOST]),
        ([HOST, HOST], [HOST]),
        ([HOST, RTCP], [HOST]),
        ([HOST, RELAY], [HOST, RELAY]),
        ([MDNS, HOST], [HOST]),
        ([MDNS, TCP], [MDNS]),
        ([HOST, "a=candidate:nonsense"], [HOST]),
        ([HOST, "a=end-of-candidates"], [HOST]),
    ],
    ids=["tcp", "twice", "rtcp", "relay", "mDNS", "mDNS only", "nonsense", "end"],
)
def test_candidates_that_cannot_help_are_left_out(given, kept):
    text = prepare_offer(with_candidates(*given))
    assert lines(text, "a=candidate") == kept


@pytest.mark.parametrize("given", [[], [TCP], [RTCP], ["a=candidate:x"]])
def test_without_a_candidate_nothing_is_sent(given):
    assert refused("chromium_offer", with_candidates(*given)) == "no_candidate"


@pytest.mark.parametrize(
    ("given", "media", "connection"),
    [
        ([HOST], "55175", "IP4 192.0.2.10"),
        ([RELAY], "50000", "IP4 198.51.100.4"),
        ([MDNS], "9", "IP4 0.0.0.0"),
        (
            ["a=candidate:1 1 udp 1 2001:db8::10 4000 typ host", RELAY],
            "50000",
            "IP4 198.51.100.4",
        ),
        (
            ["a=candidate:1 1 udp 1 2001:db8::10 4000 typ host"],
            "4000",
            "IP6 2001:db8::10",
        ),
    ],
)
def test_the_default_address_is_one_of_the_candidates(given, media, connection):
    text = prepare_offer(with_candidates(*given))
    assert lines(text, "m=")[0].split(" ")[1] == media
    assert lines(text, "c=") == [f"c=IN {connection}"]


# ---- R4: fingerprint


@pytest.mark.parametrize("name", OURS)
def test_one_upper_case_sha_256_fingerprint_is_left(name):
    original = re.search(r"a=fingerprint:sha-256 (\S+)", sdp(name)).group(1)
    text = sdp(name).replace(original, original.lower())
    (line,) = lines(prepared(name, text), "a=fingerprint")
    assert line == f"a=fingerprint:SHA-256 {original}"


def test_a_fingerprint_of_the_session_goes_to_the_media():
    text = sdp("chromium_offer")
    line = lines(text, "a=fingerprint")[0]
    text = text.replace(line + "\r\n", "").replace("t=0 0", f"t=0 0\r\n{line}")
    assert prepare_offer(text) == prepared("chromium_offer")


# ---- R5: checked before it is sent


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("a=fingerprint", "no_fingerprint"),
        ("a=fingerprint:sha-256", "no_fingerprint"),
        ("a=ice-ufrag", "no_ice_credentials"),
        ("a=ice-pwd", "no_ice_credentials"),
        ("m=", "no_audio"),
        ("a=candidate", "no_candidate"),
    ],
)
def test_what_lacks_a_part_is_not_sent(name, start, code):
    assert refused(name, without(name, start)) == code


@pytest.mark.parametrize("text", ["", "hello", None, 5, "{}", "v=0" + "x" * 70_000])
def test_what_is_no_sdp_is_not_sent(text):
    assert refused("chromium_offer", text) == "no_sdp"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("m=audio 55175", "m=audio 0", "no_audio"),
        ("m=audio 55175", "m=video 55175", "no_audio"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", "no_audio"),
        ("m=audio 55175 UDP/TLS/RTP/SAVPF 111 63", "m=audio", "no_audio"),
        ("a=ice-pwd:LONx", "a=ice-pwd:\r\na=x:", "no_ice_credentials"),
        (" 21:C0:D2", " ZZ:C0:D2", "no_fingerprint"),
        (" 21:C0:D2", " D2", "no_fingerprint"),
        ("opus/48000/2", "opus/16000", "no_opus"),
        ("a=sendrecv", "a=recvonly", "one_way"),
        ("a=sendrecv", "a=inactive", "one_way"),
        ("a=setup:actpass", "a=setup:active", "wrong_setup"),
    ],
)
def test_what_could_not_work_is_not_sent(old, new, code):
    text = sdp("chromium_offer")
    assert old in text
    assert refused("chromium_offer", text.replace(old, new)) == code


def test_an_answer_in_the_passive_role_is_not_sent():
    """The browser took the role already: another one would only be written."""
    text = sdp("chromium_answer").replace("a=setup:active", "a=setup:passive")
    assert refused("chromium_answer", text) == "wrong_setup"


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("given", ["a=setup:actpass", None])
def test_an_open_role_is_settled_as_whatsapp_wants_it(name, given):
    text = without(name, "a=setup") + (f"{given}\r\n" if given else "")
    wanted = "active" if name.endswith("answer") else "actpass"
    assert lines(prepared(name, text), "a=setup") == [f"a=setup:{wanted}"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\n"])
def test_lines_end_with_crlf_whatever_they_ended_with(name, end):
    text = prepared(name, sdp(name).replace("\r\n", end))
    assert text == prepared(name)
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize("name", OURS)
def test_preparing_twice_changes_nothing(name):
    """WhatsApp wants the SDP of accept to equal that of pre_accept."""
    assert prepared(name, prepared(name)) == prepared(name)
    check(prepared(name), name.split("_")[1])


@pytest.mark.parametrize("name", ANSWERS)
def test_our_answer_is_never_ice_lite(name):
    text = sdp(name).replace("t=0 0", "t=0 0\r\na=ice-lite")
    assert prepared(name, text) == prepared(name)


# ---- WhatsApp's SDP for the browser

META = sdp("meta_offer")


def test_whatsapp_s_offer_goes_to_the_browser_as_it_is():
    assert remote_for_browser(META, "offer") == META


def test_an_open_role_in_whatsapp_s_answer_becomes_active():
    """Browsers refuse actpass in an answer."""
    text = remote_for_browser(META, "answer")
    assert text == META.replace("a=setup:actpass", "a=setup:active")


@pytest.mark.parametrize("role", ["active", "passive"])
def test_a_role_that_whatsapp_has_taken_is_left_alone(role):
    text = META.replace("actpass", role)
    assert remote_for_browser(text, "answer") == text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\\r\\n"),
        lambda text: text.replace("\r\n", "\\n"),
        lambda text: f"\n  {text.strip()}",
        lambda text: text.replace("\r\n", "\r\n\r\n"),
    ],
    ids=["LF", "serialised twice", "serialised twice with LF", "space", "empty lines"],
)
def test_line_ends_are_mended(change):
    assert remote_for_browser(change(META), "offer") == META
