"""Events reach Odoo: in order per call, once, whatever happens to either side."""

import asyncio
import errno
import os
import time

import pytest
import pytest_asyncio

from media_sidecar import journal, outbox
from media_sidecar.journal import Journal
from media_sidecar.odoo_link import OdooLink
from media_sidecar.outbox import Outbox
from tests.sidecar.service.far_end import until
from tests.sidecar.service.sidecar import config

ONE, TWO = "1" * 32, "2" * 32


@pytest_asyncio.fixture
async def boxes(odoo, tmp_path):
    """A function that opens the outbox, as a process does at its start."""
    opened = []

    def make(start=True):
        link = OdooLink(config(odoo.url, tmp_path))
        box = Outbox(tmp_path / "outbox", link)
        if start:
            box.start()
        opened.append((box, link))
        return box

    yield make
    for box, link in opened:
        await box.close()
        await link.close()


def crashed(box):
    """What `kill -9` leaves: nothing is closed, nothing flushed."""
    box._journal._file = -1
    for task in list(box._tasks):
        task.cancel()


def disk(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*")))


async def test_an_event_arrives_at_once_as_the_contract_has_it(boxes, odoo):
    before = time.time()
    event = boxes().put(ONE, "held", {"on": True, "by": "operator"})
    await until(lambda: odoo.events)
    assert odoo.events[0] == {
        "id": event,
        "call": ONE,
        "at": pytest.approx(before, abs=5),
        "kind": "held",
        "data": {"on": True, "by": "operator"},
    }
    assert len(event) == 32


async def test_events_of_a_call_arrive_in_order_while_odoo_stumbles(boxes, odoo):
    odoo.statuses = [500, 502, 200, 500]
    box = boxes()
    for number in range(120):
        box.put(ONE, "turn", {"number": number})
    await until(lambda: len(odoo.events) == 120)
    assert [data["number"] for data in odoo.told("turn")] == list(range(120))


async def test_a_call_odoo_cannot_take_does_not_keep_the_others_waiting(boxes, odoo):
    odoo.takes = lambda event: event["call"] != ONE
    box = boxes()
    box.put(ONE, "held")
    box.put(TWO, "held")
    await until(lambda: odoo.kinds(TWO))
    assert odoo.kinds(ONE) == []
    odoo.takes = lambda event: True
    await until(lambda: odoo.kinds(ONE))


async def test_one_event_odoo_cannot_read_does_not_hold_up_the_rest(boxes, odoo):
    link_post = OdooLink.post

    async def post(link, path, body):
        if path == "events" and any(e["kind"] == "poison" for e in body["events"]):
            return 400, {}
        return await link_post(link, path, body)

    box = boxes(start=False)
    box._link.post = post.__get__(box._link)
    box.put(ONE, "poison")
    box.put(ONE, "ended")
    box.start()
    await until(lambda: odoo.kinds(ONE) == ["ended"])
    assert box.size == 1


async def test_odoo_away_events_wait_and_arrive_in_order_when_it_is_back(boxes, odoo):
    await odoo.stop()
    box = boxes()
    for number in range(30):
        box.put(ONE, "turn", {"number": number})
        box.put(TWO, "turn", {"number": number})
    await asyncio.sleep(0)
    assert box.size == 60
    await odoo.start()
    box.nudge()
    await until(lambda: box.size == 0)
    for call in (ONE, TWO):
        numbers = [data["number"] for data in odoo.told("turn", call)]
        assert numbers == list(range(30))
    # after a pause they come in batches
    assert max(map(len, odoo.posts)) > 10


async def test_what_was_put_survives_a_crash_at_any_moment(boxes, odoo):
    await odoo.stop()
    box = boxes()
    ids = [box.put(ONE, "turn", {"number": number}) for number in range(10)]
    crashed(box)  # not one tick of the loop later
    await odoo.start()
    boxes()
    await until(lambda: len(odoo.events) == 10)
    assert [event["id"] for event in odoo.events] == ids


async def test_an_answer_that_was_lost_brings_the_same_ids_again(boxes, odoo):
    await odoo.stop()
    box = boxes(start=False)
    event = box.put(ONE, "held")
    await odoo.start()
    status, answer = await box._link.post("events", {"events": [box_event(box)]})
    assert (status, answer) == (200, {"taken": [event]})
    crashed(box)  # before it could note the answer
    boxes()
    await until(lambda: len(odoo.posts) == 2)
    assert [e["id"] for e in odoo.events] == [event]


def box_event(box):
    return box._lanes[ONE].events[0]


async def test_a_torn_last_line_is_left_out_and_the_rest_is_read(boxes, odoo, tmp_path):
    await odoo.stop()
    box = boxes(start=False)
    box.put(ONE, "held")
    crashed(box)
    [file] = (tmp_path / "outbox").glob("*.log")
    with file.open("ab") as stream:
        stream.write(b'deadbeef {"id": "half of a li')
    again = boxes(start=False)
    assert again.size == 1
    again.put(ONE, "ended")
    crashed(again)
    assert boxes(start=False).size == 2


async def test_a_full_disk_costs_nothing_and_is_made_good(boxes, odoo, monkeypatch):
    await odoo.stop()
    box = boxes(start=False)
    box.put(ONE, "held")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal.os, "write", full)
    box.put(ONE, "ended")
    assert box.size == 2
    monkeypatch.undo()
    assert box._journal.flush()
    crashed(box)
    again = boxes(start=False)
    assert [e["kind"] for e in again._lanes[ONE].events] == ["held", "ended"]


async def test_half_a_line_on_a_full_disk_is_taken_back(tmp_path, monkeypatch):
    book = Journal(tmp_path / "outbox")
    book.append({"id": "1"})
    real = os.write
    monkeypatch.setattr(journal.os, "write", lambda file, data: real(file, data[:7]))
    assert not book.append({"id": "2"})
    monkeypatch.undo()
    assert book.append({"id": "3"})
    assert [entry["id"] for entry in Journal(tmp_path / "outbox").read()] == [
        *"123",
    ]


async def test_what_odoo_has_does_not_stay_on_the_disk(
    boxes, odoo, tmp_path, monkeypatch
):
    monkeypatch.setattr(outbox, "FORGOTTEN_AFTER", 0.0)
    box = boxes()
    box.put(ONE, "turn", {"text": "my card number is"})
    await until(lambda: odoo.events)
    await until(lambda: b"card number" not in disk(tmp_path / "outbox"))
    odoo.takes = lambda event: False
    box.put(ONE, "turn", {"text": "still to come"})
    await box.forget()
    assert b"still to come" in disk(tmp_path / "outbox")


async def test_a_purged_call_leaves_nothing(boxes, odoo, tmp_path):
    await odoo.stop()
    box = boxes(start=False)
    box.put(ONE, "turn", {"text": "my card number is"})
    box.put(TWO, "turn", {"text": "good morning"})
    box.purge({ONE})
    await box.forget()
    assert b"card number" not in disk(tmp_path / "outbox")
    crashed(box)
    again = boxes(start=False)
    assert set(again._lanes) == {TWO}


async def test_nothing_of_a_purged_call_is_written_later_or_lies_half_written(
    boxes, odoo, tmp_path, monkeypatch
):
    await odoo.stop()
    box = boxes(start=False)
    monkeypatch.setattr(box._journal, "_write", lambda line: False)  # a full disk
    box.put(ONE, "turn", {"text": "my card number is"})
    box.put(TWO, "turn", {"text": "good morning"})
    box.purge({ONE})
    monkeypatch.undo()
    await box.forget()
    box._journal.flush()
    crashed(box)
    (tmp_path / "outbox" / "00000009.new").write_bytes(b"my card number is")
    assert set(boxes(start=False)._lanes) == {TWO}
    assert b"card number" not in disk(tmp_path / "outbox")


async def test_tidying_that_is_cut_off_loses_nothing_and_doubles_nothing(
    boxes, odoo, tmp_path
):
    await odoo.stop()
    box = boxes(start=False)
    ids = [box.put(ONE, "turn", {"number": number}) for number in range(5)]
    events = list(box._lanes[ONE].events)
    box._journal.compact(events)  # killed before its second half
    box.put(ONE, "ended")
    crashed(box)
    again = boxes(start=False)
    assert [e["id"] for e in again._lanes[ONE].events][:5] == ids
    clean = again._journal.compact(list(again._lanes[ONE].events))
    olds = [path.read_bytes() for path in again._journal._files()]
    clean()
    # killed after the copy and before the old files were gone: both are there
    (tmp_path / "outbox" / "00000001.log").write_bytes(b"".join(olds))
    crashed(again)
    assert boxes(start=False).size == 6


async def test_a_disk_that_fails_once_does_not_end_the_tidying(
    boxes, odoo, tmp_path, monkeypatch
):
    monkeypatch.setattr(outbox, "FORGOTTEN_AFTER", 0.0)
    box, failed = boxes(), []
    sync = box._journal.sync

    def fails_once():
        if not failed:
            failed.append(True)
            raise OSError(5, "Input/output error")
        sync()

    monkeypatch.setattr(box._journal, "sync", fails_once)
    box.put(ONE, "turn", {"text": "my card number is"})
    await until(lambda: failed)
    await until(lambda: b"card number" not in disk(tmp_path / "outbox"))


async def test_an_answer_of_another_kind_is_tried_again_later(boxes, odoo, monkeypatch):
    box = boxes(start=False)
    asked = []

    async def strange(path, body):
        asked.append(path)
        return 200, {"taken": 5}

    monkeypatch.setattr(box._link, "post", strange)
    box.put(ONE, "held")
    box.start()
    await until(lambda: box._lanes[ONE].failures)
    assert asked == ["events"] and box.size == 1


async def test_what_a_worker_left_that_is_not_wanted_any_more_is_sent_by_another(
    boxes, odoo, tmp_path
):
    await odoo.stop()
    left = boxes(start=False)
    ids = [left.put(ONE, "held"), left.put(ONE, "ended")]
    crashed(left)
    link = OdooLink(config(odoo.url, tmp_path))
    other = Outbox(tmp_path / "other", link)
    other.adopt(tmp_path / "outbox")
    assert [event["id"] for event in other._lanes[ONE].events] == ids
    assert boxes(start=False).size == 0
    crashed(other)
    assert Outbox(tmp_path / "other", link).size == 2


async def test_after_a_week_an_event_is_given_up(boxes, odoo, monkeypatch):
    box = boxes(start=False)
    box.put(ONE, "held")
    monkeypatch.setattr(outbox, "KEPT", -1.0)
    box.start()
    await until(lambda: box.dropped == 1)
    assert odoo.events == []
