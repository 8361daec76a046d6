"""Reads what WhatsApp and browsers offer or answer, and writes the sidecar's own.

One audio line, Opus and `telephone-event/8000`, one SHA-256 fingerprint, all
candidates in the text: WhatsApp knows no trickle and refuses more than that.
"""

import re
import secrets
from dataclasses import dataclass

from aioice import Candidate

LIMIT = 32 * 1024  # characters; Chromium's offers have about 3,000
CANDIDATES = 32  # that are looked at

_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}")
_ICE_TEXT = re.compile(r"[\x21-\x7e]+")
_TOKEN = re.compile(r"[\x21-\x7e]{1,64}")

# What we ask for: speech in mono at the rate WhatsApp has (its own offer says 20 kbps
# and 16 kHz), repaired from the next packet, and a packet every 20 ms without pauses.
OPUS_FMTP = (
    "maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;"
    "sprop-maxcapturerate=16000;stereo=0;sprop-stereo=0;usedtx=0;useinbandfec=1"
)


class SdpRefused(ValueError):
    """An SDP that cannot be used; the text says why, in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Remote:
    """What a leg needs of its peer's SDP.

    :param setup: actpass, active or passive
    :param dtmf: payload type of telephone events, None without
    """

    ufrag: str
    password: str
    lite: bool
    fingerprint: str
    setup: str
    mid: str
    opus: int
    dtmf: int | None
    dtmf_rate: int
    sends: bool
    candidates: tuple[Candidate, ...]


def read(sdp: object, kind: str) -> Remote:
    """Parse and check `sdp`; `kind` is "offer" or "answer". Raises SdpRefused."""
    lines = _lines(sdp)
    audio = _media(lines)
    if "a=rtcp-mux" not in lines:
        raise SdpRefused("RTP and RTCP must share a port: a=rtcp-mux is missing")
    ufrag, password = _value(lines, "ice-ufrag"), _value(lines, "ice-pwd")
    if not _ice_text(ufrag, 4) or not _ice_text(password, 22):
        raise SdpRefused("a=ice-ufrag or a=ice-pwd is missing or malformed")
    opus, dtmf, rate = _codecs(lines, audio)
    mid = _value(lines, "mid") or "0"
    if not _TOKEN.fullmatch(mid):
        raise SdpRefused("a=mid is malformed")
    return Remote(
        ufrag=ufrag,
        password=password,
        lite="a=ice-lite" in lines,
        fingerprint=_fingerprint(lines),
        setup=_setup(lines, kind),
        mid=mid,
        opus=opus,
        dtmf=dtmf,
        dtmf_rate=rate,
        sends="a=recvonly" not in lines,
        candidates=_candidates(lines),
    )


def _lines(sdp: object) -> list[str]:
    if not isinstance(sdp, str) or not sdp.startswith("v=0"):
        raise SdpRefused("It does not begin with v=0: this is no SDP")
    if len(sdp) > LIMIT:
        raise SdpRefused(f"It has more than {LIMIT} characters")
    if "\\n" in sdp:
        raise SdpRefused("It is serialised twice: its line ends are written as text")
    return [line.strip() for line in sdp.splitlines()]


def _values(lines: list[str], name: str) -> list[str]:
    prefix = f"a={name}:"
    return [line[len(prefix) :].strip() for line in lines if line.startswith(prefix)]


def _value(lines: list[str], name: str) -> str:
    return next(iter(_values(lines, name)), "")


def _ice_text(text: str, least: int) -> bool:
    return least <= len(text) <= 256 and bool(_ICE_TEXT.fullmatch(text))


def _media(lines: list[str]) -> list[str]:
    """Payload types of the one audio line."""
    media = [line for line in lines if line.startswith("m=")]
    if len(media) != 1 or not media[0].startswith("m=audio "):
        found = ", ".join(line[2:].split(" ")[0][:16] for line in media[:4]) or "none"
        raise SdpRefused(f"Exactly one audio line is wanted, it has: {found}")
    _, port, profile, *payload_types = media[0].split() + [""] * 3
    if profile not in ("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"):
        raise SdpRefused(f"The media are not DTLS-SRTP but {profile[:32] or 'unnamed'}")
    if port == "0" or "a=inactive" in lines:
        raise SdpRefused("The audio line is switched off")
    return payload_types


def _codecs(lines: list[str], listed: list[str]) -> tuple[int, int | None, int]:
    """Payload types of Opus and of telephone events, and the latter's clock."""
    opus, digits = None, {}
    for value in _values(lines, "rtpmap"):
        number, _, name = value.partition(" ")
        if number not in listed or not number.isdecimal() or int(number) > 127:
            continue
        name = name.strip().lower()
        if name == "opus/48000/2" and opus is None:
            opus = int(number)
        elif name in ("telephone-event/8000", "telephone-event/48000"):
            digits.setdefault(int(name.split("/")[1]), int(number))
    if opus is None:
        raise SdpRefused("Opus (opus/48000/2) is not among the codecs")
    rate = 48000 if 48000 in digits and 8000 not in digits else 8000
    return opus, digits.get(rate), rate


def _fingerprint(lines: list[str]) -> str:
    for value in _values(lines, "fingerprint"):
        algorithm, _, digest = value.partition(" ")
        if algorithm.lower() == "sha-256":
            if not _FINGERPRINT.fullmatch(digest.strip()):
                raise SdpRefused("The SHA-256 fingerprint is malformed")
            return digest.strip().upper()
    raise SdpRefused("There is no SHA-256 fingerprint")


def _setup(lines: list[str], kind: str) -> str:
    setup = _value(lines, "setup") or ("actpass" if kind == "offer" else "active")
    if setup not in ("actpass", "active", "passive"):
        raise SdpRefused(f"a=setup:{setup[:16]} cannot be used")
    # No answer may say actpass, yet WhatsApp was seen to; active is what it means.
    return "active" if kind == "answer" and setup == "actpass" else setup


def _candidates(lines: list[str]) -> tuple[Candidate, ...]:
    """UDP candidates with an address; a browser's hidden ones (.local) are left out,
    its checks tell them."""
    found = []
    for value in _values(lines, "candidate")[:CANDIDATES]:
        try:
            candidate = Candidate.from_sdp(value)
        except (ValueError, IndexError, AssertionError):
            continue
        if (
            candidate.transport.lower() == "udp"
            and candidate.component == 1
            and 0 < candidate.port < 65536
            and candidate.type in ("host", "srflx", "relay")
            and not candidate.host.endswith(".local")
        ):
            found.append(candidate)
    return tuple(found)


def write(
    *,
    candidates: list[Candidate],
    ufrag: str,
    password: str,
    fingerprint: str,
    ssrc: int,
    setup: str,
    remote: Remote | None = None,
) -> str:
    """The sidecar's SDP; with `remote` it answers that offer (its mid and numbers)."""
    mid, opus, dtmf, rate = "audio", 111, 126, 8000
    if remote:
        mid, opus, dtmf, rate = remote.mid, remote.opus, remote.dtmf, remote.dtmf_rate
    first = candidates[0] if candidates else None
    host, port = (first.host, first.port) if first else ("0.0.0.0", 9)
    numbers = f"{opus} {dtmf}" if dtmf is not None else f"{opus}"
    direction = "sendrecv" if remote is None or remote.sends else "sendonly"
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        "a=msid-semantic: WMS sidecar",
        f"m=audio {port} UDP/TLS/RTP/SAVPF {numbers}",
        f"c=IN {'IP6' if ':' in host else 'IP4'} {host}",
        "a=rtcp:9 IN IP4 0.0.0.0",
        *(f"a=candidate:{candidate.to_sdp()}" for candidate in candidates),
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:sha-256 {fingerprint}",
        f"a=setup:{setup}",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=msid:sidecar audio",
        "a=rtcp-mux",
        f"a=rtpmap:{opus} opus/48000/2",
        f"a=fmtp:{opus} {OPUS_FMTP}",
    ]
    if dtmf is not None:
        lines += [f"a=rtpmap:{dtmf} telephone-event/{rate}", f"a=fmtp:{dtmf} 0-16"]
    lines += ["a=ptime:20", "a=maxptime:20", f"a=ssrc:{ssrc} cname:sidecar"]
    return "\r\n".join(lines) + "\r\n"
