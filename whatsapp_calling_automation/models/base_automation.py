"""Automation Rules about calls run in the pool, after the commit, each for itself.

Odoo runs a rule inside the write that triggers it. For a call that is the transaction
of WhatsApp's webhook or of an operator's click: a slow rule would let the phone ring
late, and one that raises would lose the call.
"""

from odoo import models

WATCHED = ("whatsapp.call", "whatsapp.call.permission")
# what Odoo runs inside a write; others (time, deletion) come at their own time
INSIDE_A_WRITE = (
    *("on_create", "on_create_or_write", "on_write", "on_state_set"),
    *("on_user_set", "on_stage_set", "on_tag_set", "on_priority_set"),
    *("on_archive", "on_unarchive"),
)


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    def _process(self, records, domain_post=None):
        if records._name not in WATCHED or self.trigger not in INSIDE_A_WRITE:
            return super()._process(records, domain_post=domain_post)
        happenings = self.env["whatsapp.calling.happening"].sudo()
        context = self.env.context
        making_due = context.get("whatsapp_calling_making_due")
        if making_due:
            for record in records.filtered(self._check_trigger_fields):
                happenings._note_rule(self, record, because=making_due)
            return None
        dealing_with = context.get("whatsapp_calling_happening")
        if not dealing_with:
            # a new record counts as changed in all fields; this one is set later
            if self.sudo().trigger_field_ids.mapped("name") == ["happening"]:
                return None
            for record in records.filtered(self._check_trigger_fields):
                happenings._note_rule(self, record)
            return None
        happening = happenings.browse(dealing_with)
        process = super()._process
        if not happening._apart(lambda: process(records, domain_post=domain_post)):
            happening.state = "failed"
        return None

    def _update_registry(self):
        result = super()._update_registry()
        # whether any rule watches calls is kept in memory
        self.env.registry.clear_cache()
        return result
