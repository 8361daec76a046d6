"""SDP of WhatsApp's side, line by line as in a live capture of a call's offer."""

import base64
import hashlib
import secrets
import time
import uuid
from typing import TYPE_CHECKING

from .sdp_check import Remote

if TYPE_CHECKING:
    from .leg import Leg

OPUS_FMTP = (
    "maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;"
    "sprop-maxcapturerate=16000;useinbandfec=1"
)


def describe(leg: "Leg", setup: str, remote: Remote | None = None) -> str:
    """SDP for `leg`; with `remote` it answers that offer (its mid, its numbers)."""
    return write(
        address=leg.ice.address,
        ufrag=leg.ice.ufrag,
        password=leg.ice.password,
        fingerprint=leg.fingerprint,
        ssrc=leg.ssrc,
        setup=setup,
        remote=remote,
    )


def canned_offer() -> str:
    """A valid offer with nobody behind it, for calls that are signalling only."""
    digest = hashlib.sha256(secrets.token_bytes(16)).hexdigest().upper()
    return write(
        address=("127.0.0.1", 3480),
        ufrag=secrets.token_hex(8),
        password=base64.b64encode(secrets.token_bytes(16)).decode(),
        fingerprint=":".join(digest[i : i + 2] for i in range(0, 64, 2)),
        ssrc=secrets.randbelow(1 << 32),
        setup="actpass",
    )


def canned_answer(remote: Remote, setup: str = "active") -> str:
    """An answer with nobody behind it, for calls that are signalling only."""
    digest = hashlib.sha256(secrets.token_bytes(16)).hexdigest().upper()
    return write(
        address=("127.0.0.1", 3480),
        ufrag=secrets.token_hex(8),
        password=base64.b64encode(secrets.token_bytes(16)).decode(),
        fingerprint=":".join(digest[i : i + 2] for i in range(0, 64, 2)),
        ssrc=secrets.randbelow(1 << 32),
        setup=setup,
        remote=remote,
    )


def write(
    address: tuple[str, int],
    ufrag: str,
    password: str,
    fingerprint: str,
    ssrc: int,
    setup: str,
    remote: Remote | None = None,
) -> str:
    """The text itself, CRLF at each line's end."""
    stream = str(uuid.uuid4())
    host, port = address
    family = "IP6" if ":" in host else "IP4"
    mid = remote.mid if remote else "audio"
    opus = remote.opus_pt if remote else 111
    digits = (remote.dtmf_pt or 126) if remote else 126
    lines = [
        "v=0",
        f"o=- {int(time.time() * 1000)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mid}",
        f"a=msid-semantic: WMS {stream}",
        "a=ice-lite",
        f"m=audio {port} UDP/TLS/RTP/SAVPF {opus} {digits}",
        f"c=IN {family} {host}",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=candidate:{ssrc % 4294967291} 1 udp 2122260223 {host} {port} typ host "
        "generation 0 network-cost 50",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:sha-256 {fingerprint}",
        f"a=setup:{setup}",
        f"a=mid:{mid}",
        "a=sendrecv",
        f"a=msid:{stream} WhatsAppTrack1",
        "a=rtcp-mux",
        f"a=rtpmap:{opus} opus/48000/2",
        f"a=rtcp-fb:{opus} transport-cc",
        f"a=fmtp:{opus} {OPUS_FMTP}",
        f"a=rtpmap:{digits} telephone-event/8000",
        "a=maxptime:20",
        "a=ptime:20",
        f"a=ssrc:{ssrc} cname:WhatsAppAudioStream1",
    ]
    return "\r\n".join(lines) + "\r\n"
