"""Rules that are due: what happened, and for a deferred rule which one."""

from odoo import api, fields, models, tools

from .base_automation import INSIDE_A_WRITE, WATCHED


class WhatsappCallingHappening(models.Model):
    _inherit = "whatsapp.calling.happening"

    automation_id = fields.Many2one(
        "base.automation", index="btree_not_null", ondelete="cascade"
    )

    @api.model
    @tools.ormcache()
    def _rules_listen(self):
        # sudo: automation - who writes a call need not read the rules
        rules = self.env["base.automation"].sudo()
        watching = [("model_name", "in", WATCHED), ("trigger", "in", INSIDE_A_WRITE)]
        return bool(rules.search_count(watching, limit=1))

    @api.model
    def _note_rule(self, rule, record, because=None):
        """Note that a rule is due for a record: once in a transaction.

        :param because: id of the happening that the rule watches for
        """
        if not because:
            query = tools.SQL("SELECT txid_current()")
            ((because,),) = self.env.execute_query(query)
            because = f"{record._name}:{record.id}:{because}"
        key = f"rule:{rule.id}:{because}"
        self._note(key, "rule", record, state="rules", automation_id=rule.id)

    def _tell_rules(self):
        rule = self.automation_id
        if not rule:
            return super()._tell_rules()
        record = self.call_id or self.permission_id
        if rule.active and record:
            rule = rule.with_context(whatsapp_calling_happening=self.id)
            rule._process(rule._filter_post(record.with_env(rule.env)))
        return None
