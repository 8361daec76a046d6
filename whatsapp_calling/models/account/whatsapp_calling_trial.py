"""Something tried out line by line: what was found, what WhatsApp said, what to do.

The wizard that connects an account and the check of a set-up are trials. Questions go
out as requests, so the answers come one by one, from several threads, and each writes
its own line; the form shows them as they come (widget whatsapp_calling_lines).
"""

from odoo import api, fields, models

WAITING, OK, WARNING, ERROR, UNKNOWN = "waiting", "ok", "warning", "error", "unknown"
PATIENCE = 30  # seconds after which a question is not sent any more


class WhatsappCallingTrial(models.AbstractModel):
    _name = "whatsapp.calling.trial"
    _description = "WhatsApp Calling Trial"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, default=lambda self: self.env.user
    )
    # [{"key", "step", "state", "title", "said", "todo", "fix", "fix_label"}]
    lines = fields.Json(readonly=True)
    busy = fields.Boolean("Something is awaited", compute="_compute_busy")

    @api.depends("lines")
    def _compute_busy(self):
        for trial in self:
            trial.busy = any(line["state"] == WAITING for line in trial.lines or [])

    def _line(self, key):
        return next((line for line in self.lines or [] if line["key"] == key), None)

    def _await(self, titles, step=""):
        """Begin lines that an answer will fill, in this order.

        :param titles: {key: title}
        """
        for key, title in titles.items():
            self._say(key, WAITING, title=title, step=step)

    def _say(self, key, state, said="", todo="", *, fix="", fix_label="", **values):
        """Write a line, or change it.

        :param said: what was found or what the provider said
        :param todo: what to do about it, a whole sentence
        :param fix: the button leads to `_fix_<fix>(key)`
        :param values: title and step, when the line is new
        """
        self.ensure_one()
        old = self._line(key)
        line = {"key": key, "step": "", "title": key, **(old or {}), **values}
        line |= {"state": state, "said": said or "", "todo": todo or ""}
        line |= {"fix": fix, "fix_label": fix_label}
        # a new list: a Json field does not see what is changed inside
        lines = [line if each["key"] == key else each for each in self.lines or []]
        self.lines = lines if old else [*lines, line]

    def _said_by(self, error):
        """What the provider said, with its details and its code."""
        said = error.message
        if error.details and error.details not in said:
            said = f"{said} {error.details}"
        return said

    def _ask(self, action, payload, **values):
        """Ask the provider; the answer comes to this record's `_on_<action>_…`."""
        self.env["whatsapp.call.request"]._enqueue_account(
            self._asks_as(), action, payload, expires_in=PATIENCE, record=self, **values
        )

    def _asks_as(self):
        """What has the credentials."""
        return self

    def _tell(self):
        # the pool writes as the superuser; who has the form open is told
        self.env["whatsapp.call.request"]._tell_changed(self, self.user_id)

    def action_line(self, key):
        """The button of a line.

        :return: an action, or False when the form is only to be read again
        """
        self.ensure_one()
        line = self._line(key)
        if not line or not line["fix"]:
            return False
        return getattr(self, f"_fix_{line['fix']}")(key) or False
