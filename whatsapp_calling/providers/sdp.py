"""SDP as WhatsApp takes it, from what a browser (or aiortc) made, and back.

WhatsApp refuses what it does not like without saying much (100 or 138008), so
ours is checked here first, before anything is sent. What it wants: one audio
section with Opus and telephone-event/8000, all candidates inside since there is
no trickle, one SHA-256 fingerprint, CRLF (calling reference and FAQ; fingerprint
in upper case: Wati's guide; further fingerprints are refused: seen).
"""

import re

from .sdp_audio import Audio, SdpError, read_audio

__all__ = [
    "SdpError",
    "check",
    "prepare_answer",
    "prepare_offer",
    "remote_for_browser",
]

_SETUP = {"offer": "actpass", "answer": "active"}


def prepare_offer(sdp: str) -> str:
    """Our offer for an outbound call, as WhatsApp takes it.

    :param sdp: localDescription.sdp after gathering
    :raises SdpError: it could not work; nothing is to be sent
    """
    return _prepare(sdp, "offer")


def prepare_answer(sdp: str) -> str:
    """Our answer to an inbound call, as WhatsApp takes it. What comes out is the
    same each time, also from its own output: WhatsApp wants the SDP of accept to
    equal that of pre_accept.

    :raises SdpError: it could not work; nothing is to be sent
    """
    return _prepare(sdp, "answer")


def check(sdp: str, kind: str) -> None:
    """Whether our SDP can work at all.

    :param kind: "offer" | "answer"
    :raises SdpError: no media, candidate, fingerprint or ICE credentials, …
    """
    read_audio(sdp, _SETUP[kind])


def remote_for_browser(sdp: str, kind: str) -> str:
    """WhatsApp's SDP with only the mends without which a browser refuses it.

    :param kind: "offer" | "answer"
    """
    # Serialised twice on its way: its line ends are two characters each.
    if "\n" not in sdp and "\\n" in sdp:
        sdp = sdp.replace("\\r", "").replace("\\n", "\n")
    lines = [line.rstrip() for line in sdp.strip().splitlines()]
    if kind == "answer":
        # actpass in an answer is illegal, yet has been seen: we offered actpass,
        # WhatsApp's documented answer is active. Other roles are left alone,
        # since the other side has settled on them.
        lines = [re.sub(r"^a=setup:actpass$", "a=setup:active", each) for each in lines]
    return _joined(filter(None, lines))


def _prepare(sdp: str, kind: str) -> str:
    audio = read_audio(sdp, _SETUP[kind])
    return _joined([*_session_lines(audio), *_media_lines(audio, _SETUP[kind])])


def _joined(lines) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _session_lines(audio: Audio) -> list[str]:
    lines = ["v=0", f"o={audio.origin}", "s=-", "t=0 0"]
    if audio.mid is not None:
        lines.append(f"a=group:BUNDLE {audio.mid}")
    if audio.msid_semantic:
        lines.append(f"a=msid-semantic:{audio.msid_semantic}")
    return lines


def _media_lines(audio: Audio, setup: str) -> list[str]:
    """The audio section, in the order of WhatsApp's own. No ice-options (we do
    not trickle) and no end-of-candidates, which theirs has not either."""
    address, port = audio.default
    family = "IP6" if ":" in address else "IP4"
    payload_types = " ".join(codec.payload_type for codec in audio.codecs)
    lines = [
        f"m=audio {port} UDP/TLS/RTP/SAVPF {payload_types}",
        f"c=IN {family} {address}",
        "a=rtcp:9 IN IP4 0.0.0.0",
        *(f"a=candidate:{candidate}" for candidate in audio.candidates),
        f"a=ice-ufrag:{audio.ufrag}",
        f"a=ice-pwd:{audio.pwd}",
        f"a=fingerprint:SHA-256 {audio.fingerprint}",
        f"a=setup:{setup}",
    ]
    if audio.mid is not None:
        lines.append(f"a=mid:{audio.mid}")
    lines += [f"a=extmap:{extension}" for extension in audio.extensions]
    lines.append("a=sendrecv")
    if audio.msid:
        lines.append(f"a=msid:{audio.msid}")
    lines.append("a=rtcp-mux")
    for codec in audio.codecs:
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}")
        lines += [f"a=rtcp-fb:{codec.payload_type} {each}" for each in codec.feedback]
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
    lines += ["a=maxptime:20", "a=ptime:20"]
    lines += [f"a=ssrc:{source}" for source in audio.sources]
    return lines
