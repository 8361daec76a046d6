"""Managers listen in on a running call, whisper to its operator, or join it.

Only through the media sidecar, only managers of the company, and each time is told in
the history. Whether the operator is told of somebody who only listens is the company's
decision; who whispers or joins is heard anyway.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

MODES = ("listen", "whisper", "join")
# what operators must not read where nobody is told of a manager who listens
HIDDEN = "monitor_hidden"


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_monitor_told = fields.Boolean(
        "Tell operators who listens",
        default=True,
        help="Operators see when a manager listens to their call. Somebody who "
        "whispers or joins is heard and shown in any case.",
    )


class WhatsappCallMonitor(models.Model):
    _name = "whatsapp.call.monitor"
    _description = "Manager in a WhatsApp Call"
    _order = "id"
    _rec_name = "user_id"

    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="call_id.company_id", store=True)
    user_id = fields.Many2one("res.users", "Who", required=True)
    mode = fields.Selection(
        [("listen", "Listens"), ("whisper", "Whispers"), ("join", "Has joined")],
        required=True,
    )
    told = fields.Boolean("The operator is told")
    state = fields.Selection(
        [("connecting", "Connecting"), ("connected", "Connected"), ("over", "Over")],
        required=True,
        default="connecting",
    )
    started_at = fields.Datetime("From", default=fields.Datetime.now, required=True)
    ended_at = fields.Datetime("Until")
    tab = fields.Char(groups=fields.NO_ACCESS)
    leg_ref = fields.Char(groups=fields.NO_ACCESS)
    answer_sdp = fields.Text(groups=fields.NO_ACCESS)

    # one listens to one call at a time
    _user_uniq = models.UniqueIndex(
        "(user_id) WHERE state != 'over'", "You are in another call: end it first."
    )
    _call_idx = models.Index("(call_id) WHERE state != 'over'")

    def _shown(self):
        """Whether the operator may know of it."""
        return self.told or self.mode != "listen"

    def _log(self, note):
        """A line in the call's history, for managers only where nobody is told."""
        kind = "monitor" if self._shown() else HIDDEN
        self.call_id._log(
            kind,
            note,
            source="operator",
            user=self.user_id,
            data={"mode": self.mode, "told": self._shown()},
        )

    def _finish(self, note):
        """Close it; a second time changes nothing."""
        if self.state == "over":
            return False
        self.write(
            {"state": "over", "ended_at": fields.Datetime.now(), "answer_sdp": False}
        )
        self._log(note)
        return True

    def _left_note(self):
        return self.env._("%(name)s has left", name=self.user_id.name)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    monitor_ids = fields.One2many(
        "whatsapp.call.monitor",
        "call_id",
        "Managers who listened",
        groups="whatsapp_calling.group_manager",
    )

    def _monitors(self):
        """Those who are in the call now."""
        # sudo: monitor - read for what the call tells each user, which is decided there
        return self.sudo().monitor_ids.filtered(lambda m: m.state != "over")

    # ---- what the sidecar says

    def _monitor_of(self, leg):
        return self._monitors().filtered(lambda m: m.leg_ref == leg)

    def _on_media_leg_ok(self, request, answer):
        monitor = request.call_id._monitor_of(request.leg_ref)
        if not monitor:
            return super()._on_media_leg_ok(request, answer)
        monitor.answer_sdp = answer.sdp
        return request.call_id._changed()

    def _on_media_leg_failed(self, request, error):
        monitor = request.call_id._monitor_of(request.leg_ref)
        if not monitor:
            return super()._on_media_leg_failed(request, error)
        note = self.env._("No sound came about: %(error)s", error=error.message)
        monitor._finish(note)
        request.call_id._changed()
        return self._notify(monitor.user_id, "danger", note)

    def _on_media_leg_mode_failed(self, request, error):
        self._notify(
            request.user_id,
            "danger",
            self.env._(
                "What you say and hear could not be changed: %(error)s",
                error=error.message,
            ),
        )

    def _on_media_leg_connected(self, data, at):
        monitor = self._monitor_of(data.get("leg"))
        if not monitor:
            return super()._on_media_leg_connected(data, at)
        monitor.state = "connected"
        return self._changed()

    def _on_media_leg_lost(self, data, at):
        monitor = self._monitor_of(data.get("leg"))
        if not monitor:
            return super()._on_media_leg_lost(data, at)
        monitor._finish(monitor._left_note())
        return self._changed()

    def _media_event(self, unit, event):
        """Whose leg it is decides who may read of it, see below."""
        data = event.get("data") or {}
        # sudo: monitor - the server marks what it writes down
        monitors = self.sudo().monitor_ids
        if data.get("leg") and data["leg"] in monitors.mapped("leg_ref"):
            event = {**event, "data": {**data, "role": "monitor"}}
        return super()._media_event(unit, event)


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    def _log(self, kind, note, error=None):
        """The requests for a manager's leg are no news: what comes of them is told."""
        # sudo: monitor - the server marks what it writes down
        monitors = self.call_id.sudo().monitor_ids
        if self.leg_ref and self.leg_ref in monitors.mapped("leg_ref"):
            return None
        return super()._log(kind, note, error)


class WhatsappCallEvent(models.Model):
    _inherit = "whatsapp.call.event"

    @api.model
    def _readable(self):
        """Operators read nothing of a manager who listens unannounced."""

        def told(_model, alias, _query):
            return SQL(
                "(%(kind)s != %(hidden)s"
                " AND %(data)s->>'role' IS DISTINCT FROM 'monitor')",
                kind=SQL.identifier(alias, "kind"),
                data=SQL.identifier(alias, "data"),
                hidden=HIDDEN,
            )

        return super()._readable() & Domain.custom(to_sql=told)
