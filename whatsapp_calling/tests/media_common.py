"""What tests about anchored calls share: a sidecar, its units, an anchored number."""

import time
import uuid

from odoo import fields

from . import meta_bodies as meta
from .common import WhatsappCallingCase, WhatsappCallingHttpCase
from .forged_sidecar import REF, SECRET, Sidecar


class MediaMixin:
    """The first number is anchored, and unit-1 of a sidecar is ready."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["whatsapp.media.sidecar"].search([]).active = False  # the demo's
        cls.sidecar = cls.env["whatsapp.media.sidecar"].create(
            {"name": "Media", "ref": REF, "secret": SECRET}
        )
        cls.unit = cls._unit(1)
        cls.number.media_policy = "anchored"

    @classmethod
    def _unit(cls, index, **values):
        return cls.env["whatsapp.media.unit"].create(
            {
                "sidecar_id": cls.sidecar.id,
                "unit": f"unit-{index}",
                "url": f"http://unit-{index}.sidecar.test:8090",
                "capacity": 10,
                "seen_at": fields.Datetime.now(),
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        type(self).media = Sidecar()
        # a test class may last longer than a unit may be silent
        self.sidecar.unit_ids.seen_at = fields.Datetime.now()

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        if ".sidecar.test" in r.url:
            return cls.media.handle(r)
        return super()._request_handler(s, r, **kw)

    # ---- what happens

    def accept_anchored(self, user, call, tab="tab-1"):
        """The click: an anchored call's browser makes the offer."""
        return self.phone(user).softphone_accept(
            call.id, tab, meta.OFFER_SDP, kind="offer"
        )

    def ring_anchored(self, **members):
        """A call that rings, opened at the sidecar and pre-accepted."""
        call = self.ring(**members)
        self.send_due(call)
        return call

    def answered_anchored(self, user=None, **members):
        """An incoming call that Anna has answered through the sidecar."""
        call = self.ring_anchored(**members)
        self.accept_anchored(user or self.anna, call)
        self.send_due(call)
        self.assertEqual((call.state, call.anchored), ("connected", True))
        self.media.requests.clear()
        self.graph.requests.clear()
        return call

    def dialled_anchored(self):
        """A call that Anna has placed to Eva through the sidecar; it rings there."""
        self.permit()
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.graph.answer("connect", {"calls": [{"id": meta.WACID}]})
        self.send_due(call)
        self.assertEqual((call.provider_ref, call.anchored), (meta.WACID, True))
        return call

    def report(self, call, kind, at=None, key=None, **data):
        """The sidecar reports what happened in a call."""
        event = {
            "id": key or uuid.uuid4().hex,
            "call": call.media_ref,
            "at": at or time.time(),
            "kind": kind,
            "data": data,
        }
        taken, _strange = self.env["whatsapp.call"]._media_events(self.sidecar, [event])
        self.assertEqual(taken, [event["id"]])
        return event

    def hello(self, unit=None, **said):
        """A heartbeat of a unit: what Odoo says it does not know."""
        unit = unit or self.unit
        said = {
            "unit": unit.unit,
            "url": unit.url,
            "capacity": 10,
            "calls": [],
            "state": "ready",
            "started": unit.started_at,
            **said,
        }
        unknown = self.env["whatsapp.media.unit"]._hello(self.sidecar, said)
        self.env.invalidate_all()
        return unknown

    def silence(self, unit=None, seconds=31):
        """A unit has said nothing for so long."""
        unit = unit or self.unit
        unit.seen_at = fields.Datetime.subtract(fields.Datetime.now(), seconds=seconds)
        self.env.flush_all()


class MediaCase(MediaMixin, WhatsappCallingCase):
    """Rules of anchored calls; requests are sent by `send_due`."""


class MediaHttpCase(MediaMixin, WhatsappCallingHttpCase):
    """Rules of the routes for a sidecar."""
