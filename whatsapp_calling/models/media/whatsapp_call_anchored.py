"""Anchored calls: how one is opened on a media sidecar, answered and dialled.

An incoming one is opened at its first ring, so that the click only joins the operator;
an outgoing one when it is dialled, since the offer that WhatsApp gets is the sidecar's.
Opening is a queued request like any other: no decision waits for it. When a sidecar
cannot, the next one is asked, and when none can, the number's policy decides.
"""

import secrets

from odoo import api, fields, models

from ...providers.base import ProviderError
from ...providers.sdp import (
    SdpError,
    check,
    prepare_answer,
    prepare_offer,
    remote_for_browser,
)

OPEN_EXPIRES = 15  # seconds in which it makes sense to open a call


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    fell_back = fields.Boolean(
        "Went directly for want of a media server", readonly=True, copy=False
    )

    # ---- opening

    def _anchor(self, unit):
        """From now on the sound of this call goes through `unit`.

        With a name of its own at each unit: what one answers too late, or reports of
        a call it never really had, is about no call of ours.
        """
        self.write(
            {
                "anchored": True,
                "media_unit_id": unit.id,
                "media_ref": secrets.token_hex(16),
                "media_opened_at": False,
            }
        )

    def _media_open(self):
        """Ask the sidecar to open this call, with the operator who is there already."""
        self.ensure_one()
        payload = {"direction": self.direction}
        if self.direction == "inbound":
            payload["offer"] = remote_for_browser(self.offer_sdp, "offer")
        if self.leg_ref and self.leg_offer:
            payload["operator"] = {
                "leg": self.leg_ref,
                "offer": self.leg_offer,
                "user": self._media_user(),
            }
        program = self._media_program()
        if program:
            payload["program"] = program
        user = self.handler_id or None
        self._ask_sidecar("media_open", payload, expires_in=OPEN_EXPIRES, user=user)

    def _media_user(self):
        """{id, name} of the operator, for the sidecar."""
        return {"id": self.handler_id.id, "name": self.handler_id.name}

    def _media_join(self):
        """Ask the sidecar to take the operator's browser in."""
        self._ask_sidecar(
            "media_leg",
            {
                "leg": self.leg_ref,
                "role": "operator",
                "mode": "talk",
                "offer": self.leg_offer,
                "user": self._media_user(),
            },
            user=self.handler_id,
        )

    def _on_media_open_ok(self, request, answer):
        call = request.call_id
        if request.media_ref != call.media_ref or not call._is_live():
            return  # its end was queued behind this, or another sidecar has the call
        try:
            if call.direction == "inbound":
                sdp = prepare_answer(answer.sdp)
            else:
                sdp = prepare_offer(answer.sdp)
        except SdpError as error:
            self._on_media_open_failed(
                request, ProviderError(error.reason, kind="refused")
            )
            return
        call.media_opened_at = fields.Datetime.now()
        if answer.operator_sdp:
            call.leg_answer = answer.operator_sdp
        call._media_opened(sdp)
        call._derive()

    def _media_opened(self, sdp):
        """The sidecar is ready: what WhatsApp gets from it."""
        if self.direction == "outbound":
            self._ask_to_connect(sdp)
            return
        self.answer_sdp = sdp
        if self.number_id.pre_accept and self.account_id._can("PRE_ACCEPT"):
            self.env["whatsapp.call.request"]._enqueue(
                self.number_id,
                "pre_accept",
                {"call_ref": self.provider_ref, "sdp": sdp},
                expires_in=OPEN_EXPIRES,
                call=self,
            )
        if self._is_connecting():
            self._ask_to_accept(sdp)

    def _on_media_open_failed(self, request, error):
        call = request.call_id
        if request.media_ref != call.media_ref or not call._is_live():
            return
        call._media_next(error)

    def _media_next(self, error):
        """This call's sidecar failed before WhatsApp knew of it: the next, or none."""
        opened = self.request_ids.filtered(lambda r: r.action == "media_open")
        tried = opened.media_unit_id
        unit, refusal = self.number_id._media_choice(without=tried)
        self.env["whatsapp.call.request"]._cancel_queued(self)
        if unit and error.kind != "refused":
            self._anchor(unit)
            self._media_open()
            return
        if self.number_id.media_fallback == "refuse":
            self._no_way(refusal or self.number_id._no_media_server(), error)
        else:
            self._go_direct()

    # ---- when there is none

    def _no_way(self, refusal, error=None):
        """There is no media server and no call without: it ends, and why is said."""
        self._log("no_sidecar", refusal, data={"said": error.message if error else ""})
        if self.direction == "inbound":
            self._ask_to_hang_up("reject")
        self._close("no_sidecar")
        if self.handler_id:
            self._notify(self.handler_id, "danger", refusal)

    def _fall_back_note(self):
        self.fell_back = True
        self._log(
            "media_fallback",
            self.env._(
                "No media server can take it: the call goes directly and is not "
                "recorded"
            ),
        )

    def _go_direct(self):
        """The sidecars failed: between browser and WhatsApp, as the policy allows."""
        offer, handler = self.leg_offer, self.handler_id
        self._fall_back_note()
        self.write(
            {
                "anchored": False,
                "media_ref": False,
                "media_unit_id": False,
                "leg_ref": False,
                "leg_offer": False,
                "leg_answer": False,
                "answer_sdp": False,
            }
        )
        if self.direction == "outbound":
            try:
                # what the browser offers is the same either way
                self._ask_to_connect(prepare_offer(offer))
            except SdpError as error:
                self._show_error(ProviderError(error.reason, kind="refused"))
                self._close("not_sent")
                return
        elif handler:
            # its browser made an offer for the sidecar, which WhatsApp cannot use
            self._show_error(
                ProviderError(
                    self.env._("The media server failed. Please answer once more."),
                    kind="unavailable",
                )
            )
            self._release("media")
            return
        self._derive()

    # ---- incoming

    def _ring(self, number):
        """A call that is to go through a sidecar is opened there as it rings."""
        refused = not number or number._ringing_refusal()
        unit = self.env["whatsapp.media.unit"]
        if not refused and not self.anchored and not self.is_video:
            unit, refusal = number._media_choice()
            if refusal:
                self._no_way(refusal)
                return
            if unit:
                self._anchor(unit)
            elif number._wants_media_server():
                self._fall_back_note()
        super()._ring(number)
        if unit and self._media_needed():
            self._media_open()

    def _media_needed(self):
        """Whether anybody is there for whom a sidecar should carry the call."""
        return bool(self.rung_user_ids)

    def _answer_with(self, sdp):
        if not self.anchored:
            return super()._answer_with(sdp)
        self._new_leg(sdp)
        if self._asked_sidecar("media_open"):
            self._media_join()
        else:
            self._media_open()  # nobody was there for whom to open it before
        if self.answer_sdp:
            self._ask_to_accept(self.answer_sdp)
        return None

    def _fits_way(self, kind):
        return self.anchored == (kind == "offer")

    def _ask_to_accept(self, answer):
        if not self.anchored:
            return super()._ask_to_accept(answer)
        # pre_accept went out when the sidecar had opened the call
        self.env["whatsapp.call.request"]._enqueue(
            self.number_id,
            "accept",
            {"call_ref": self.provider_ref, "sdp": answer, "opaque": self.opaque},
            expires_in=self._lease_left(),
            call=self,
            user=self.handler_id,
        )
        return None

    def _lease_left(self):
        left = (self.lease_until - fields.Datetime.now()).total_seconds()
        return max(left, 1)

    def _bound_to_tab(self):
        """What WhatsApp holds is the sidecar's SDP: anybody may answer."""
        if self.anchored:
            return self.env["whatsapp.call.request"]
        return super()._bound_to_tab()

    def _release(self, reason):
        leg = self.leg_ref
        done = super()._release(reason)
        if self.anchored and leg:
            self._ask_sidecar("media_leg_close", {"leg": leg})
            self.write({"leg_ref": False, "leg_offer": False, "leg_answer": False})
        return done

    # ---- outgoing

    def _place(self, offer, browser_offer):
        unit, _refusal = self.number_id._media_choice()
        if not unit:
            if self.number_id._wants_media_server():
                self._fall_back_note()
            return super()._place(offer, browser_offer)
        self._anchor(unit)
        self._new_leg(browser_offer)
        self._media_open()
        return None

    @api.model
    def _target_refusal(self, aim):
        refusal = super()._target_refusal(aim)
        if refusal:
            return refusal
        _unit, no_way = aim["number"]._media_choice()
        return self._no("no_sidecar", no_way) if no_way else None

    def _note_answer(self, sdp):
        noted = super()._note_answer(sdp)
        if noted and self.anchored:
            answer = remote_for_browser(sdp, "answer")
            self._ask_sidecar("media_remote", {"answer": answer})
        return noted

    # ---- both

    def _derive(self):
        done = super()._derive()
        if self.anchored and self.state == "connected":
            self._media_accept()
        return done

    def _media_accept(self):
        """WhatsApp took the answer, or the customer answered: sound may leave."""
        if not self._asked_sidecar("media_accepted"):
            self._ask_sidecar("media_accepted", user=self.handler_id or None)

    def _on_media_leg_ok(self, request, answer):
        call = request.call_id
        if request.leg_ref == call.leg_ref and call._is_live():
            call.leg_answer = answer.sdp
            call._derive()

    def _on_media_remote_failed(self, request, error):
        request.call_id._media_failed(request, error)

    def _on_media_accepted_failed(self, request, error):
        request.call_id._media_failed(request, error)

    def _media_failed(self, request, error):
        """The sidecar did not do what a call cannot do without."""
        if request.media_ref == self.media_ref and self._is_live():
            self._end_here("sidecar_lost")

    # ---- what the browser sees

    @api.model
    def _checked_offer(self, sdp):
        """A browser's offer as it is: the sidecar talks to the browser itself.

        :raises SdpError: it could not work
        """
        check(sdp, "offer")
        return sdp

    def _view(self):
        call = self.sudo()
        mine = call.handler_id == self.env.user
        return {
            **super()._view(),
            "anchored": call.anchored,
            "fell_back": call.fell_back,
            "on_hold": call.on_hold,
            "leg": mine and call.leg_ref,
            "reattach_until": self._milliseconds(call.reattach_until),
        }

    def _sdp_view(self, mine, to_answer):
        if not self.anchored:
            return super()._sdp_view(mine, to_answer)
        if mine and self.leg_answer and self._is_live():
            return {"sdp": self.leg_answer, "sdp_type": "answer"}
        return {"sdp": False, "sdp_type": False}
