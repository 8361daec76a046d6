"""Whatever bytes or text come: refused in plain words, or counted, and nothing else."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from media_sidecar.rtc import sdp
from media_sidecar.rtc.dtmf import DigitReader
from media_sidecar.rtc.inlet import Inlet
from media_sidecar.rtc.outlet import Outlet
from media_sidecar.rtc.packet import opus_duration
from media_sidecar.rtc.rtcp import Reports

FOLDER = Path(__file__).with_name("sdp")
OFFERS = [path.read_text().splitlines() for path in sorted(FOLDER.glob("*.sdp"))]

lines = st.one_of(
    st.sampled_from(sum(OFFERS, [])),
    st.text(max_size=60),
    st.builds(
        lambda name, value: f"a={name}:{value}",
        st.sampled_from(
            ["candidate", "rtpmap", "fingerprint", "setup", "mid", "ice-ufrag", "fmtp"]
        ),
        st.text(max_size=40),
    ),
)
changes = st.lists(st.tuples(st.integers(0, 40), st.booleans(), lines), max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OFFERS), changes, st.sampled_from(["offer", "answer"]))
def test_an_sdp_is_taken_or_refused_with_a_sentence(offer, changes, kind):
    text = list(offer)
    for at, replace, line in changes:
        text[at : at + replace] = [line]
    try:
        remote = sdp.read("\r\n".join(text), kind)
    except sdp.SdpRefused as refusal:
        assert refusal.reason
        assert len(refusal.reason) < 200
    else:
        answer = sdp.write(
            candidates=[],
            ufrag="abcd",
            password="p" * 24,
            fingerprint="AB:" * 31 + "CD",
            ssrc=1,
            setup="active",
            remote=remote,
        )
        assert sdp.read(answer, "answer").opus == remote.opus


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=12, max_size=80))
def test_rtp_of_any_kind_is_a_packet_or_counted(data):
    inlet = Inlet(111, 126, own=1, source=1)
    if inlet.admits(data, 1.0):
        assert (inlet.take(data, 1.0) is None) == (inlet.refused == 1)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=120), st.integers(192, 223), st.integers(0, 31))
def test_rtcp_of_any_kind_is_read_or_an_error(data, kind, count):
    reports = Reports(Inlet(111, None, 1, 1), Outlet(111, None, 1))
    body = data[: len(data) // 4 * 4]
    packet = bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2, "big") + body
    try:
        reports.read(packet, 1.0)
    except ValueError:
        pass
    assert reports.write(1.0)


@given(st.binary(max_size=20))
def test_a_payload_of_any_kind_has_a_length_or_none(payload):
    assert 0 <= opus_duration(payload) <= 5760


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=6)), max_size=30))
def test_events_of_any_kind_are_digits_or_nothing(events):
    told = []
    reader = DigitReader(lambda digit, ms: told.append(digit))
    for number, (timestamp, payload) in enumerate(events):
        reader.feed(timestamp, payload, number * 0.02)
    reader.tick(1000.0)
    assert len(told) <= 6
