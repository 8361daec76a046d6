"""What a check finds out about media sidecars: they run, and reach both ways."""

from odoo import models
from odoo.tools.misc import formatLang

from ..models.account.whatsapp_calling_trial import ERROR, OK, UNKNOWN, WARNING
from ..tools.address import is_safe

SKEW = 30  # seconds; at 60 everything is refused
PATIENCE = 30  # seconds for its answer


class WhatsappCallingCheck(models.TransientModel):
    _inherit = "whatsapp.calling.check"

    def _titles(self):
        titles = super()._titles()
        for unit in self._media_units():
            titles[f"sidecar-{unit.id}"] = self.env._(
                "Media sidecar %(sidecar)s, %(unit)s",
                sidecar=unit.sidecar_id.name,
                unit=unit.unit,
            )
        return titles

    def _media_wanted(self):
        """Numbers of this account whose calls are to go through a sidecar."""
        return self.account_id.number_ids.filtered(lambda n: n._wants_media_server())

    def _media_units(self):
        """The processes that may carry the calls of this account."""
        if not self._media_wanted():
            return self.env["whatsapp.media.unit"]
        # sudo: unit - an administrator of this company may know what serves it
        units = self.env["whatsapp.media.unit"].sudo()
        units = units.search([("sidecar_id.active", "=", True)])
        company = self.company_id
        return units.filtered(
            lambda unit: company in (unit.sidecar_id.company_ids or company)
        )

    def _look_here(self):
        super()._look_here()
        wanted = self._media_wanted()
        if not wanted:
            return
        units = self._media_units()
        running = units.filtered("up")
        self._notice("sidecar_down", not running, ", ".join(wanted.mapped("name")))
        if not running:
            self._say(
                "sidecar",
                ERROR,
                self.env._("None has been heard from in the last 15 seconds."),
                self.env._(
                    "Start the sidecar. If it runs, its log says whether it reaches "
                    "this Odoo at ODOO_URL, and whether reference and secret fit."
                ),
                fix="sidecar",
                fix_label=self.env._("Open the media sidecars"),
            )
        else:
            room = sum(max(0, u.capacity - u.call_count) for u in running)
            self._say(
                "sidecar",
                OK if room else WARNING,
                self.env._(
                    "%(running)s of %(count)s processes run, with room for %(room)s "
                    "more calls.",
                    running=len(running),
                    count=len(units),
                    room=room,
                ),
                "" if room else self.env._("Add a process, or another sidecar."),
            )
        for unit in units:
            self._look_at_unit(unit)

    def _look_at_unit(self, unit):
        key = f"sidecar-{unit.id}"
        if not unit.up:
            self._say(
                key,
                UNKNOWN if unit.state == "stopped" else ERROR,
                self.env._(
                    "Last heard from on %(when)s.", when=self._when(unit.seen_at)
                ),
                self.env._("Start it, or archive its sidecar."),
                fix="sidecar",
                fix_label=self.env._("Open the media sidecars"),
            )
        elif abs(unit.skew) > SKEW:
            self._say(
                key,
                ERROR,
                self.env._(
                    "Its clock differs from ours by %(seconds)s seconds.",
                    seconds=round(abs(unit.skew)),
                ),
                self.env._(
                    "Switch time synchronisation (NTP) on, on both servers: at 60 "
                    "seconds each refuses what the other signs."
                ),
            )
        else:
            # nothing is purged: that it answers is what is asked for
            self.env["whatsapp.call.request"]._enqueue_media(
                unit,
                "media_purge",
                {"calls": []},
                expires_in=PATIENCE,
                record=self,
                company=self.company_id,
            )

    def _on_media_purge_ok(self, request, answer):
        unit = request.media_unit_id
        key = f"sidecar-{unit.id}"
        facts = self.env._(
            "It answers. Version %(version)s, %(calls)s of %(capacity)s calls, media "
            "loop %(lag)s ms late.",
            version=unit.version or "?",
            calls=unit.call_count,
            capacity=unit.capacity,
            lag=formatLang(self.env, unit.lag_ms, 1),
        )
        if not self._media_heard(unit):
            self._say(
                key,
                WARNING,
                facts,
                self.env._(
                    "No call has had sound through it so far. WhatsApp must reach its "
                    "UDP ports: open them in the firewall, and behind a router set "
                    "PUBLIC_ADDRESS to the address seen from outside."
                ),
            )
        elif not is_safe(unit.url):
            self._say(
                key,
                WARNING,
                facts,
                self.env._(
                    "Odoo reaches it by plain HTTP: use that inside your own network "
                    "only, or give it an https:// address."
                ),
            )
        else:
            self._say(key, OK, facts)
        self._tell()

    def _media_heard(self, unit):
        """Whether the line to a customer ever stood through this process."""
        # sudo: call event - only whether there is one
        events = self.env["whatsapp.call.event"].sudo()
        found = [
            ("kind", "=", "media_peer_connected"),
            ("call_id.media_unit_id", "=", unit.id),
        ]
        return bool(events.search_count(found, limit=1))

    def _on_media_purge_failed(self, request, error):
        if error.kind == "auth":
            todo = self.env._(
                "Start it with the secret of its entry under Media sidecars."
            )
        else:
            todo = self.env._(
                "It reaches Odoo, and Odoo does not reach it at %(url)s. Correct "
                "SIDECAR_URL, or let Odoo through to that address.",
                url=request.media_unit_id.url,
            )
        key = f"sidecar-{request.media_unit_id.id}"
        self._say(key, ERROR, self._said_by(error), todo)
        self._tell()

    def _fix_sidecar(self, key):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_media_sidecar_action"
        )
