"""Placing a call: who is meant, whether one may, and the request for it."""

from odoo import api, fields, models

from ...providers.base import Peer
from ...providers.sdp import SdpError, prepare_offer
from ...tools import phone
from ...tools.transaction import run_in_transaction

CONNECT_EXPIRES = 15  # seconds in which a connect still makes sense


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def softphone_lookup(self, target):
        """Who a target is and whether they may be called; asks no provider.

        :param target: {phone?, res_model?, res_id?, contact_id?, partner_id?,
            number_id?}
        :return: see `_dial_view`
        """
        # who is no operator learns nothing, not even who a number belongs to
        return self._dial_view(self._aim(target if self._is_operator() else {}))

    @api.model
    def softphone_dial(self, target, tab, sdp):
        """Call a target with the SDP offer of this browser tab.

        :param target: as for `softphone_lookup`; with "confirmed" once the operator
            has said yes to its "confirm"
        :return: {"ok": True, "call"} or {"ok": False, "reason", "message",
            "next_step"}
        """
        try:
            offer = prepare_offer(sdp)
        except SdpError as error:
            return self._refusal("invalid_sdp", str(error), next_step=False)
        return run_in_transaction(self.env, lambda: self._dial(target, tab, offer, sdp))

    # ---- aiming

    @api.model
    def _aim(self, target):
        """What a target means: record, partner, digits, contact, number, permission."""
        record = self._readable_record(target.get("res_model"), target.get("res_id"))
        partner = self.env["res.partner"]
        if target.get("partner_id"):
            partner = self._readable_record("res.partner", target["partner_id"])
        contact = self.env["whatsapp.call.contact"]
        if target.get("contact_id"):
            contact = contact.browse(int(target["contact_id"])).exists()
            contact.check_access("read")
        typed = target.get("phone") or ""
        if not typed and record:
            typed, partner = record._whatsapp_phone()
        elif record and not partner:
            partner = record._whatsapp_partner()
        if not typed and partner:
            typed = partner.phone or ""
        numbers = self._dial_numbers(target, contact)
        company = numbers[:1].company_id or self.env.company
        digits = contact.wa_id or self._digits(typed, record or partner, company)
        if not contact and digits:
            # sudo: contact - the softphone may look up whom it is about to call
            contact = contact.sudo()._lookup(company, digits)
        partner = partner or contact.partner_id
        number = self._default_number(target, numbers, contact, record)
        return {
            "record": record,
            "partner": partner,
            "digits": digits,
            "typed": typed,
            "contact": contact,
            "numbers": numbers,
            "number": number,
            "name": partner.name or contact.display_name or typed,
        }

    @api.model
    def _readable_record(self, model, res_id):
        record = self._record_of(model, res_id and int(res_id))
        if record is not None and record.has_access("read"):
            return record
        return self.env["res.partner"] if model == "res.partner" else None

    @api.model
    def _digits(self, typed, record, company):
        """Digits of a typed number, national spellings read in the record's country."""
        if not typed:
            return ""
        source = record if record else company.partner_id
        formatted = source._phone_format(
            number=typed, country=None if record else company.country_id
        )
        return phone.wa_id(formatted or typed)

    def _dial_numbers(self, target, contact):
        companies = self.env.companies if self._is_operator() else self.env.company[:0]
        numbers = self.env["whatsapp.calling.number"]._usable(companies)
        if contact:
            numbers = numbers.filtered(lambda n: n.company_id == contact.company_id)
        chosen = numbers.filtered(lambda n: n.id == target.get("number_id"))
        return chosen + (numbers - chosen)

    def _default_number(self, target, numbers, contact, record):
        """The chosen one, else the one that fits contact, team, user or company."""
        if target.get("number_id") in numbers.ids:
            return numbers[:1]
        return numbers._to_dial_with(contact, record)

    @api.model
    def _dial_view(self, aim):
        refusal = self._dial_refusal(aim)
        contact = aim["contact"].sudo()
        ledger = self.env["whatsapp.call.permission"].sudo()
        return {
            "name": aim["name"],
            "phone": contact._formatted(aim["digits"]) or aim["typed"],
            "phone_raw": aim["digits"],
            "contact_id": contact.id,
            "partner_id": aim["partner"].id,
            "record": self._record_view(aim["record"]),
            "numbers": [
                {
                    **number._softphone_view(),
                    "permission": ledger._of(number, contact)._view(),
                }
                for number in aim["numbers"]
            ],
            "number_id": aim["number"].id,
            "permission": ledger._of(aim["number"], contact)._view(),
            "allowed": not refusal,
            "reason": refusal["message"] if refusal else "",
            "next_step": refusal["next_step"] if refusal else False,
            "confirm": "" if refusal else self._streak_question(aim),
        }

    # ---- may one?

    @api.model
    def _dial_refusal(self, aim):
        """Why this call may not be placed, or None; decided without any request."""
        return self._target_refusal(aim) or self._permission_refusal(aim)

    def _target_refusal(self, aim):
        number, digits = aim["number"], aim["digits"]
        if not self.env.user.has_group("whatsapp_calling.group_operator"):
            return self._no("disabled", self.env._("You are no calling operator."))
        if not number:
            return self._no("disabled", self._no_number_reason(self.env.companies))
        refusal = number._calling_refusal()
        if refusal:
            return self._no("disabled", refusal)
        if not number.account_id._can("DIAL"):
            return self._no(
                "disabled",
                self.env._("The provider of this number cannot place calls."),
            )
        if not digits and not aim["contact"].bsuid:
            return self._no(
                "no_phone", self.env._("There is no phone number here."), "add_phone"
            )
        if not aim["contact"] and not 7 <= len(digits) <= 15:
            return self._no(
                "bad_phone",
                self.env._(
                    "%(phone)s is no complete phone number. Write it with the country "
                    "code, like +43 660 1234567.",
                    phone=aim["typed"],
                ),
                "add_phone",
            )
        if digits and self._blacklisted(digits):
            return self._no(
                "blacklisted",
                self.env._("%(phone)s is on the phone blacklist.", phone=f"+{digits}"),
            )
        return None

    @api.model
    def _no_number_reason(self, companies):
        """Why companies have no number to call with."""
        refusals = [company._whatsapp_calling_refusal() for company in companies]
        if refusals and all(refusals):
            return refusals[0]
        return self.env._("No number of your company is switched on for calling.")

    def _permission_refusal(self, aim):
        contact, number = aim["contact"].sudo(), aim["number"]
        live = self.sudo().search(
            [
                ("state", "in", ("dialing", "ringing", "connected")),
                "|",
                ("handler_id", "=", self.env.uid),
                "&",
                ("contact_id", "=", contact.id or -1),
                ("number_id", "=", number.id),
            ],
            limit=1,
        )
        if live:
            return self._no(
                "busy",
                self.env._("You are in another call: end it first.")
                if live.handler_id == self.env.user
                else self.env._(
                    "%(name)s already is in a call with us.", name=aim["name"]
                ),
            )
        permission = self.env["whatsapp.call.permission"].sudo()._of(number, contact)
        if permission.state == "granted":
            limit = permission._call_refusal(aim["name"], permission._limits())
            return self._no("limit", limit) if limit else None
        return self._no(
            "no_permission",
            self.env._(
                "%(label)s. Send a permission request first: WhatsApp connects only "
                "customers who have agreed to be called.",
                label=permission._view()["label"],
            ),
            "request_permission",
        )

    @api.model
    def _streak_question(self, aim):
        """What to ask the operator before WhatsApp takes the permission back, or ""."""
        permission = (
            self.env["whatsapp.call.permission"]
            .sudo()
            ._of(aim["number"], aim["contact"].sudo())
        )
        return permission._streak_question(aim["name"], permission._limits())

    def _no(self, reason, message, next_step=False):
        return {"reason": reason, "message": message, "next_step": next_step}

    @api.model
    def _blacklisted(self, digits):
        return bool(
            self.env["phone.blacklist"]
            .sudo()
            .search_count([("number", "=", f"+{digits}")], limit=1)
        )

    # ---- placing it

    def _dial(self, target, tab, offer, browser_offer):
        aim = self._aim(target)
        refusal = self._dial_refusal(aim)
        question = "" if target.get("confirmed") else self._streak_question(aim)
        if question and not refusal:
            refusal = self._no("confirm", question, "confirm")
        if refusal:
            self._log_refused(aim, refusal)
            return {"ok": False, "call": False, **refusal}
        user, number, record = self.env.user, aim["number"], aim["record"]
        contact = self._contact_to_dial(aim)
        now = fields.Datetime.now()
        # sudo: call - operators create calls by dialling only
        call = self.sudo().create(
            {
                "account_id": number.account_id.id,
                "company_id": number.company_id.id,
                "number_id": number.id,
                "direction": "outbound",
                "state": "dialing",
                "contact_id": contact.id,
                "partner_id": contact.partner_id.id,
                "handler_id": user.id,
                "handler_kind": "user",
                "handler_tab": tab,
                "started_at": now,
                "pinged_at": now,
                "res_model": bool(record) and record._name,
                "res_id": bool(record) and record.id,
                "chatter_due": True,
            }
        )
        call._link_record()
        call._log(
            "dialled",
            self.env._(
                "%(name)s calls; permission: %(permission)s",
                name=user.name,
                permission=self.env["whatsapp.call.permission"]
                .sudo()
                ._of(number, contact)
                ._label(),
            ),
            source="operator",
            user=user,
        )
        call._place(offer, browser_offer)
        call._set_deadline()
        call._post_soon()
        return {"ok": True, "call": call.with_user(user)._view()}

    def _place(self, offer, browser_offer):
        """Ask for the call.

        :param offer: the browser's, as WhatsApp takes it
        :param browser_offer: as the browser made it
        """
        self._ask_to_connect(offer)

    def _ask_to_connect(self, offer):
        contact = self.contact_id
        self.env["whatsapp.call.request"]._enqueue(
            self.number_id,
            "connect",
            {**contact._address(), "sdp": offer, "opaque": self.opaque},
            expires_in=CONNECT_EXPIRES,
            call=self,
            contact=contact,
            user=self.handler_id,
        )

    def _contact_to_dial(self, aim):
        """The contact of an aim, made when this is the first call to it."""
        # sudo: contact - made by whoever calls first
        contact = aim["contact"].sudo()
        if not contact:
            contact = contact._identify(
                aim["number"].company_id, Peer(wa_id=aim["digits"]), aim["partner"]
            )
        elif aim["partner"] and not contact.partner_id:
            contact.partner_id = aim["partner"]
        return contact
