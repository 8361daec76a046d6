"""Who rings: the assigned person first, then everybody whom the number names."""

from datetime import timedelta

from odoo import api, fields, models


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    # until `widen_at`, which also is when a wrap-up ends
    assignee_alone = fields.Boolean(groups=fields.NO_ACCESS)

    def _ring(self, number):
        """Ring the assignee alone for a while when there is one, else all."""
        self.ensure_one()
        refusal = (
            number._ringing_refusal()
            if number
            else self.env._("The number that was called is not known here")
        )
        operators = None if refusal else number._operators()
        if not operators:
            self._log(
                "nobody_rings",
                refusal or self.env._("No operator of this number can be rung"),
            )
            self._set_deadline()
            return
        first = self._assignee() & operators
        alone = first and first != operators and number.assignee_seconds
        if alone and not self._wrap_ups(first):
            lead = timedelta(seconds=number.assignee_seconds)
            self.write(
                {"assignee_alone": True, "widen_at": fields.Datetime.now() + lead}
            )
            self._ring_users(first)
        else:
            self._ring_free(operators)
        self._set_deadline()

    def _ring_users(self, users):
        new = users - self.rung_user_ids
        if not new:
            return
        self.write(
            {
                "rung_user_ids": [(4, user.id) for user in new],
                "version": self.version + 1,
            }
        )
        new._bus_send(
            "whatsapp_calling/ring",
            {"id": self.id, "version": self.version, "server_time": self._now_ms()},
        )
        # ids, no names: reading those of all would take as long as the ring itself
        self._log(
            "rung",
            self.env._("Operators rung: %(count)s", count=len(new)),
            data={"user_ids": new.ids},
        )

    def _widen_ring(self):
        """So far the assignee alone has heard it, or who was in no wrap-up: now all."""
        alone = self.assignee_alone
        self.write({"assignee_alone": False, "widen_at": False})
        # it may have been switched off while it rang
        if not self.company_id._whatsapp_calling_refusal():
            self._ring_free(self.number_id._operators(), after_assignee=alone)
        self._set_deadline()

    # ---- the record the call belongs to: bridges add tickets and leads

    def _candidates(self):
        """Open records of the caller, the likeliest first: [recordset of one].

        Bridges put tickets and leads before the customer.
        """
        self.ensure_one()
        return [self.partner_id] if self.partner_id else []

    def _assignee(self):
        """The user whom the caller's record is assigned to, if any."""
        self.ensure_one()
        record = self._record()
        for source in (record, self.partner_id):
            if source and "user_id" in source._fields and source.user_id:
                return source.user_id
        return self.env["res.users"]

    def _link_record(self):
        """Link the likeliest record, unless one was chosen (dialled from it)."""
        self.ensure_one()
        if self.res_model:
            return
        candidates = self._candidates()
        if candidates:
            self.write({"res_model": candidates[0]._name, "res_id": candidates[0].id})

    @api.model
    def _record_of(self, model, res_id):
        if not model or model not in self.env or not res_id:
            return None
        if self.env[model]._abstract:
            return None
        return self.env[model].browse(res_id).exists() or None

    def _record(self):
        return self._record_of(self.res_model, self.res_id)
