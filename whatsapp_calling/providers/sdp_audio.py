"""Reads the one audio section of our SDP that goes to WhatsApp, and says for
people what is missing in it."""

import ipaddress
import re
from dataclasses import dataclass, field

_LENGTH_LIMIT = 65536
_FINGERPRINT = re.compile(r"([0-9A-F]{2}:){31}[0-9A-F]{2}")
_TELEPHONE_EVENT = "telephone-event/8000"
# Of Opus' parameters those that help; usedtx is not among them: WhatsApp ends a
# call after 20 s (at the start) or 30 s without media (calling FAQ).
_OPUS_PARAMETERS = (
    "maxaveragebitrate",
    "maxplaybackrate",
    "minptime",
    "sprop-maxcapturerate",
    "useinbandfec",
)


class SdpError(ValueError):
    """An SDP that could not work.

    :ivar code: no_sdp | no_audio | no_opus | no_candidate | no_fingerprint |
        no_ice_credentials | wrong_setup | one_way
    :ivar reason: a sentence for the user
    """

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type with what is said about it."""

    payload_type: str
    name: str
    parameters: str = ""
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audio:
    """What is needed of an SDP; all texts as they stand after "a=name:".

    :ivar default: address and port of the m= and c= lines
    """

    origin: str
    mid: str | None
    msid: str | None
    msid_semantic: str | None
    default: tuple[str, str]
    candidates: list[str]
    ufrag: str
    pwd: str
    fingerprint: str
    codecs: list[Codec]
    extensions: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


class _Lines:
    """The lines of one section; attributes fall back on the session's."""

    def __init__(self, lines, session=None):
        self.lines = lines
        self.session = session

    def every(self, name) -> list[str]:
        """Values of all attributes `name`."""
        prefix = f"a={name}:"
        return [
            line[len(prefix) :].strip()
            for line in self.lines
            if line.startswith(prefix)
        ]

    def one(self, name) -> str | None:
        """Value of the first attribute `name`, of the section or the session."""
        found = self.every(name)
        if not found and self.session:
            return self.session.one(name)
        return found[0] if found else None

    def has(self, name) -> bool:
        """Whether the property `name` (no value) is set for the section."""
        return f"a={name}" in self.lines or bool(
            self.session and self.session.has(name)
        )


def read_audio(sdp: str, setup: str) -> Audio:
    """The audio section of `sdp`; further sections are left out.

    :param setup: the DTLS role WhatsApp wants of us, "actpass" or "active"
    :raises SdpError: what makes it useless
    """
    session, media = _sections(sdp)
    _check_role(media, setup)
    _check_direction(media)
    candidates = _candidates(media)
    return Audio(
        origin=_origin(session),
        mid=media.one("mid"),
        msid=media.one("msid"),
        msid_semantic=session.one("msid-semantic"),
        default=_default(media, candidates),
        candidates=candidates,
        **_ice_credentials(media),
        fingerprint=_fingerprint(media),
        codecs=_codecs(media),
        extensions=media.every("extmap"),
        sources=_sources(media),
    )


def _sections(sdp) -> tuple[_Lines, _Lines]:
    """Session and first live audio section."""
    if not isinstance(sdp, str) or not sdp.strip().startswith("v=0"):
        raise SdpError("no_sdp", "The browser gave no description of the call.")
    if len(sdp) > _LENGTH_LIMIT:
        raise SdpError("no_sdp", "The browser's description of the call is too long.")
    sections = [[]]
    for line in filter(None, map(str.strip, sdp.splitlines())):
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    session = _Lines(sections[0])
    live = [
        section
        for section in sections[1:]
        if re.match(r"m=audio [1-9]\d* \S*SAVPF? ", section[0])
    ]
    if not live:
        raise SdpError("no_audio", "The browser offered no audio.")
    return session, _Lines(live[0], session)


def _origin(session) -> str:
    found = [line[2:] for line in session.lines if line.startswith("o=")]
    return found[0] if found else "- 1 1 IN IP4 127.0.0.1"


def _check_role(media, setup) -> None:
    """The browser took its DTLS role when it made the SDP: writing another one
    here would leave both sides waiting, or both calling. Only a role that is
    still open is settled; `passive` in answers fails with WhatsApp (seen)."""
    if media.one("setup") not in (setup, "actpass", None):
        raise SdpError(
            "wrong_setup", "The browser chose a role in the connection that fails."
        )


def _check_direction(media) -> None:
    """Anything but sendrecv would be a one-way call: the microphone is missing."""
    for name in ("recvonly", "sendonly", "inactive"):
        if media.has(name):
            raise SdpError(
                "one_way",
                "The call would be one-way: the microphone is not part of it.",
            )


def _ice_credentials(media) -> dict:
    ufrag, pwd = media.one("ice-ufrag"), media.one("ice-pwd")
    # RFC 8839: at least 4 and 22 characters.
    if not ufrag or not pwd or len(ufrag) < 4 or len(pwd) < 22:
        raise SdpError(
            "no_ice_credentials", "The browser's description lacks its credentials."
        )
    return {"ufrag": ufrag, "pwd": pwd}


def _fingerprint(media) -> str:
    """The SHA-256 fingerprint; aiortc adds SHA-384 and SHA-512, which WhatsApp
    answers with 138008."""
    given = media.every("fingerprint") or media.session.every("fingerprint")
    for value in given:
        name, _space, digest = value.partition(" ")
        digest = digest.strip().upper()
        if name.lower() == "sha-256" and _FINGERPRINT.fullmatch(digest):
            return digest
    raise SdpError(
        "no_fingerprint", "The browser's description lacks a SHA-256 fingerprint."
    )


def _candidates(media) -> list[str]:
    """UDP candidates of the one component (rtcp-mux), each once.

    Names ending in .local (mDNS: Chromium hides addresses so until the microphone
    is allowed) mean nothing outside of the network and are left out. If there is
    nothing else they stay and are no error: ours is the side that sends the checks,
    and WhatsApp answers an address it was never told (peer-reflexive) if the
    credentials fit, so the call works all the same.
    """
    named, hidden = [], []
    for candidate in media.every("candidate"):
        parts = candidate.split()
        if len(parts) < 8 or parts[1] != "1" or parts[2].lower() != "udp":
            continue
        kept = hidden if parts[4].lower().endswith(".local") else named
        if candidate not in kept:
            kept.append(candidate)
    if not named and not hidden:
        raise SdpError(
            "no_candidate",
            "The browser found no way to the network (no UDP candidate): a firewall "
            "or the browser's privacy settings may block calls.",
        )
    return named or hidden


def _default(media, candidates) -> tuple[str, str]:
    """What the browser chose for m= and c=, if that is still among the
    candidates; else the first IPv4 one; "0.0.0.0" and 9 where all are names."""
    given = [line.split(" ")[-1] for line in media.lines if line.startswith("c=")]
    given += [line.split(" ")[-1] for line in media.session.lines if line[:2] == "c="]
    port = media.lines[0].split()[1]
    ends = [(parts[4], parts[5]) for parts in map(str.split, candidates)]
    ends = [end for end in ends if _is_address(end[0])]
    if given and (given[0], port) in ends:
        return given[0], port
    return next(iter(sorted(ends, key=lambda end: ":" in end[0])), ("0.0.0.0", "9"))


def _is_address(text) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _codecs(media) -> list[Codec]:
    """Opus and telephone-event/8000, with the payload types they have.

    telephone-event/48000, RED, CN, G722 and G.711 go: WhatsApp takes DTMF at
    8000 only, and G.711 only where a setting says so.
    """
    names = dict(
        value.split(None, 1) for value in media.every("rtpmap") if " " in value
    )
    listed = media.lines[0].split()[3:]
    opus = [each for each in listed if names.get(each, "").lower() == "opus/48000/2"]
    if not opus:
        raise SdpError("no_opus", "The browser does not offer the Opus codec.")
    events = [
        each for each in listed if names.get(each, "").lower() == _TELEPHONE_EVENT
    ]
    result = [
        Codec(
            payload_type=opus[0],
            name="opus/48000/2",
            parameters=_opus_parameters(_about(media, "fmtp", opus[0])),
            feedback=tuple(_about(media, "rtcp-fb", opus[0])),
        )
    ]
    if events:
        parameters = "".join(_about(media, "fmtp", events[0])[:1])
        result.append(Codec(events[0], _TELEPHONE_EVENT, parameters))
    return result


def _about(media, name, payload_type) -> list[str]:
    """What attributes `name` say about a payload type."""
    return [
        value.partition(" ")[2].strip()
        for value in media.every(name)
        if value.partition(" ")[0] == payload_type
    ]


def _opus_parameters(given) -> str:
    """Forward error correction on, frames of 10 ms or more, the rest as it was."""
    found = {"minptime": "10", "useinbandfec": "1"}
    for pair in ";".join(given).split(";"):
        name, _equals, value = pair.strip().partition("=")
        if name in _OPUS_PARAMETERS and value:
            found[name] = value
    found["useinbandfec"] = "1"
    return ";".join(f"{name}={found[name]}" for name in sorted(found))


def _sources(media) -> list[str]:
    """Lines of the first SSRC: WhatsApp takes one stream."""
    lines = media.every("ssrc")
    return [line for line in lines if line.split(" ")[0] == lines[0].split(" ")[0]]
