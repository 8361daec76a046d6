"""What must hold for a call to be possible, condition by condition.

`_dial_refusal` names the first one that fails; here each is looked at, for who asks
why there is no call button.
"""

from odoo import api, models


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _call_conditions(self, target):
        """Each condition for the user and companies of the environment, in order.

        :param target: as `softphone_lookup` takes it
        :return: [(key, title, what is wrong or "", how to mend it)]; what is wrong
            is None where a condition before it leaves nothing to look at
        """
        rules = [
            *self._conditions_of_user(),
            *self._conditions_of_record(target),
        ]
        has_record = bool(target.get("res_model") and target.get("res_id"))
        if not has_record and not target.get("phone"):
            return rules  # nobody to call was named yet
        aim = (
            self._aim(target) if all(not wrong for _k, _t, wrong, _f in rules) else None
        )
        return [
            *rules,
            *(
                condition
                for condition in self._conditions_of_phone(aim, target)
                if has_record or condition[0] != "field"
            ),
            *self._conditions_of_contact(aim),
        ]

    def _conditions_of_user(self):
        """Who calls, and from where: without these there is no phone at all."""
        user, companies = self.env.user, self.env.companies
        names = ", ".join(companies.sudo().mapped("name"))
        # sudo: company - why calling is off is told to whoever asks
        on = companies.sudo().filtered("whatsapp_calling_enabled")
        usable = self.env["whatsapp.calling.number"]._usable(companies)
        refusals = [number._calling_refusal() for number in usable]
        paused = self.env["res.company"]._whatsapp_calling_paused()
        return [
            (
                "database",
                self.env._("This database may send"),
                paused
                and self.env._("Calling is paused: this database may be a copy."),
                self.env._(
                    "An administrator decides in Configuration > Settings whether it "
                    "is one."
                ),
            ),
            (
                "group",
                self.env._("The user is a calling operator"),
                not self._is_operator()
                and self.env._("%(user)s is no calling operator.", user=user.name),
                self.env._(
                    "Give the user the role Operator of WhatsApp Calling, in Settings "
                    "> Users."
                ),
            ),
            (
                "company",
                self.env._("Calling is switched on for the company"),
                not on
                and self.env._(
                    "WhatsApp Calling is switched off for %(company)s.", company=names
                ),
                self.env._(
                    "An administrator switches it on in Configuration > Settings; or "
                    "tick another company in the company switcher."
                ),
            ),
            (
                "number",
                self.env._("A number of the company is switched on"),
                not usable
                and (
                    self.env._(
                        "No number of %(company)s is switched on for calling.",
                        company=names,
                    )
                    if on
                    else None
                ),
                self.env._("Switch one on in Configuration > Numbers."),
            ),
            (
                "restricted",
                self.env._("WhatsApp lets the number call"),
                (refusals[0] if all(refusals) else "") if usable else None,
                self.env._("Open the number in Configuration > Numbers."),
            ),
        ]

    def _conditions_of_record(self, target):
        """The record with the button: readable, and of a company that is ticked."""
        model, res_id = target.get("res_model"), target.get("res_id")
        if not model or not res_id:
            return []
        # sudo: record - which company it is of, for who may read it or asks why not
        record = self._record_of(model, int(res_id))
        company = None
        if record is not None and "company_id" in record._fields:
            company = record.sudo().company_id
        foreign = company and company not in self.env.companies
        readable = record is not None and record.has_access("read")
        return [
            (
                "record_company",
                self.env._("The record belongs to the company"),
                self.env._(
                    "The record belongs to %(company)s, which is not ticked.",
                    company=company.name,
                )
                if foreign
                else "",
                self.env._("Tick its company in the company switcher."),
            ),
            (
                "record",
                self.env._("The user may read the record"),
                "" if readable or foreign else self.env._("The user may not read it."),
                self.env._("The rights of its app decide, in Settings > Users."),
            ),
        ]

    def _conditions_of_phone(self, aim, target):
        """Whether there is a number to call, and one that can be called."""
        if aim is None:
            wrong = dict.fromkeys(("field", "phone", "valid", "blacklisted"))
        else:
            record = aim["record"]
            phone, digits = aim["typed"], aim["digits"]
            has_field = bool(
                target.get("phone")
                or aim["partner"]
                or record is None
                or record._phone_get_number_fields()
                or record._mail_get_partner_fields(introspect_fields=True)
            )
            complete = 7 <= len(digits) <= 15
            wrong = {
                "field": not has_field
                and self.env._("These records have no phone field and no customer."),
                "phone": not phone and self.env._("There is no phone number here.")
                if has_field
                else None,
                "valid": not complete
                and self.env._("%(phone)s is no complete phone number.", phone=phone)
                if phone
                else None,
                "blacklisted": self._blacklisted(digits)
                and self.env._("%(phone)s is on the phone blacklist.", phone=phone)
                if complete
                else None,
            }
        return [
            (
                "field",
                self.env._("The record has a phone field or a customer"),
                wrong["field"],
                self.env._("Call from the customer's contact, or with the keypad."),
            ),
            (
                "phone",
                self.env._("A phone number is filled in"),
                wrong["phone"],
                self.env._("Enter it on the record or on its customer."),
            ),
            (
                "valid",
                self.env._("The number is complete"),
                wrong["valid"],
                self.env._("Write it with the country code, like +43 660 1234567."),
            ),
            (
                "blacklisted",
                self.env._("The number is not on the blacklist"),
                wrong["blacklisted"],
                self.env._(
                    "Take it off in Settings > Technical > Phone Blacklist, if the "
                    "person agrees."
                ),
            ),
        ]

    def _conditions_of_contact(self, aim):
        """Whether the customer has agreed, and the line is free."""
        missing = busy = None
        if aim and not self._target_refusal(aim):
            refusal = self._permission_refusal(aim)
            reason = refusal and refusal["reason"]
            busy = refusal["message"] if reason == "busy" else ""
            missing = refusal["message"] if reason == "no_permission" else ""
        return [
            (
                "busy",
                self.env._("Neither side is in a call"),
                busy,
                self.env._("Wait until the call is over."),
            ),
            (
                "permission",
                self.env._("The customer has agreed to be called"),
                missing,
                self.env._(
                    "Press the call button and send a permission request, or wait for "
                    "the customer's call."
                ),
            ),
        ]
