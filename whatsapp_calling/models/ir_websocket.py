"""Who looks at the card of a call hears of its changes, rung or not."""

import re

from odoo import models

CALL_CHANNEL = re.compile(r"whatsapp\.call_(\d{1,9})")


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        return super()._build_bus_channel_list(self._with_whatsapp_calls(channels))

    def _with_whatsapp_calls(self, channels):
        """The names of calls replaced by the calls, where the user may read them."""
        calls = self.env["whatsapp.call"]
        others = []
        for channel in channels:
            match = isinstance(channel, str) and CALL_CHANNEL.fullmatch(channel)
            if match:
                calls |= calls._for_softphone(match[1])
            else:
                others.append(channel)
        return [*others, *calls]
