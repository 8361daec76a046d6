"""Who listened to which recording, when and how. Nobody changes or deletes a line."""

import time

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL


class WhatsappCallListen(models.Model):
    _name = "whatsapp.call.listen"
    _description = "Listening to a WhatsApp Call Recording"
    _order = "id desc"
    _rec_name = "user_id"
    _log_access = False

    recording_id = fields.Many2one(
        "whatsapp.call.recording", required=True, index=True, ondelete="cascade"
    )
    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    user_id = fields.Many2one("res.users", "Who", required=True)
    listened_at = fields.Datetime("When", required=True)
    how = fields.Selection(
        [("play", "Played"), ("download", "Downloaded"), ("export", "Exported")],
        required=True,
    )
    track = fields.Selection(related="recording_id.track", string="Track")
    minute = fields.Integer(
        required=True,
        aggregator=None,
        help="A player asks for a recording in parts: once a minute is noted.",
    )

    _once_uniq = models.UniqueIndex("(recording_id, user_id, how, minute)")

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self.env._("The log of listening cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("The log of listening cannot be deleted."))

    @api.model
    def _note(self, recordings, how):
        """The user listens to recordings now; twice in a minute is one line."""
        self.env.flush_all()
        for recording in recordings:
            row = {
                "recording_id": recording.id,
                "call_id": recording.call_id.id,
                "company_id": recording.company_id.id,
                "user_id": self.env.uid,
                "listened_at": fields.Datetime.now(),
                "how": how,
                "minute": int(time.time() // 60),
            }
            self.env.execute_query(
                SQL(
                    "INSERT INTO %s (%s) VALUES %s ON CONFLICT DO NOTHING RETURNING id",
                    SQL.identifier(self._table),
                    SQL(", ").join(map(SQL.identifier, row)),
                    tuple(row.values()),
                )
            )
        self.env.invalidate_all()
