"""WhatsApp's error codes as records: the menu "Call errors".

They are what tools/error_catalogue*.py say, in the reader's language: nothing is
stored, so nothing can grow old.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.error_catalogue import (
    explain,
    is_calling_code,
    known_codes,
    stands_for,
)
from ...tools.error_catalogue_http import http_status


class WhatsappCallingError(models.Model):
    _name = "whatsapp.calling.error"
    _description = "WhatsApp Call Error"
    _auto = False
    _order = "area, code"
    _rec_name = "title"

    code = fields.Integer(readonly=True, aggregator=None)
    code_text = fields.Char("Code as text", readonly=True)
    title = fields.Char("What went wrong", readonly=True)
    meaning = fields.Char("What it means", readonly=True)
    fix = fields.Char("What to do", readonly=True)
    http_status = fields.Integer("HTTP status", readonly=True, aggregator=None)
    href = fields.Char("Documentation", readonly=True)
    area = fields.Selection(
        [("calling", "Calling"), ("general", "WhatsApp in general")], readonly=True
    )

    @property
    def _table_query(self):
        rows = SQL(", ").join(SQL("%s", self._row(code)) for code in known_codes())
        return SQL(
            """
            SELECT * FROM (VALUES %s) AS catalogue
                (id, code, code_text, title, meaning, fix, http_status, href, area)
            """,
            rows,
        )

    def _row(self, code):
        title, meaning, advice, href = explain(code, self.env)
        area = "calling" if is_calling_code(code) else "general"
        http = http_status(code) or 0
        return (
            *(self._id_of(code), code, str(code), title, meaning, advice, http),
            *(href, area),
        )

    @staticmethod
    def _id_of(code):
        return code + 1  # there is a code 0, and no record with that id

    @api.depends("code", "title")
    def _compute_display_name(self):
        for error in self:
            error.display_name = f"{error.code} {error.title}"

    @api.model
    def _of(self, code):
        """The explanation that holds for a code; empty when there is none."""
        known = stands_for(code)
        return self.browse() if known is None else self.browse(self._id_of(known))

    def action_calls(self):
        """The calls that ended with this error, those that the user may see."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_call_action"
        )
        return {
            **action,
            "display_name": self.display_name,
            "domain": [("error_code", "=", self.code)],
            "context": {},
        }
