"""Whatever is lost, late or doubled: the tracks last as long as the clock says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from media_sidecar.recording import journal, laying, ogg
from media_sidecar.recording.opus_packet import FRAME, LONGEST, RATE, fill, samples
from media_sidecar.recording.placing import Placer

KEY = bytes(32)
SOUND = b"\x48" + bytes(range(1, 30))  # 20 ms of SILK, wide band
MS = RATE // 1000


def laid(tmp_path, entries, length, pauses=()):
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    written = journal.Journal(path, KEY)
    written.append([(2, position, payload) for position, payload in entries])
    written.close()
    layer = laying.Layer(path, KEY, 2, length, pauses)
    return list(layer.packets()), layer.gaps


def places(packets):
    """Where each packet with sound begins."""
    found, at = [], 0
    for packet in packets:
        if packet.startswith(SOUND):
            found.append(at)
        at += samples(packet)
    return found, at


@settings(max_examples=150, deadline=None)
@given(
    lost=st.sets(st.integers(0, 199)),
    swaps=st.lists(st.integers(0, 198), max_size=30),
    doubled=st.lists(st.integers(0, 199), max_size=10),
    tail=st.integers(0, 3 * RATE),
)
def test_loss_order_and_doubles_move_nothing(
    tmp_path_factory, lost, swaps, doubled, tail
):
    tmp_path = tmp_path_factory.getbasetemp()
    came = [(FRAME * i, SOUND + b"%d" % i) for i in range(200) if i not in lost]
    came += [(FRAME * i, SOUND + b"%d" % i) for i in doubled if i not in lost]
    for place in swaps:
        if place + 1 < len(came):
            came[place], came[place + 1] = came[place + 1], came[place]
    length = 200 * FRAME + tail
    packets, gaps = laid(tmp_path, came, length)

    found, total = places(packets)
    assert found == [FRAME * i for i in range(200) if i not in lost]
    assert total >= length + ogg.PRE_SKIP
    assert total - length - ogg.PRE_SKIP < 2 * FRAME
    for since, until in gaps:
        assert until - since >= laying.GAP
        assert not any(since <= place < until for place in found)


@given(length=st.integers(0, 5 * RATE), previous=st.sampled_from([b"", SOUND, b"\xff"]))
def test_a_hole_is_filled_to_within_a_frame_of_two_and_a_half_ms(length, previous):
    packets = fill(length, previous)
    assert 0 <= length - sum(map(samples, packets)) < 120
    assert all(samples(packet) for packet in packets)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_duration_or_none(payload):
    assert samples(payload) in range(0, LONGEST + 1, 120)


def test_durations_are_those_of_rfc_6716():
    cases = {
        b"\x00x": 10, b"\x08x": 20, b"\x10x": 40, b"\x18x": 60, b"\x60x": 10,
        b"\x68x": 20, b"\x80x": 2.5, b"\x88x": 5, b"\x90x": 10, b"\x98x": 20,
        b"\x09xx": 40, b"\x0a\x01xx": 40, b"\x0b\x03xxx": 60, b"\xf8": 20,
        b"\x0b\x83\x01\x01xxx": 60, b"\x0b\x43\x02xxx\0\0": 60,
    }  # fmt: skip
    assert {payload: samples(payload) / MS for payload in cases} == cases
    for broken in (b"", b"\x09x", b"\x0b", b"\x0b\x00", b"\x0b\x03xx", b"\x1b\x03xxx"):
        assert samples(broken) == 0


def test_a_pause_is_told_and_a_short_silence_is_not(tmp_path):
    came = [(FRAME * i, SOUND) for i in range(50)]
    came += [(RATE + RATE // 2 + FRAME * i, SOUND) for i in range(50)]
    _packets, gaps = laid(tmp_path, came, 3 * RATE, pauses=[(RATE, RATE + 200 * MS)])
    assert gaps == [(RATE, RATE + 200 * MS)]


def test_a_sender_that_pauses_is_concealed_and_a_long_hole_is_silent(tmp_path):
    came = [(0, SOUND), (FRAME + 400 * MS, SOUND), (5 * RATE, SOUND)]
    packets, _gaps = laid(tmp_path, came, 5 * RATE + FRAME)
    concealed = SOUND[:1]
    assert packets[:22] == [SOUND] + [concealed] * 20 + [SOUND]
    assert packets[22:25] == [concealed] * 3
    assert set(packets[25:-3]) == {b"\xf8\xff\xfe"}


def test_a_torn_end_costs_the_last_record_only(tmp_path):
    path = tmp_path / "journal"
    written = journal.Journal(path, KEY)
    for index in range(3):
        written.append([(1, index, b"x" * 50)])
    written.close()
    whole = path.read_bytes()
    record = (len(whole) - 16) // 3
    for cut in (1, 20, record - 1):
        path.write_bytes(whole[:-cut])
        assert [entry[0][1] for entry in journal.read(path, KEY)] == [0, 1]
    path.write_bytes(whole[: 16 + record] + bytes(record) + whole[16 + 2 * record :])
    assert len(list(journal.read(path, KEY))) == 1
    path.write_bytes(b"")
    assert list(journal.read(path, KEY)) == []


class TestPlaces:
    """Where packets stand: by RTP time, tied to the clock by the quickest."""

    def test_jitter_moves_nothing(self):
        placer, late = Placer(), [40, 0, 90, 10, 300, 5, 0] * 30
        placed = [
            placer.place(5000 + FRAME * i, RATE + FRAME * i + by * MS)
            for i, by in enumerate(late)
        ]
        assert placed[1:] == [RATE + FRAME * i for i in range(1, len(late))]
        assert placed[0] == RATE + 40 * MS

    def test_timestamps_that_jump_begin_anew(self):
        placer = Placer()
        for i in range(100):
            placer.place(FRAME * i, FRAME * i)
        for jump in (10**9, -(10**9)):
            at = placer.place(FRAME * 100 + jump, FRAME * 100)
            assert at == FRAME * 100

    def test_a_stall_that_is_made_up_for_in_a_burst_moves_nothing(self):
        placer = Placer()
        for i in range(100):
            placer.place(FRAME * i, FRAME * i)
        stalled = 100 * FRAME + 3 * RATE
        burst = [placer.place(FRAME * i, stalled) for i in range(100, 250)]
        assert burst == [FRAME * i for i in range(100, 250)]
        assert placer.place(FRAME * 250, FRAME * 250) == FRAME * 250

    def test_a_clock_that_stood_still_is_caught_up_with_in_a_second(self):
        placer, rest = Placer(), 30 * RATE
        for i in range(100):
            placer.place(FRAME * i, FRAME * i)
        placed = [placer.place(FRAME * i, FRAME * i + rest) for i in range(100, 200)]
        assert placed[-1] == FRAME * 199 + rest
        assert placed[55] == FRAME * 155 + rest

    def test_a_slow_and_a_quick_clock_stay_within_a_tenth_of_a_second(self):
        for drift in (-200, 200):  # parts per million, ten times a bad quartz
            placer, off = Placer(), []
            for i in range(0, 3600 * 50, 5):
                clock = FRAME * i + FRAME * i * drift // 1_000_000
                off.append(abs(placer.place(FRAME * i, clock) - clock))
            assert max(off) <= RATE // 10 + RATE // 50
