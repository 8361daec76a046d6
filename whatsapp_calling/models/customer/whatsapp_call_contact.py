"""Who a WhatsApp user is: number, BSUID, partner, and when they were last in touch."""

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.phone_validation.tools.phone_validation import phone_format

from ...tools import phone


class WhatsappCallContact(models.Model):
    _name = "whatsapp.call.contact"
    _description = "WhatsApp Contact"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char("Name on WhatsApp")
    company_id = fields.Many2one("res.company", required=True, index=True)
    wa_id = fields.Char("WhatsApp number", help="Digits only, as WhatsApp writes it.")
    bsuid = fields.Char(
        "WhatsApp user ID",
        help="Business-scoped user ID: names a user who hides the phone number.",
    )
    partner_id = fields.Many2one(
        "res.partner", index="btree_not_null", check_company=True, ondelete="set null"
    )
    phone = fields.Char(compute="_compute_phone")
    last_inbound = fields.Datetime("Last in touch", readonly=True)
    window_closed_at = fields.Datetime(
        help="WhatsApp refused a free message: the 24 hours were over by then."
    )
    permission_ids = fields.One2many("whatsapp.call.permission", "contact_id")

    _wa_id_uniq = models.UniqueIndex(
        "(company_id, wa_id) WHERE wa_id IS NOT NULL",
        "This number already is a contact of the company.",
    )
    _bsuid_uniq = models.UniqueIndex(
        "(company_id, bsuid) WHERE bsuid IS NOT NULL",
        "This WhatsApp user already is a contact of the company.",
    )

    @api.depends("wa_id")
    def _compute_phone(self):
        for contact in self:
            contact.phone = self._formatted(contact.wa_id)

    @api.depends("name", "partner_id.name", "phone")
    def _compute_display_name(self):
        for contact in self:
            contact.display_name = (
                contact.partner_id.name
                or contact.name
                or contact.phone
                or contact.bsuid
                or self.env._("Unknown caller")
            )

    @api.model
    def _formatted(self, wa_id):
        """International spelling of digits ("43660…" -> "+43 660 …")."""
        if not wa_id:
            return ""
        return phone_format(
            f"+{wa_id}",
            None,
            None,
            force_format="INTERNATIONAL",
            raise_exception=False,
        )

    @api.model
    def _identify(self, company, peer, partner=None):
        """The contact of a provider's peer, made when it is new.

        BSUID first, because a user may hide or change the number; then the number
        in its spellings. What the peer adds is filled in; only a number is overwritten,
        when WhatsApp names another one for the same BSUID: the old one may be somebody
        else's by now, whom nobody wanted to call.

        :param peer: providers.base.Peer
        :return: a contact, or none when the peer says nothing at all
        """
        wa_id = phone.wa_id(peer.wa_id)
        bsuid = peer.bsuid or phone.lid(peer.wa_id)
        contact = self._lookup(company, wa_id, bsuid)
        news = {
            "wa_id": wa_id,
            "bsuid": bsuid,
            "name": peer.name or peer.username,
        }
        if not contact:
            if not (wa_id or bsuid):
                return contact
            contact = self.create(
                {
                    "company_id": company.id,
                    **{field: value for field, value in news.items() if value},
                }
            )
        else:
            if wa_id and contact.wa_id not in (False, *phone.look_alikes(wa_id)):
                contact.wa_id = False
            fill = {
                field: value
                for field, value in news.items()
                if value and not contact[field]
            }
            if fill:
                contact.write(contact._without_taken(fill))
        if not contact.partner_id:
            partner = partner or contact._match_partner()
            if partner:
                contact.partner_id = partner
        return contact

    @api.model
    def _lookup(self, company, wa_id, bsuid=None):
        found = self.browse()
        if bsuid:
            found = self.search(
                [("company_id", "=", company.id), ("bsuid", "=", bsuid)], limit=1
            )
        if not found and wa_id:
            found = self.search(
                [
                    ("company_id", "=", company.id),
                    ("wa_id", "in", phone.look_alikes(wa_id)),
                ],
                limit=1,
            )
            if found and bsuid and found.bsuid and found.bsuid != bsuid:
                # the number has a new owner: the old one keeps history and BSUID
                found.wa_id = False
                found.flush_recordset(["wa_id"])  # before the new owner is inserted
                found = self.browse()
        return found

    def _lacks(self, peer):
        """Whether a peer adds an id; each event of a call may name another one."""
        return bool((peer.bsuid and not self.bsuid) or (peer.wa_id and not self.wa_id))

    def _without_taken(self, fill):
        """Leave out a number that another contact holds (seen under both names)."""
        taken = fill.get("wa_id") and self.search_count(
            [("company_id", "=", self.company_id.id), ("wa_id", "=", fill["wa_id"])],
            limit=1,
        )
        return {k: v for k, v in fill.items() if not (taken and k == "wa_id")}

    def _match_partner(self):
        """The partner with this number: one's own company first, else the only one.

        Several that are equally likely match nobody: the choice is the operator's.
        """
        partners = self._partners()
        own = partners.filtered(lambda p: p.company_id == self.company_id)
        for candidates in (own, partners):
            if len(candidates) == 1:
                return candidates
            if candidates:
                return candidates.with_company(self.company_id)._whatsapp_preferred()
        return partners

    def _partners(self):
        if not self.wa_id:
            return self.env["res.partner"]
        # only what a webhook reads of them: a partner has a hundred fields
        return self.env["res.partner"].search_fetch(
            Domain(
                "phone_sanitized",
                "in",
                [f"+{digits}" for digits in phone.look_alikes(self.wa_id)],
            )
            & Domain("company_id", "in", [False, self.company_id.id]),
            ["name", "company_id", "commercial_partner_id", "user_id"],
            limit=20,
        )

    def _window_open(self):
        """Whether free text may be sent: WhatsApp allows it for 24 hours."""
        self.ensure_one()
        opened = fields.Datetime.subtract(fields.Datetime.now(), hours=24)
        refused = self.window_closed_at or opened
        return bool(self.last_inbound and self.last_inbound > max(opened, refused))

    def _window_until(self):
        """When the 24 hours end, or False when they are over."""
        self.ensure_one()
        if not self._window_open():
            return False
        return fields.Datetime.add(self.last_inbound, hours=24)

    def _address(self):
        """How a request names this user: number, else BSUID."""
        self.ensure_one()
        return {"to": self.wa_id} if self.wa_id else {"recipient": self.bsuid}

    def _touched(self, moment):
        """The contact called, wrote or answered: free text is allowed for 24 hours."""
        # WhatsApp's clock may be ahead of ours: nobody is in touch in the future
        moment = min(moment, fields.Datetime.now())
        if not self.last_inbound or self.last_inbound < moment:
            self.last_inbound = moment
