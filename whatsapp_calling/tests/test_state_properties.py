"""Events come late, doubled, shuffled, or never: one record in the end.

A history is what happened at WhatsApp; the events that tell of it are delivered in
the order they were sent, and in another one. Both end in the same record.
"""

import os
import time
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase

DIALLED = "BUSINESS_INITIATED"
BSUID = "AT.900000000001"
PROPERTY = settings(
    max_examples=200,
    deadline=None,
    database=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=list(HealthCheck),
)
SHORTER = settings(PROPERTY, max_examples=100)
ENDS = st.sampled_from(["unanswered", "unanswered_failed", "talked", "talked_failed"])
REPLIES = st.lists(
    st.sampled_from(["temporary", "permanent", "reject", "revoke"]), max_size=3
)
WITH_ID = st.booleans()


def ending(direction, kind, start, with_id):
    """The terminate of a call that was, or would have been, answered at `start`."""
    members = {"timestamp": str(start + 9), "status": "COMPLETED"}
    if kind.startswith("talked"):
        members |= meta.talked(start, 7)
    if kind.endswith("failed"):
        members["status"] = "FAILED"
        members["errors"] = meta.failure(138021, "Call ended", "No media for 20 s")
    side = "from_user_id" if direction == "USER_INITIATED" else "to_user_id"
    if with_id:
        members[side] = BSUID
    return partial(meta.calls, meta.terminate(direction, **members))


def answers(replies, base):
    """The customer's answers to permission requests, one second after the other."""
    built = []
    for index, name in enumerate(replies):
        members = {"timestamp": str(base + index), "ref": f"wamid.{index}"}
        if name == "revoke":
            members |= {"response_source": "automatic", "context": {}}
        elif name == "temporary":
            members["expiration_timestamp"] = str(base + 86400 + index)
        elif name == "permanent":
            members["is_permanent"] = True
        response = "accept" if name in ("temporary", "permanent") else "reject"
        reply = meta.permission_reply(response, **members)
        built.append(partial(meta.messages, reply))
    return built


@st.composite
def inbound(draw):
    """Functions base → bodies in the order they were sent, and their key."""
    end, replies = draw(ENDS), draw(REPLIES)
    with_id, ends = draw(st.tuples(WITH_ID, WITH_ID)), draw(st.booleans())

    def build(base):
        user_id = BSUID if with_id[0] else None
        offer = meta.offer(timestamp=str(base), from_user_id=user_id)
        bodies = [partial(meta.calls, offer), *answers(replies, base)]
        if ends:
            bodies.append(ending("USER_INITIATED", end, base + 4, with_id[1]))
        return bodies

    return ("inbound", end, tuple(replies), with_id, ends), build


@st.composite
def outbound(draw):
    end, replies = draw(ENDS), draw(REPLIES)
    with_id = draw(st.tuples(WITH_ID, WITH_ID, WITH_ID))
    ends, picked_up = draw(st.booleans()), draw(st.booleans())
    picked_up = picked_up or (ends and end.startswith("talked"))
    rejected = not picked_up and draw(st.booleans())

    def build(base):
        ids = [BSUID if each else None for each in with_id]
        answer = meta.answer(timestamp=str(base + 1), to_user_id=ids[0])
        bodies = [
            partial(meta.calls, answer),
            partial(
                meta.statuses,
                meta.status(
                    "RINGING", timestamp=str(base + 2), recipient_user_id=ids[1]
                ),
            ),
            *answers(replies, base),
        ]
        for name, happened in (("ACCEPTED", picked_up), ("REJECTED", rejected)):
            if happened:
                status = meta.status(name, timestamp=str(base + 4))
                bodies.append(partial(meta.statuses, status))
        if ends:
            bodies.append(ending(DIALLED, end, base + 4, with_id[2]))
        return bodies

    key = ("outbound", end, tuple(replies), with_id, ends, picked_up, rejected)
    return key, build


@st.composite
def delivered(draw, histories):
    """A history, and in which order its events come: each once or twice."""
    key, build = draw(histories)
    count = len(build(0))
    twice = draw(st.lists(st.integers(0, count - 1), max_size=count))
    return key, build, draw(st.permutations([*range(count), *twice]))


@st.composite
def dropped(draw, histories):
    """A history of which only some events ever come, in any order."""
    key, build = draw(histories)
    kept = draw(st.lists(st.integers(0, len(build(0)) - 1), min_size=1, unique=True))
    return key, build, kept


@tagged("post_install", "-at_install")
class TestAnyOrder(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.known = {}

    def run_history(self, build, order=None, dial=False, then=None):
        """Deliver a history in an order, and give the record it ends in.

        Times are seconds since the history's beginning.
        """
        savepoint = self.env.cr.savepoint()
        try:
            base = int(time.time()) - 20
            if dial:
                self.start_dialling(base)
            bodies = build(base)
            for index in range(len(bodies)) if order is None else order:
                self.deliver(bodies[index]())
            return then() if then else self.record(base)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def start_dialling(self, base):
        call = self.dialled()
        call.started_at = self.env["whatsapp.call"]._moment(base)
        self.env["whatsapp.call.permission"].search(
            [("number_id", "=", self.number.id)]
        ).unlink()

    def record(self, base):
        call = self.the_call()
        since = self.env["whatsapp.call"]._moment(base)

        def seconds(moment):
            return moment and (moment - since).total_seconds()

        ledger = self.env["whatsapp.call.permission"].search(
            [("number_id", "=", self.number.id)]
        )
        return {
            "calls": len(call),
            "state": call.state,
            "direction": call.direction,
            "started": seconds(call.started_at),
            "answered": seconds(call.official_start or call.accepted_at),
            "ended": seconds(call.ended_at),
            "duration": call.duration,
            "outcome": call.outcome,
            "error": (call.error_code, call.error_message),
            "contact": (call.contact_id.wa_id, call.contact_id.bsuid),
            "partner": call.partner_id,
            "in touch": seconds(call.contact_id.last_inbound),
            "permission": [
                (
                    each.contact_id.wa_id,
                    each.state,
                    each.granted,
                    each.permanent,
                    seconds(each.expires_at),
                    seconds(each.declined_at),
                    seconds(each.revoked_at),
                    seconds(each.answered_at),
                    each.source,
                )
                for each in ledger
            ],
        }

    def in_order(self, key, build, dial=False):
        """The record of the history as it was sent; found once for each."""
        key = (*key, dial)
        if key not in self.known:
            self.known[key] = self.run_history(build, dial=dial)
        return self.known[key]

    def assertSameRecord(self, history, dial=False):
        key, build, order = history
        self.maxDiff = None
        self.assertEqual(
            self.run_history(build, order, dial), self.in_order(key, build, dial)
        )

    # ---- shuffled and doubled

    @PROPERTY
    @given(delivered(inbound()))
    def test_inbound_events_in_any_order_and_doubled_end_in_the_same_record(
        self, history
    ):
        self.assertSameRecord(history)

    @PROPERTY
    @given(delivered(outbound()))
    def test_events_of_a_call_dialled_here_in_any_order_end_in_the_same_record(
        self, history
    ):
        self.assertSameRecord(history, dial=True)

    @SHORTER
    @given(delivered(outbound()))
    def test_events_of_a_call_placed_elsewhere_in_any_order_end_in_the_same_record(
        self, history
    ):
        self.assertSameRecord(history)

    # ---- dropped

    def assertClosedInTheEnd(self, history, dial=False):
        """Whatever is lost, the deadline closes the call, and it makes sense."""
        _key, build, kept = history
        self.run_history(build, kept, dial, then=self.let_time_pass)

    def let_time_pass(self):
        call = self.the_call()
        if not call:  # only answers to permission requests came
            return
        self.assertEqual(len(call), 1)
        if call._is_live():
            self.assertTrue(call.deadline, "each live call has a deadline")
            self.pass_time(5 * 3600, call)
            self.tick()
        self.assertNotIn(call.state, ("dialing", "ringing", "connected"))
        self.assertFalse(call.deadline or call.lease_until)
        self.assertFalse(call.offer_sdp or call.answer_sdp)
        self.assertTrue(call.chatter_due)
        self.assertTrue(call.ended_at)
        answered = bool(call.official_start or call.accepted_at)
        self.assertIn(
            call.state,
            ("completed", "failed")
            if answered
            else ("missed", "rejected", "unanswered", "cancelled", "failed"),
        )
        self.assertGreaterEqual(call.duration, 0)
        self.assertFalse(call.duration and not answered)
        left = {action for action, _payload in self.queued(call)}
        self.assertLessEqual(left, {"terminate"})

    @SHORTER
    @given(dropped(inbound()))
    def test_inbound_events_that_never_come_leave_no_call_open(self, history):
        self.assertClosedInTheEnd(history)

    @SHORTER
    @given(dropped(outbound()))
    def test_outbound_events_that_never_come_leave_no_call_open(self, history):
        self.assertClosedInTheEnd(history, dial=True)
