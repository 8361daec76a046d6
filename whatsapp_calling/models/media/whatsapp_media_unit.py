"""One process of a media sidecar: what it said of itself with its last heartbeat."""

from datetime import UTC, datetime, timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...providers.sidecar import SIDECAR, MediaCredentials

# a unit says every 5 s that it lives; after so many seconds it counts as down
DOWN_AFTER = 15
STATES = ("ready", "busy", "draining", "stopped")


class WhatsappMediaUnit(models.Model):
    _name = "whatsapp.media.unit"
    _description = "WhatsApp Media Sidecar Process"
    _order = "sidecar_id, unit"
    _rec_name = "unit"
    _log_access = False

    sidecar_id = fields.Many2one(
        "whatsapp.media.sidecar", required=True, index=True, ondelete="cascade"
    )
    unit = fields.Char("Process", required=True)
    url = fields.Char("Address", required=True, help="How Odoo reaches it.")
    capacity = fields.Integer("Calls at most")
    call_count = fields.Integer("Calls now")
    lag_ms = fields.Float(
        "Media loop late by (ms)",
        digits=(8, 1),
        help="The 99th percentile. Over 20 ms a process takes no more calls.",
    )
    said_state = fields.Selection(
        [
            ("ready", "Ready"),
            ("busy", "Takes no more calls"),
            ("draining", "Shutting down"),
            ("stopped", "Stopped"),
        ],
        required=True,
        default="ready",
    )
    state = fields.Selection(
        [
            ("ready", "Ready"),
            ("busy", "Takes no more calls"),
            ("draining", "Shutting down"),
            ("stopped", "Stopped"),
            ("down", "Not reached"),
        ],
        compute="_compute_state",
    )
    up = fields.Boolean(compute="_compute_state")
    version = fields.Char()
    seen_at = fields.Datetime("Last heard from", required=True)
    started_at = fields.Float("Started (epoch)", digits=0, aggregator=None)
    skew = fields.Float("Its clock is ahead by (s)", digits=(8, 1), aggregator=None)
    recordings_pending = fields.Integer("Recordings to hand over")
    disk_free = fields.Float("Free disk (bytes)", digits=0, aggregator=None)
    speech = fields.Json(help="Engines it has: {stt: [...], tts: [...]}.")

    _unit_uniq = models.UniqueIndex("(sidecar_id, unit)")

    @api.depends("unit", "sidecar_id.name")
    def _compute_display_name(self):
        for unit in self:
            # its own name is 32 hexadecimal digits: enough of it to tell it apart
            unit.display_name = f"{unit.sidecar_id.name} ({(unit.unit or '')[:8]})"

    @api.depends("said_state", "seen_at")
    def _compute_state(self):
        heard = self._heard_since()
        for unit in self:
            fresh = bool(unit.seen_at and unit.seen_at >= heard)
            unit.up = fresh and unit.said_state != "stopped"
            stopped = unit.said_state == "stopped"
            unit.state = unit.said_state if fresh or stopped else "down"

    @api.model
    def _heard_since(self):
        return fields.Datetime.now() - timedelta(seconds=DOWN_AFTER)

    # ---- as the source of requests (whatsapp.call.request)

    @property
    def _provider(self):
        return SIDECAR

    def _credentials(self):
        """How to reach it, for one request.

        :raises crypto.CryptoError: the key that encrypted the secret is not here
        """
        self.ensure_one()
        sidecar = self.sidecar_id
        return MediaCredentials(sidecar.ref, sidecar._secrets()[0], self.url)

    # ---- choosing one

    @api.model
    def _least_loaded(self, company, without=None):
        """The ready unit with the most room for a call of `company`, or none."""
        ready = self.search(
            [
                ("sidecar_id.active", "=", True),
                ("said_state", "=", "ready"),
                ("seen_at", ">=", self._heard_since()),
                ("id", "not in", without.ids if without else []),
            ]
        )
        ready = ready.filtered(
            lambda unit: company in (unit.sidecar_id.company_ids or company)
        )
        loads = ready._loads()
        free = ready.filtered(lambda unit: loads[unit.id] < 1)
        return free.sorted(lambda unit: (loads[unit.id], unit.id))[:1]

    def _loads(self):
        """{id: live calls / capacity} of units, as Odoo knows its calls."""
        if not self:
            return {}
        live = Domain("media_unit_id", "in", self.ids)
        live &= Domain("state", "in", ("dialing", "ringing", "connected"))
        counts = dict(
            self.env["whatsapp.call"]._read_group(live, ["media_unit_id"], ["__count"])
        )
        return {
            unit.id: counts.get(unit, 0) / unit.capacity if unit.capacity > 0 else 1
            for unit in self
        }

    # ---- heartbeats

    @api.model
    def _hello(self, sidecar, said):
        """A unit says that it lives, and with which calls.

        :param said: as the sidecar's heartbeat has it; checked here
        :return: the calls it carries that are no live ones of ours
        :raises ValueError: a heartbeat of another shape
        """
        values = _values(said)
        unit = self.search(
            [("sidecar_id", "=", sidecar.id), ("unit", "=", values["unit"])], limit=1
        )
        restarted = bool(unit) and unit.started_at != values["started_at"]
        if unit:
            unit.write(values)
        else:
            unit = self.create({**values, "sidecar_id": sidecar.id})
        carried = [ref for ref in said.get("calls") or [] if isinstance(ref, str)]
        calls = self.env["whatsapp.call"]
        calls._media_compare(unit, carried, restarted)
        return calls._media_unknown(unit, carried)


def _values(said):
    """The fields of a heartbeat."""
    try:
        state = said.get("state")
        values = {
            "unit": said["unit"],
            "url": said["url"],
            "capacity": max(0, int(said.get("capacity") or 0)),
            "call_count": len(said.get("calls") or []),
            "lag_ms": float(said.get("lag_ms") or 0),
            "said_state": state if state in STATES else "busy",
            "version": str(said.get("version") or "")[:40],
            "seen_at": fields.Datetime.now(),
            "started_at": float(said.get("started") or 0),
            "recordings_pending": int(said.get("recordings_pending") or 0),
            "disk_free": float(said.get("disk_free") or 0),
            "speech": {
                kind: [str(each) for each in said.get(kind) or []]
                for kind in ("stt", "tts")
            },
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The heartbeat lacks or misspells: {error}") from None
    if not isinstance(values["unit"], str) or not 0 < len(values["unit"]) <= 120:
        raise ValueError("The heartbeat lacks the name of the unit.")
    if not str(values["url"]).startswith(("http://", "https://")):
        raise ValueError("The heartbeat lacks the address of the unit.")
    if said.get("time"):
        values["skew"] = float(said["time"]) - datetime.now(UTC).timestamp()
    return values
