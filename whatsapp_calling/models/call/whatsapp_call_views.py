"""What lists and forms of calls show beside the stored fields."""

import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.error_catalogue import explain


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    duration_text = fields.Char(
        "Talk time", compute="_compute_duration_text", help="Minutes and seconds."
    )
    wait_text = fields.Char(
        "Waiting time", compute="_compute_wait_text", help="Minutes and seconds."
    )
    record_label = fields.Char("About", compute="_compute_record_label")
    error_title = fields.Char("What went wrong", compute="_compute_error_help")
    error_link = fields.Char("Documentation", compute="_compute_error_help")
    rung_names = fields.Char("Rang for", compute="_compute_rung_names")

    @api.depends("duration", "state")
    def _compute_duration_text(self):
        for call in self:
            call.duration_text = self._minutes(call.duration)

    @api.depends("wait_seconds")
    def _compute_wait_text(self):
        for call in self:
            call.wait_text = self._minutes(call.wait_seconds)

    @api.model
    def _minutes(self, seconds):
        """12:23 for 743 seconds, nothing for 0."""
        return f"{seconds // 60}:{seconds % 60:02d}" if seconds else ""

    @api.depends("res_model", "res_id")
    def _compute_record_label(self):
        for call in self:
            view = call._record_view(call._record())
            call.record_label = f"{view['label']}: {view['name']}" if view else ""

    @api.depends("state", "error_code", "error_message", "error_href")
    def _compute_error_help(self):
        for call in self:
            error = call._error_view()
            if not error and call.state == "failed":
                title, _meaning, _advice, href = explain(None, self.env)
                error = {"title": title, "href": href}
            call.error_title = error and error["title"]
            call.error_link = error and error["href"]

    @api.depends("rung_user_ids")
    def _compute_rung_names(self):
        for call in self:
            # sudo: users - colleagues of another company are named too
            names = call.sudo().rung_user_ids.sorted("name").mapped("name")
            call.rung_names = ", ".join(names)

    def action_open_error(self):
        """Open what the menu "Call errors" says of this call's error."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_calling_error_action"
        )
        error = self.env["whatsapp.calling.error"]._of(self.error_code)
        if error:
            action |= {"res_id": error.id, "views": [(False, "form")]}
        return action

    def action_open_record(self):
        """Open the ticket, lead or customer that the call is about."""
        self.ensure_one()
        record = self._record()
        if not record:
            raise UserError(self.env._("The linked record is gone."))
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class WhatsappCallEvent(models.Model):
    _inherit = "whatsapp.call.event"
    _rec_name = "note"

    data_text = fields.Char("Details", compute="_compute_data_text")
    data_json = fields.Text("All of it", compute="_compute_data_text")

    @api.depends("data")
    def _compute_data_text(self):
        for event in self:
            data = event.data or {}
            event.data_json = json.dumps(data, indent=2, ensure_ascii=False)
            event.data_text = " · ".join(event._data_words(data))

    def _data_words(self, data):
        """The short facts of an event; what is longer is in its form."""
        if data.get("user_ids"):
            # sudo: users - colleagues of another company are named too
            users = self.env["res.users"].sudo().browse(data["user_ids"]).exists()
            yield ", ".join(users.sorted("name").mapped("name"))
        for name, value in data.items():
            if isinstance(value, str | int | float) and value not in ("", False):
                yield f"{name.replace('_', ' ')}: {value}"
