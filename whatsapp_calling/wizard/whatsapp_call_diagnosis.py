"""Why is there no call button? Each condition of a call, and how to meet it."""

from odoo import api, fields, models
from odoo.exceptions import AccessError


class WhatsappCallDiagnosis(models.TransientModel):
    _name = "whatsapp.call.diagnosis"
    _description = "Why is there no call button?"

    user_id = fields.Many2one(
        "res.users",
        "Who wants to call",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False), ('company_ids', 'in', allowed_company_ids)]",
    )
    company_id = fields.Many2one(
        "res.company",
        "In the company",
        required=True,
        default=lambda self: self.env.company,
        help="The one that is ticked in the company switcher.",
    )
    phone = fields.Char("Phone number", help="Empty: the one of the record.")
    res_model = fields.Char("Model")
    res_id = fields.Many2oneReference("Record", model_field="res_model")
    record_name = fields.Char("On the record", compute="_compute_record_name")
    possible = fields.Boolean(compute="_compute_line_ids", store=True)
    problem = fields.Char("What is wrong", compute="_compute_line_ids", store=True)
    fix = fields.Char("What to do", compute="_compute_line_ids", store=True)
    line_ids = fields.One2many(
        "whatsapp.call.diagnosis.line",
        "diagnosis_id",
        compute="_compute_line_ids",
        store=True,
    )

    @api.constrains("user_id")
    def _check_user(self):
        """Managers ask for the people of their companies, and of no other ones."""
        for diagnosis in self:
            # sudo: user - the companies of a colleague
            user = diagnosis.user_id.sudo()
            if not user.company_ids & self.env.user.company_ids:
                raise AccessError(
                    self.env._("%(user)s is in none of your companies.", user=user.name)
                )

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for diagnosis in self:
            record = diagnosis._record()
            shown = record is not None and record.has_access("read")
            diagnosis.record_name = record.display_name if shown else False

    @api.depends("user_id", "company_id", "phone", "res_model", "res_id")
    def _compute_line_ids(self):
        for diagnosis in self:
            conditions = diagnosis._conditions()
            diagnosis.line_ids = [
                fields.Command.clear(),
                *(
                    fields.Command.create(
                        {
                            "name": title,
                            "key": key,
                            "state": self._state(wrong),
                            "explanation": wrong or False,
                            "fix": fix if wrong else False,
                        }
                    )
                    for key, title, wrong, fix in conditions
                ),
            ]
            failed = [(wrong, fix) for _key, _title, wrong, fix in conditions if wrong]
            named = bool(diagnosis.phone or diagnosis.res_id)
            diagnosis.possible = bool(named and conditions) and all(
                wrong in (False, "") for _key, _title, wrong, _fix in conditions
            )
            # the first one is why; what comes after it may follow from it
            diagnosis.problem, diagnosis.fix = failed[0] if failed else (False, False)

    @api.model
    def _state(self, wrong):
        if wrong is None:
            return "unknown"
        return "failed" if wrong else "ok"

    def _record(self):
        calls = self.env["whatsapp.call"]
        return calls._record_of(self.res_model, self.res_id)

    def _conditions(self):
        """The conditions as they are for that user, in that company.

        :raises AccessError: the user is of none of one's own companies
        """
        user, company = self.user_id, self.company_id
        if not (user and company):
            return []
        self._check_user()
        # sudo: user - the companies of a colleague
        theirs = user.sudo().company_ids
        title = self.env._("The user may work in the company")
        if company not in theirs:
            wrong = self.env._(
                "%(user)s may not work in %(company)s.",
                user=user.name,
                company=company.name,
            )
            fix = self.env._("Allow the company for the user, in Settings > Users.")
            return [("user_company", title, wrong, fix)]
        target = {
            "phone": self.phone or False,
            "res_model": self.res_model or False,
            "res_id": self.res_id or False,
        }
        # as the user: their rights, their companies, the manager's language
        calls = self.env["whatsapp.call"].with_user(user)
        calls = calls.with_context(allowed_company_ids=company.ids)
        return [("user_company", title, "", ""), *calls._call_conditions(target)]


class WhatsappCallDiagnosisLine(models.TransientModel):
    _name = "whatsapp.call.diagnosis.line"
    _description = "Condition of a Call"
    _order = "id"

    diagnosis_id = fields.Many2one(
        "whatsapp.call.diagnosis", required=True, ondelete="cascade"
    )
    key = fields.Char(required=True)
    name = fields.Char("Condition", required=True)
    state = fields.Selection(
        [("ok", "Met"), ("failed", "Not met"), ("unknown", "Not reached")],
        required=True,
    )
    explanation = fields.Char("What is wrong")
    fix = fields.Char("What to do")
