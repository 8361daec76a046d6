"""What a media sidecar reports of a call: one line of its history, and what it means.

Each kind of event is dealt with by a method of the call, `_on_media_<kind>(data, at)`,
where there is one: in the file of the feature that it is about.
"""

from functools import partial

from odoo import api, fields, models

from ...tools.transaction import run_apart

# what a history must not hold: retention deletes it elsewhere
PRIVATE = ("text", "transcript")
MOST_EVENTS = 500
# they come by the dozen in each call: in the history, but not among its steps
FREQUENT = ("media_turn", "media_quality")


class WhatsappCallEvent(models.Model):
    _inherit = "whatsapp.call.event"

    source = fields.Selection(
        selection_add=[("media", "Media server")], ondelete={"media": "cascade"}
    )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    timeline_ids = fields.One2many(
        "whatsapp.call.event",
        "call_id",
        domain=[("kind", "not in", FREQUENT)],
    )

    @api.model
    def _media_events(self, sidecar, events):
        """Take in what a sidecar reports, in its order.

        :param events: [{"id", "call", "at", "kind", "data"}]
        :return: (ids that need not come again, how many were of no call of ours)
        """
        taken, strange = [], 0
        for event in events[:MOST_EVENTS]:
            if not _well_formed(event):
                strange += 1
                if isinstance(event, dict) and isinstance(event.get("id"), str):
                    taken.append(event["id"])
                continue
            call = self._by_media_ref(event["call"])
            unit = call.media_unit_id
            if call and unit.sidecar_id == sidecar:
                call._media_event(unit, event)
            else:
                strange += 1
            taken.append(event["id"])
        return taken, strange

    def _media_event(self, unit, event):
        """Take in one event of this call; a second time changes nothing.

        What cannot be dealt with is kept and flagged: the sidecar need not send it
        again, and what comes after it is not held up.
        """
        self.ensure_one()
        kind, at = event["kind"], float(event["at"])
        data = event.get("data") or {}
        event_id = self.env["whatsapp.call.event"]._append(
            self.account_id,
            f"media_{kind}",
            source="media",
            key=event["id"],
            call=self,
            number=self.number_id,
            contact=self.contact_id,
            occurred_at=self._moment(at),
            note=self._media_note(kind, data),
            data={name: data[name] for name in data if name not in PRIVATE},
        )
        handle = getattr(self, f"_on_media_{kind}", None)
        if not event_id or not handle:
            return
        if not run_apart(self.env, partial(handle, data, at)):
            self.env["whatsapp.call.event"]._flag(
                event_id, self.env._("This could not be dealt with: see the log")
            )

    def _media_note(self, kind, data):
        """What the history says of an event; unknown kinds are shown by name."""
        reason = str(data.get("reason") or "")
        notes = {
            "leg_connected": self.env._("A browser is connected"),
            "leg_lost": self.env._("A browser was lost"),
            "leg_closed": self.env._("A browser has left"),
            "peer_connected": self.env._("The line to the customer stands"),
            "peer_lost": self.env._("The line to the customer broke"),
            "peer_silent": self.env._("Nothing is heard from the customer"),
            "quality": self.env._("Line quality"),
            "ended": self.env._("The media server has ended the call"),
        }
        note = notes.get(kind) or kind.replace("_", " ").capitalize()
        return f"{note}: {reason}" if reason else note


def _well_formed(event):
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(name), str) for name in ("id", "call", "kind"))
        and 0 < len(event["id"]) <= 64
        and event["kind"].replace("_", "").isalnum()
        and isinstance(event.get("at"), int | float)
        and isinstance(event.get("data") or {}, dict)
    )
