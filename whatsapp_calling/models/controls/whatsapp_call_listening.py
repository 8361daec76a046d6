"""What managers do in a call that is not theirs: listen, whisper, join, leave.

The access is checked at each step on the server; who stops to listen ends no call.
"""

import secrets

from odoo import api, models

from ...providers.sdp import SdpError
from ...tools.transaction import run_in_transaction
from .whatsapp_call_monitor import MODES


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def softphone_monitor(self, call_id, tab, sdp, mode):
        """Begin to listen to a call.

        :param sdp: the offer of this tab
        :param mode: "listen", "whisper" (the operator hears this user) or "join"
        :return: {"ok", "message", "call"}
        """
        try:
            offer = self._checked_offer(sdp)
        except SdpError as error:
            return self._refusal("invalid_sdp", str(error))
        return run_in_transaction(
            self.env,
            lambda: self._for_monitor(call_id)._lock()._monitor(tab, offer, mode),
        )

    @api.model
    def _for_monitor(self, call_id):
        """A call that this manager may read, by company, or none."""
        call = self.browse(int(call_id)).exists()
        if call and self._is_manager() and call.has_access("read"):
            return call
        return self.browse()

    def _monitor(self, tab, offer, mode):
        refusal = self._monitor_refusal()
        if refusal or mode not in MODES:
            return self._refusal("disabled", refusal or mode)
        call, user = self.sudo(), self.env.user
        if self._other_live_call():
            return self._refusal(
                "busy", self.env._("You are in another call: end it first.")
            )
        mine = call._monitors().filtered(lambda m: m.user_id == user)
        if mine and mine.tab == tab:
            return {"ok": True, "call": self._view()}  # the same click, sent again
        if mine:
            call._end_monitor(mine)
            mine.flush_recordset()  # there is room for one
        monitor = self.env["whatsapp.call.monitor"].sudo()
        monitor = monitor.create(
            {
                "call_id": call.id,
                "user_id": user.id,
                "mode": mode,
                "told": call.company_id.whatsapp_calling_monitor_told,
                "tab": tab,
                "leg_ref": secrets.token_hex(16),
            }
        )
        monitor._log(call._monitor_note(monitor))
        call._ask_sidecar(
            "media_leg", self._leg_payload("monitor", monitor.leg_ref, offer, mode)
        )
        call._changed()
        return {"ok": True, "message": False, "call": self._view()}

    def _monitor_refusal(self):
        """Why the user cannot listen to this call, or ""."""
        if not self:
            return self.env._("Only managers of the company may listen to its calls.")
        if not self._is_live():
            return self.env._("This call is over.")
        call = self.sudo()
        if call.handler_id == self.env.user:
            return self.env._("This is your own call.")
        if not call.anchored:
            return self.env._(
                "This call goes directly from the operator's browser to WhatsApp: "
                "nobody can listen to it."
            )
        if call.state != "connected":
            return self.env._("Nobody has answered this call yet.")
        return ""

    def _monitor_note(self, monitor):
        notes = {
            "listen": self.env._("%(name)s listens", name=monitor.user_id.name),
            "whisper": self.env._("%(name)s whispers", name=monitor.user_id.name),
            "join": self.env._("%(name)s has joined", name=monitor.user_id.name),
        }
        return notes[monitor.mode]

    def _my_monitor(self):
        return self._monitors().filtered(lambda m: m.user_id == self.env.user)

    @api.model
    def softphone_monitor_mode(self, call_id, mode):
        """Listen, whisper or join from now on."""

        def work():
            call = self._for_monitor(call_id)._lock()
            monitor = call._my_monitor()
            if not monitor or mode not in MODES:
                message = self.env._("You are not in this call any more.")
                return call._refusal("ended", message)
            if monitor.mode != mode:
                monitor.mode = mode
                monitor._log(call._monitor_note(monitor))
                payload = {"leg": monitor.leg_ref, "mode": mode}
                call.sudo()._ask_sidecar("media_leg_mode", payload)
                call.sudo()._changed()
            return {"ok": True, "message": False, "call": call._view()}

        return run_in_transaction(self.env, work)

    @api.model
    def softphone_monitor_leave(self, call_id):
        """Stop listening; the call goes on."""

        def work():
            # also for who is no manager any more: leaving is always allowed
            call = self.browse(int(call_id)).exists()._lock()
            monitor = call._my_monitor()
            if monitor:
                call.sudo()._end_monitor(monitor)
                call.sudo()._changed()
            return {"ok": True, "message": False}

        return run_in_transaction(self.env, work)

    def _end_monitor(self, monitor):
        leg = monitor.leg_ref
        if monitor._finish(monitor._left_note()) and self._is_live():
            self._ask_sidecar("media_leg_close", {"leg": leg})

    def _derive(self):
        result = super()._derive()
        if not self._is_live():
            for monitor in self._monitors():
                monitor._finish(monitor._left_note())
        return result

    def _audience(self):
        return super()._audience() | self._monitors().user_id
