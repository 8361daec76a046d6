"""Blocked callers: they ring nobody here, and WhatsApp blocks them where it may.

WhatsApp takes a block only of users who were in touch within 24 hours (131047). Ours
holds in any case: their calls are rejected at once, with the reason in the timeline.
"""

from datetime import timedelta

from odoo import api, fields, models

from ...tools.transaction import run_apart

TELL_FOR = 600  # seconds after which a block is no longer sent to WhatsApp
# when WhatsApp is asked anew to unblock, and when it is asked less often
UNBLOCK_AGAIN = timedelta(hours=1)
UNBLOCK_DAILY = timedelta(days=1)


class WhatsappCallBlock(models.Model):
    _name = "whatsapp.call.block"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Blocked WhatsApp Caller"
    _order = "id desc"
    _check_company_auto = True

    contact_id = fields.Many2one(
        "whatsapp.call.contact",
        "Caller",
        required=True,
        index=True,
        check_company=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="contact_id.company_id", store=True)
    phone = fields.Char(related="contact_id.phone")
    number_id = fields.Many2one(
        "whatsapp.calling.number",
        "Our number",
        check_company=True,
        ondelete="set null",
        help="WhatsApp blocks a caller for one number. Here the caller rings nobody "
        "on any number of the company.",
    )
    call_id = fields.Many2one("whatsapp.call", "Because of", ondelete="set null")
    reason = fields.Char(help="For your team. The caller is not told.")
    reported = fields.Boolean(
        "Reported as abuse", help="The managers were asked to look at it."
    )
    user_id = fields.Many2one(
        "res.users",
        "Blocked by",
        default=lambda self: self.env.user,
        readonly=True,
    )
    until = fields.Datetime(help="Empty: until somebody unblocks the caller.")
    state = fields.Selection(
        [("blocked", "Blocked"), ("lifted", "Unblocked")],
        required=True,
        default="blocked",
        readonly=True,
    )
    lifted_at = fields.Datetime("Unblocked on", readonly=True)
    whatsapp_state = fields.Selection(
        [
            ("here", "Only here"),
            ("asked", "WhatsApp was asked"),
            ("blocked", "At WhatsApp too"),
            ("unblocking", "WhatsApp was asked to unblock"),
            ("stuck", "Still blocked at WhatsApp"),
        ],
        "Blocked where",
        default="here",
        readonly=True,
    )
    unblock_asked_at = fields.Datetime(readonly=True)
    whatsapp_message = fields.Char("What WhatsApp said", readonly=True)

    _one_each_uniq = models.UniqueIndex(
        "(contact_id) WHERE state = 'blocked'", "This caller is blocked already."
    )
    _until_idx = models.Index("(until) WHERE state = 'blocked'")
    _stuck_idx = models.Index(
        "(unblock_asked_at) WHERE whatsapp_state IN ('unblocking', 'stuck')"
    )

    @api.depends("contact_id")
    def _compute_display_name(self):
        for block in self:
            block.display_name = block.contact_id.display_name

    @api.model_create_multi
    def create(self, vals_list):
        contacts = [vals.get("contact_id") for vals in vals_list]
        self.search([("contact_id", "in", contacts)])._lift_expired()
        self.flush_model(["state"])  # there is one that holds for each caller
        blocks = super().create(vals_list)
        for block in blocks:
            block.number_id = block.number_id or block._last_number()
            block._tell_whatsapp()
        return blocks

    # ---- lifting

    def action_unblock(self):
        """The callers ring again, and WhatsApp lets them through."""
        for block in self.filtered(lambda block: block.state == "blocked"):
            told = block.whatsapp_state != "here"
            block.write(
                {
                    "state": "lifted",
                    "lifted_at": fields.Datetime.now(),
                    "whatsapp_message": False,
                }
            )
            # sudo: activity - whoever may unblock settles what managers were asked
            block.sudo().activity_ids.action_done()
            if told:
                block._ask_to_unblock("unblocking")

    def _lift_expired(self):
        """Unblock those whose time is over."""
        now = fields.Datetime.now()
        self.filtered(lambda block: block.until and block.until <= now).action_unblock()

    @api.model
    def _cron_lift_expired(self):
        due = [("state", "=", "blocked"), ("until", "<=", fields.Datetime.now())]
        for block in self.search(due, limit=100):
            run_apart(self.env, block._lift_expired)

    # ---- WhatsApp may go on blocking who was unblocked here

    def _ask_to_unblock(self, whatsapp_state):
        now = fields.Datetime.now()
        self.write({"whatsapp_state": whatsapp_state, "unblock_asked_at": now})
        self._ask("unblock")

    def _unblock_failed(self, words):
        """The customer stays blocked at WhatsApp: managers know, it is asked again."""
        told_before = self.whatsapp_state == "stuck"
        self.write({"whatsapp_state": "stuck", "whatsapp_message": words})
        if not told_before:
            self._tell_managers(
                self.env._("A caller is still blocked at WhatsApp"),
                self.env._(
                    "The caller was unblocked here, but WhatsApp did not unblock them: "
                    "their calls and messages do not arrive. WhatsApp is asked again "
                    "every hour, after a day once a day. %(said)s",
                    said=words,
                ),
            )

    def _unblocked(self):
        """WhatsApp blocks these callers no longer."""
        self.write({"whatsapp_state": "here", "whatsapp_message": False})
        self.activity_ids.action_done()

    @api.model
    def _cron_unblock_again(self):
        """Ask WhatsApp anew where it did not unblock, or gave no answer."""
        now = fields.Datetime.now()
        stuck = self.search(
            [
                ("state", "=", "lifted"),
                ("whatsapp_state", "in", ("unblocking", "stuck")),
                ("unblock_asked_at", "<", now - UNBLOCK_AGAIN),
                ("number_id", "!=", False),
                "|",
                ("lifted_at", ">", now - UNBLOCK_DAILY),
                ("unblock_asked_at", "<", now - UNBLOCK_DAILY),
            ],
            limit=100,
        )
        for block in stuck:
            if block.contact_id._block():
                block._unblocked()  # blocked anew meanwhile, and rightly so
            else:
                block._ask_to_unblock(block.whatsapp_state)

    # ---- telling WhatsApp

    def _last_number(self):
        """The number at which the caller was last seen."""
        # sudo: call - which number it was is no secret inside the company
        last = self.env["whatsapp.call"].sudo()
        last = last.search(
            [("contact_id", "=", self.contact_id.id), ("number_id", "!=", False)],
            limit=1,
        )
        return last.number_id

    def _tell_whatsapp(self):
        number = self.number_id.sudo()
        if not number or not number.account_id._can("BLOCK"):
            return
        if self.contact_id._window_open():
            self._ask("block")
            self.whatsapp_state = "asked"
        else:
            self.whatsapp_message = self._outside_window()

    def _outside_window(self):
        return self.env._(
            "WhatsApp takes a block only within 24 hours of the caller's last call or "
            "message. Here the caller stays blocked and rings nobody."
        )

    def _said(self):
        """What became of the block, in words."""
        if self.whatsapp_message:
            return self.whatsapp_message
        if self.whatsapp_state == "here":
            return self.env._("Blocked: this caller rings nobody here.")
        return self.env._(
            "Blocked: this caller rings nobody here, and WhatsApp is asked to block "
            "them too."
        )

    def _ask(self, action):
        contact, number = self.contact_id.sudo(), self.number_id.sudo()
        who = {"wa_ids": [contact.wa_id]} if contact.wa_id else {}
        self.env["whatsapp.call.request"]._enqueue(
            number,
            action,
            who or {"bsuids": [contact.bsuid]},
            expires_in=TELL_FOR,
            contact=contact,
            user=self.env.user,
        )

    # ---- reporting

    def _report(self):
        """Ask the managers to look at it: WhatsApp itself takes no reports from us."""
        self.ensure_one()
        self.reported = True
        note = self.env._(
            "%(name)s reports this caller for abuse.", name=self.env.user.name
        )
        if self.reason:
            note = f"{note} {self.reason}"
        # sudo: block - operators may report, managers read
        block = self.sudo()
        block.message_post(body=note)
        block._tell_managers(self.env._("A caller was reported for abuse"), note)

    def _tell_managers(self, summary, note):
        for manager in self._managers():
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=manager.id,
            )

    def _managers(self):
        group = self.env.ref("whatsapp_calling.group_manager")
        # sudo: res.users - operators cannot list them
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", group.ids),
                    ("company_ids", "in", self.company_id.ids),
                    ("share", "=", False),
                    ("id", "!=", self.env.ref("base.user_root").id),
                ]
            )
        )


class WhatsappCallContact(models.Model):
    _inherit = "whatsapp.call.contact"

    block_ids = fields.One2many("whatsapp.call.block", "contact_id")
    is_blocked = fields.Boolean("Blocked", compute="_compute_is_blocked")

    @api.depends("block_ids.state", "block_ids.until")
    def _compute_is_blocked(self):
        for contact in self:
            contact.is_blocked = bool(contact._block())

    def _block(self):
        """The block that holds now, if any."""
        now = fields.Datetime.now()
        # sudo: block - that somebody is blocked shows on each of their calls
        return self.sudo().block_ids.filtered(
            lambda block: (
                block.state == "blocked" and not (block.until and block.until <= now)
            )
        )[:1]


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_operators_block = fields.Boolean(
        "Operators may block callers",
        help="Otherwise only managers can block, unblock and report callers.",
    )
