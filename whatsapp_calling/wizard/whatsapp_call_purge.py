"""A look at what retention would delete, today and soon; and deleting it now."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError

ADMINISTRATOR = "whatsapp_calling.group_administrator"
SOON = 30  # days
ROUNDS = 20  # batches that one click deletes at most


class WhatsappCallPurge(models.TransientModel):
    _name = "whatsapp.call.purge"
    _description = "What Retention Would Delete"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    line_ids = fields.One2many("whatsapp.call.purge.line", "purge_id", readonly=True)
    due_count = fields.Integer(compute="_compute_due_count")

    @api.depends("line_ids.now_count")
    def _compute_due_count(self):
        for wizard in self:
            wizard.due_count = sum(wizard.line_ids.mapped("now_count"))

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        company = self.env.company
        values["company_id"] = company.id
        values["line_ids"] = [Command.create(line) for line in self._lines(company)]
        return values

    @api.model
    def _lines(self, company):
        """One per kind. Counts only: who may delete need not be one who listens."""
        if not self.env.user.has_group(ADMINISTRATOR):
            raise AccessError(self.env._("Only administrators look after retention."))
        # sudo: company, recording, call - how many there are, and how old
        company, lines = company.sudo(), []
        recordings = self.env["whatsapp.call.recording"].sudo()
        calls = self.env["whatsapp.call"].sudo()
        for kind in ("call", "voicemail"):
            lines.append(
                self._line(
                    company,
                    kind,
                    recordings,
                    lambda kind=kind, **kw: recordings._due(company, kind, **kw),
                    "size",
                )
            )
        lines.append(
            self._line(
                company, "text", calls, lambda **kw: calls._due_text(company, **kw)
            )
        )
        return lines

    def _line(self, company, kind, records, due, size=None):
        now, soon, held = due(), due(ahead=SOON), due(held=True)
        total = size and records._read_group(now, [], [f"{size}:sum"])[0][0]
        return {
            "kind": kind,
            "days": company[f"whatsapp_calling_keep_{kind}"],
            "now_count": records.search_count(now),
            "now_mb": (total or 0) / 1e6,
            "soon_count": records.search_count(soon),
            "held_count": records.search_count(held),
        }

    def action_purge(self):
        """Delete what is due now, without waiting for the night."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(ADMINISTRATOR):
            raise AccessError(self.env._("Only administrators look after retention."))
        # sudo: recording, call - deleted on time, not by anybody's right
        company = self.company_id.sudo()
        recordings = self.env["whatsapp.call.recording"].sudo()
        calls = self.env["whatsapp.call"].sudo()
        for purge in (recordings._purge_due, calls._purge_text_due):
            for _round in range(ROUNDS):
                if not purge(company)[1]:
                    break
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What retention deletes"),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }


class WhatsappCallPurgeLine(models.TransientModel):
    _name = "whatsapp.call.purge.line"
    _description = "What Retention Would Delete of a Kind"

    purge_id = fields.Many2one("whatsapp.call.purge", required=True, ondelete="cascade")
    kind = fields.Selection(
        [
            ("call", "Recordings of calls"),
            ("voicemail", "Voice messages"),
            ("text", "Transcripts"),
        ],
        required=True,
    )
    days = fields.Integer("Kept for (days)")
    now_count = fields.Integer("Deleted now")
    now_mb = fields.Float("Size (MB)", digits=(12, 1))
    soon_count = fields.Integer("In 30 days")
    held_count = fields.Integer("Kept by a legal hold")
