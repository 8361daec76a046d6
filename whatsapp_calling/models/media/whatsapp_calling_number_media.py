"""Which way the sound of a number's calls goes, and what if that way is shut."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    media_policy = fields.Selection(
        [
            ("direct", "Directly"),
            ("anchored", "Through the media server"),
            ("recorded", "Through the media server when recorded"),
        ],
        "Sound goes",
        required=True,
        default="direct",
        help="Directly between browser and WhatsApp it is quickest and needs nothing "
        "else. Through the media server calls can be recorded, held, handed over and "
        "taken up again after a reload.",
    )
    media_fallback = fields.Selection(
        [("direct", "Calls go directly"), ("refuse", "There are no calls")],
        "Without a media server",
        required=True,
        default="direct",
        help="What happens while no media server can take a call. Calls that go "
        "directly are not recorded.",
    )
    reattach_seconds = fields.Integer(
        "Come back within",
        default=20,
        help="Seconds for which the customer hears music when the operator's browser "
        "is lost or loaded again, before the call ends.",
    )

    @api.constrains("reattach_seconds")
    def _check_reattach_seconds(self):
        for number in self:
            if not 5 <= number.reattach_seconds <= 120:
                raise ValidationError(
                    self.env._("An operator may be away for 5 to 120 seconds.")
                )

    def _wants_recording(self):
        """Whether calls of this number are recorded."""
        return False

    def _wants_media_server(self):
        """Whether the policy wants the sound to go through a sidecar."""
        self.ensure_one()
        policy = self.media_policy
        return policy == "anchored" or (
            policy == "recorded" and self._wants_recording()
        )

    def _media_plan(self, direction):
        """Which way the next call goes.

        :param direction: "inbound" | "outbound"
        :return: (whether through a sidecar, why there is no call at all or "")
        """
        unit, refusal = self._media_choice()
        return bool(unit), refusal

    def _media_choice(self, without=None):
        """The unit for the next call and why there is no call at all, or "".

        :param without: units that have just refused
        """
        self.ensure_one()
        units = self.env["whatsapp.media.unit"].sudo()
        if not self._wants_media_server():
            return units, ""
        # sudo: unit - that there is one is decided before anybody is asked
        unit = units._least_loaded(self.company_id, without)
        if not unit and self.media_fallback == "refuse":
            return unit, self._no_media_server()
        return unit, ""

    def _no_media_server(self):
        return self.env._(
            "No media server can take calls of %(number)s, and they must not go "
            "directly. An administrator finds out more under Configuration, Media "
            "sidecars.",
            number=self.display_name,
        )
