"""Reads the business's SDP, and refuses it for the reasons WhatsApp is known to.

The rules follow Meta's texts on calls and what was seen in practice: one audio line
with one track, Opus, exactly one SHA-256 fingerprint, CRLF, ICE credentials, a sane
DTLS role, no ICE-lite.
"""

import re
from dataclasses import dataclass

FINGERPRINT = re.compile(r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$")


class SdpError(ValueError):
    """The SDP is refused; the text says why, as in Meta's ``error_data.details``."""


@dataclass(frozen=True, slots=True)
class Remote:
    """What the simulator needs of the business's SDP."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    mid: str
    opus_pt: int
    dtmf_pt: int | None
    dtmf_rate: int


def read(sdp: object, kind: str, strict: bool = True) -> Remote:
    """Parse and check `sdp`; `kind` is "offer" or "answer". Raises SdpError.

    Not `strict`: only what is needed to connect is asked for.
    """
    if not isinstance(sdp, str) or not sdp.startswith("v=0"):
        raise SdpError("SDP is missing or does not begin with v=0")
    lines = sdp.splitlines()
    if strict:
        _check_text(sdp)
        _check_media(lines)
        _check_security(lines, kind)
    return _extract(lines, kind)


def _values(lines: list[str], name: str) -> list[str]:
    """Values of every ``a=name:value`` line."""
    prefix = f"a={name}:"
    return [line[len(prefix) :].strip() for line in lines if line.startswith(prefix)]


def _check_text(sdp: str) -> None:
    if "\\r\\n" in sdp or "\\n" in sdp:
        raise SdpError("SDP is serialised twice")
    if "\n" in sdp.replace("\r\n", "") or "\r" in sdp.replace("\r\n", ""):
        raise SdpError("SDP lines must end with CRLF")
    if not sdp.endswith("\r\n"):
        raise SdpError("SDP must end with CRLF")


def _check_media(lines: list[str]) -> None:
    media = [line for line in lines if line.startswith("m=")]
    if not [line for line in media if line.startswith("m=audio ")]:
        raise SdpError("No audio media description found in SDP")
    if len(media) != 1:
        raise SdpError("SDP must have exactly one media description")
    profile = media[0].split()[2] if len(media[0].split()) > 2 else ""
    if profile != "UDP/TLS/RTP/SAVPF":
        raise SdpError(f"Unsupported media profile {profile}")
    sources = {value.split()[0] for value in _values(lines, "ssrc")}
    if len(sources) > 1 or len(set(_values(lines, "msid"))) > 1:
        raise SdpError("SDP must have one audio track with one SSRC")
    if not any(line.strip() == "a=rtcp-mux" for line in lines):
        raise SdpError("rtcp-mux is required")
    if any(line.strip() in ("a=inactive", "a=recvonly") for line in lines):
        raise SdpError("The audio must be sendrecv")


def _check_security(lines: list[str], kind: str) -> None:
    fingerprints = _values(lines, "fingerprint")
    if not fingerprints:
        raise SdpError("No fingerprint found in SDP")
    if len(fingerprints) > 1:
        raise SdpError("SDP must have exactly one fingerprint")
    algorithm, _, digest = fingerprints[0].partition(" ")
    if algorithm.lower() != "sha-256":
        raise SdpError(f"Unsupported fingerprint algorithm {algorithm}")
    if not FINGERPRINT.match(digest.strip()):
        raise SdpError("Malformed sha-256 fingerprint")
    if any(line.strip() == "a=ice-lite" for line in lines):
        raise SdpError("The business must be a full ICE agent")
    setup = _values(lines, "setup")
    allowed = ("actpass",) if kind == "offer" else ("active",)
    if len(setup) != 1 or setup[0] not in allowed:
        raise SdpError(f"setup of an {kind} must be {allowed[0]}, got {setup}")


def _extract(lines: list[str], kind: str) -> Remote:
    ufrag = (_values(lines, "ice-ufrag") or [""])[0]
    password = (_values(lines, "ice-pwd") or [""])[0]
    if not 4 <= len(ufrag) <= 256 or not 22 <= len(password) <= 256:
        raise SdpError("ICE credentials are missing or malformed")
    fingerprints = [
        value.split(" ", 1)[1].strip()
        for value in _values(lines, "fingerprint")
        if value.lower().startswith("sha-256 ")
    ]
    if not fingerprints:
        raise SdpError("No fingerprint found in SDP")
    opus, dtmf, rate = _codecs(lines)
    setup = (_values(lines, "setup") or ["actpass" if kind == "offer" else "active"])[0]
    mid = (_values(lines, "mid") or ["audio"])[0]
    return Remote(
        ufrag, password, fingerprints[0].upper(), setup, mid, opus, dtmf, rate
    )


def _codecs(lines: list[str]) -> tuple[int, int | None, int]:
    """Payload types of Opus and of telephone events, and the latter's clock."""
    audio = [line for line in lines if line.startswith("m=audio ")]
    listed = set(audio[0].split()[3:]) if audio else set()
    opus, digits = None, {}
    for value in _values(lines, "rtpmap"):
        number, _, name = value.partition(" ")
        if number not in listed:
            continue
        if name.lower() == "opus/48000/2" and opus is None:
            opus = int(number)
        elif name.lower().startswith("telephone-event/"):
            digits[int(name.split("/")[1])] = int(number)
    if opus is None:
        raise SdpError("No usable audio codec: opus/48000/2 is required")
    rate = 8000 if 8000 in digits or not digits else next(iter(digits))
    return opus, digits.get(rate), rate
