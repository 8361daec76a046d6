"""What the softphone shows of hold, transfer, keys and managers in a running call."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_time
from odoo.tools.misc import format_duration


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    handlers_text = fields.Text(
        "Handled one after the other by", compute="_compute_handlers_text"
    )

    def _view(self):
        view = super()._view()
        user, call = self.env.user, self.sudo()
        controls = call._controls_view(user) if call.anchored else {}
        transfer = controls.get("transfer")
        if transfer and transfer["rings"]:
            # also for who silenced the call when it first rang
            controls |= {"mine_to_answer": True, "silenced": False}
        return {
            **view,
            "held": False,
            "transfer": False,
            "side": False,
            "monitors": [],
            "handlers": [],
            "digits": "",
            "may_monitor": False,
            **controls,
        }

    def _controls_view(self, user):
        handlers = self._handler_views()
        if not self._is_live():
            return {"handlers": handlers}
        transfer = self._open_transfer()
        call = self.with_user(user)
        return {
            "held": self._milliseconds(self.held_at),
            "transfer": bool(transfer) and transfer._view(user),
            "side": self._side_view(transfer, user),
            "monitors": self._monitor_views(user),
            "handlers": handlers,
            "digits": self.digits or "",
            "may_monitor": call._is_manager() and not call._monitor_refusal(),
        }

    def _side_view(self, transfer, user):
        """The leg of a user who is in the call but does not handle it, or False."""
        monitor = self._monitors().filtered(lambda m: m.user_id == user)
        if transfer.state == "consulting" and transfer.to_id == user:
            role, mode, leg = "consult", "talk", transfer
        elif monitor:
            role, mode, leg = "monitor", monitor.mode, monitor
        else:
            return False
        return {
            "role": role,
            "mode": mode,
            "tab": leg.tab,
            "leg": leg.leg_ref,
            **(
                self._remote(leg.answer_sdp, "answer")
                if leg.answer_sdp
                else {"sdp": False, "sdp_type": False}
            ),
        }

    def _monitor_views(self, user):
        """The managers whom this user may know to be in the call."""
        sees_all = self.with_user(user)._is_manager() and self.handler_id != user
        return [
            {
                "id": monitor.user_id.id,
                "name": monitor.user_id.name,
                "mode": monitor.mode,
            }
            for monitor in self._monitors()
            if monitor.user_id != user and (sees_all or monitor._shown())
        ]

    # ---- who handled it when

    def _handlers(self):
        """[(user, from, until)] of each who handled the call, in order; naive UTC."""
        changes = self.env["whatsapp.call.event"]
        if self.transfer_ids:
            # searched for: an hour's call has thousands of lines
            handed = [("call_id", "=", self.id), ("kind", "=", "handed_over")]
            changes = changes.search(handed)
        users = self.env["res.users"]
        began = self.official_start or self.accepted_at
        handlers = []
        for change in changes.sorted("id"):
            before = users.browse(change.data.get("from_id")).exists()
            handlers.append((before, began, change.recorded_at))
            began = change.recorded_at
        if self.handler_id:
            handlers.append((self.handler_id, began, self.ended_at))
        return handlers

    def _handler_views(self):
        """The handlers where there was more than one, for the card and the panel."""
        handlers = self._handlers()
        if len(handlers) < 2:
            return []
        return [
            {
                "id": user.id,
                "name": user.name,
                "from": self._milliseconds(began),
                "until": self._milliseconds(until),
            }
            for user, began, until in handlers
        ]

    @api.depends("handler_id", "ended_at", "accepted_at")
    def _compute_handlers_text(self):
        """A line for each handler of a call that was transferred, else nothing."""
        for call in self:
            handlers = call.sudo()._handlers()
            call.handlers_text = len(handlers) > 1 and "\n".join(
                self._handler_text(*handler) for handler in handlers
            )

    @api.model
    def _handler_text(self, user, began, until):
        if not began:
            return user.name
        words = {"name": user.name, "time": format_time(self.env, began)}
        if not until:
            return self.env._("%(name)s, since %(time)s", **words)
        words["duration"] = format_duration((until - began).total_seconds() / 60)
        return self.env._("%(name)s, from %(time)s, for %(duration)s", **words)

    def _chatter_text(self):
        text = super()._chatter_text()
        names = [user.name for user, _began, _until in self._handlers()]
        if len(names) > 1:
            return text.replace(self.handler_id.name, " → ".join(names))
        return text

    # ---- who is told, who asks

    @api.model
    def _of_softphone(self):
        """Domain of the live calls that the user's phone shows, with those that ring
        again or that they are only asked about or listen to."""
        uid = self.env.uid
        return (
            Domain("handler_id", "=", uid)
            | Domain("rung_user_ids", "=", uid)
            | Domain(
                "monitor_ids", "any", [("user_id", "=", uid), ("state", "!=", "over")]
            )
        )

    def _shown_in_softphone(self):
        """Whether it rings for the user, is theirs, or they are in it."""
        user, call = self.env.user, self.sudo()
        transfer = call._open_transfer()
        return bool(
            call.state == "ringing"
            or call.handler_id == user
            or call._side_view(transfer, user)
            or (transfer and transfer._rings_for(user))
        )
