"""Which SDP a leg takes, why it refuses others, and what it says itself."""

from pathlib import Path

import pytest
from aioice import Candidate

from media_sidecar.rtc import sdp
from media_sidecar.rtc.sdp import SdpRefused
from simulator.media import sdp_check

FOLDER = Path(__file__).with_name("sdp")


def text(name):
    return FOLDER.joinpath(f"{name}.sdp").read_text().replace("\n", "\r\n")


WHATSAPP, CHROMIUM = text("whatsapp_offer"), text("chromium_offer")


def written(remote=None, setup="active"):
    return sdp.write(
        candidates=[Candidate("1", 1, "udp", 2130706431, "203.0.113.9", 40012, "host")],
        ufrag="abcdefgh",
        password="0123456789abcdefghijklmn",
        fingerprint="AB:" * 31 + "CD",
        ssrc=7,
        setup=setup,
        remote=remote,
    )


def test_the_offer_of_whatsapp_is_understood():
    remote = sdp.read(WHATSAPP, "offer")
    assert (remote.ufrag, remote.password) == (
        "a1B2c3D4e5F6g7H8",
        "MDEyMzQ1Njc4OWFiY2RlZg==",
    )
    assert (remote.lite, remote.setup, remote.mid) == (True, "actpass", "audio")
    assert (remote.opus, remote.dtmf, remote.dtmf_rate) == (111, 126, 8000)
    assert [(c.host, c.port) for c in remote.candidates] == [
        ("203.0.113.7", 3480),
        ("2001:db8::7", 3480),
    ]


def test_of_a_browsers_offer_only_what_can_be_used_is_taken():
    """No TCP, no hidden .local candidates, of the telephone events those at 8000 Hz."""
    remote = sdp.read(CHROMIUM, "offer")
    assert (remote.lite, remote.mid) == (False, "0")
    assert (remote.opus, remote.dtmf, remote.dtmf_rate) == (111, 126, 8000)
    assert [(c.host, c.port) for c in remote.candidates] == [
        ("192.0.2.2", 54702),
        ("fd00::2", 50239),
    ]


def test_an_offer_without_candidates_is_taken():
    """Meta's samples have none: its checks tell where it is."""
    bare = "".join(
        line for line in WHATSAPP.splitlines(True) if "a=candidate" not in line
    )
    assert sdp.read(bare, "offer").candidates == ()


def test_an_answer_that_leaves_the_role_open_is_active():
    """WhatsApp was seen to answer actpass, which no answer may say."""
    assert sdp.read(WHATSAPP, "answer").setup == "active"


def test_other_numbers_for_the_codecs_are_followed():
    changed = WHATSAPP.replace("111", "96").replace("126", "101")
    remote = sdp.read(changed, "offer")
    assert (remote.opus, remote.dtmf) == (96, 101)
    assert "m=audio 40012 UDP/TLS/RTP/SAVPF 96 101" in written(remote)


def test_without_telephone_events_none_are_answered():
    changed = WHATSAPP.replace("a=rtpmap:126 telephone-event/8000\r\n", "")
    remote = sdp.read(changed, "offer")
    assert remote.dtmf is None
    assert "telephone-event" not in written(remote)


def replaced(old, new):
    assert old in WHATSAPP
    return WHATSAPP.replace(old, new)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "It does not begin with v=0: this is no SDP"),
        ("", "It does not begin with v=0: this is no SDP"),
        ({"sdp": WHATSAPP}, "It does not begin with v=0: this is no SDP"),
        ("<html>", "It does not begin with v=0: this is no SDP"),
        ("v=0\r\n" + "a=x\r\n" * 9000, "It has more than 32768 characters"),
        (
            WHATSAPP.replace("\r\n", "\\r\\n"),
            "It is serialised twice: its line ends are written as text",
        ),
        ("v=0\r\ns=-\r\n", "Exactly one audio line is wanted, it has: none"),
        (
            WHATSAPP + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
            "Exactly one audio line is wanted, it has: audio, video",
        ),
        (
            replaced("m=audio", "m=video"),
            "Exactly one audio line is wanted, it has: video",
        ),
        (
            WHATSAPP + WHATSAPP[WHATSAPP.index("m=") :],
            "Exactly one audio line is wanted, it has: audio, audio",
        ),
        (
            replaced("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
            "The media are not DTLS-SRTP but RTP/AVP",
        ),
        (replaced("m=audio 3480", "m=audio 0"), "The audio line is switched off"),
        (replaced("a=sendrecv", "a=inactive"), "The audio line is switched off"),
        (
            replaced("a=rtcp-mux\r\n", ""),
            "RTP and RTCP must share a port: a=rtcp-mux is missing",
        ),
        (
            replaced("a=ice-ufrag:a1B2c3D4e5F6g7H8", "a=ice-ufrag:a1"),
            "a=ice-ufrag or a=ice-pwd is missing or malformed",
        ),
        (
            replaced("a=ice-pwd:MDEyMzQ1Njc4OWFiY2RlZg==\r\n", ""),
            "a=ice-ufrag or a=ice-pwd is missing or malformed",
        ),
        (
            replaced("opus/48000/2", "PCMU/8000"),
            "Opus (opus/48000/2) is not among the codecs",
        ),
        (
            replaced("SAVPF 111 126", "SAVPF 126"),
            "Opus (opus/48000/2) is not among the codecs",
        ),
        (
            replaced("a=fingerprint:sha-256", "a=fingerprint:sha-1"),
            "There is no SHA-256 fingerprint",
        ),
        (replaced("35:3B:", "35:"), "The SHA-256 fingerprint is malformed"),
        (replaced("a=mid:audio", "a=mid:" + "x" * 65), "a=mid is malformed"),
        (
            replaced("a=setup:actpass", "a=setup:holdconn"),
            "a=setup:holdconn cannot be used",
        ),
    ],
)
def test_what_is_not_whatsapps_or_a_browsers_is_refused_with_the_reason(bad, reason):
    with pytest.raises(SdpRefused) as refusal:
        sdp.read(bad, "offer")
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:",
        "a=candidate:1 1 udp",
        "a=candidate:1 1 udp x 203.0.113.7 3480 typ host",
        "a=candidate:1 1 udp 1 203.0.113.7 99999 typ host",
        "a=candidate:1 2 udp 1 203.0.113.7 3480 typ host",
        "a=candidate:1 1 tcp 1 203.0.113.7 3480 typ host tcptype active",
        "a=candidate:1 1 udp 1 203.0.113.7 3480 typ prflx",
    ],
)
def test_a_candidate_that_cannot_be_used_is_passed_over(line):
    changed = WHATSAPP.replace("a=setup", line + "\r\na=setup")
    assert len(sdp.read(changed, "offer").candidates) == 2


def test_a_thousand_candidates_are_not_all_looked_at():
    line = "a=candidate:1 1 udp 1 203.0.113.7 {} typ host\r\n"
    many = "".join(line.format(1000 + n) for n in range(300))
    changed = WHATSAPP.replace("a=setup", many + "a=setup")
    assert len(sdp.read(changed, "offer").candidates) == sdp.CANDIDATES


def test_whatsapp_takes_our_offer_and_our_answer():
    """Its rules, as the simulator knows them: one SHA-256 fingerprint, CRLF, and so
    on."""
    sdp_check.read(written(setup="actpass"), "offer", strict=True)
    remote = sdp.read(WHATSAPP, "offer")
    assert sdp_check.read(written(remote), "answer", strict=True).mid == "audio"


def test_the_answer_asks_for_mono_at_20_kbps_with_repair_and_without_pauses():
    answer = written(sdp.read(CHROMIUM, "offer"))
    assert (
        "a=fmtp:111 maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;"
        "sprop-maxcapturerate=16000;stereo=0;sprop-stereo=0;usedtx=0;useinbandfec=1\r\n"
        in answer
    )
    assert "a=ptime:20\r\n" in answer
    assert "a=mid:0\r\n" in answer
    assert "extmap" not in answer
    assert answer.count("a=fingerprint:") == 1


def test_who_only_listens_is_only_sent_to():
    remote = sdp.read(CHROMIUM.replace("a=sendrecv", "a=recvonly"), "offer")
    assert "a=sendonly\r\n" in written(remote)
