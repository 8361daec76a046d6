"""Keys on the phone: what was pressed stands in the history and, small, in the panel.

The operator's own keys go from the browser to the sidecar as telephone-events and from
there to the customer; nothing of them passes here but the sidecar's report.
"""

from odoo import fields, models

SHOWN = 24  # the last keys of the customer that the panel shows
# "•" stands for a key pressed while the recording was paused, e.g. of a card number
KEYS = frozenset("0123456789*#ABCD•")


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    digits = fields.Char("Keys pressed", help="By the customer, the last ones.")

    def _on_media_dtmf(self, data, at):
        """Somebody pressed a key; of the customer the operator sees it."""
        digit = str(data.get("digit") or "")
        if data.get("from") != "operator" and digit in KEYS:
            self.digits = ((self.digits or "") + digit)[-SHOWN:]
            self._changed()

    def _media_note(self, kind, data):
        if kind == "dtmf":
            digit = str(data.get("digit") or "")
            if data.get("from") == "operator":
                return self.env._("The operator pressed %(key)s", key=digit)
            return self.env._("The customer pressed %(key)s", key=digit)
        if kind == "held":
            return (
                self.env._("The customer hears music")
                if data.get("on")
                else self.env._("The music has stopped")
            )
        return super()._media_note(kind, data)
