"""What is wrong with an account and wants somebody to act, and the way to its fix.

A notice is open until what it tells of is over: whoever finds a fault raises it, as
often as it is found, and whoever finds it gone resolves it. While it is open, each
administrator has one activity for it and sees it as a banner.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.notice_kinds import KINDS


class WhatsappCallingNotice(models.Model):
    _name = "whatsapp.calling.notice"
    _description = "WhatsApp Calling Notice"
    _order = "severity, id desc"
    _rec_name = "title"

    account_id = fields.Many2one(
        "whatsapp.calling.account", required=True, index=True, ondelete="cascade"
    )
    number_id = fields.Many2one(
        "whatsapp.calling.number", index="btree_not_null", ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True
    )
    kind = fields.Selection(
        lambda self: [(name, self.env._(kind.title)) for name, kind in KINDS.items()],
        required=True,
        readonly=True,
    )
    severity = fields.Selection(
        [("danger", "Nothing works"), ("warning", "Needs attention")],
        compute="_compute_severity",
        store=True,
    )
    detail = fields.Char("What was said", help="By WhatsApp or by this server.")
    until = fields.Datetime(help="When it ends by itself.")
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved")], required=True, default="open"
    )
    resolved_at = fields.Datetime(readonly=True)
    title = fields.Char(compute="_compute_words")
    explanation = fields.Char(compute="_compute_words")
    fix = fields.Char("What to do", compute="_compute_words")
    activity_ids = fields.Many2many("mail.activity", copy=False)

    _open_uniq = models.UniqueIndex(
        "(account_id, kind, COALESCE(number_id, 0)) WHERE state = 'open'"
    )

    @api.depends("kind")
    def _compute_severity(self):
        for notice in self:
            notice.severity = KINDS[notice.kind].severity

    @api.depends("kind", "account_id", "number_id", "until")
    @api.depends_context("lang", "tz")
    def _compute_words(self):
        for notice in self:
            kind = KINDS[notice.kind]
            notice.title = self.env._(kind.title)
            notice.explanation = self.env._(kind.explanation)
            notice.fix = self.env._(kind.fix) if kind.fix else False

    @api.ondelete(at_uninstall=False)
    def _unlink_activities(self):
        self.activity_ids.unlink()

    # ---- raising and resolving

    @api.model
    def _raise_notice(self, account, kind, number=None, detail="", until=None):
        """Say that something is wrong; saying it again only renews the words.

        :param kind: one of the field's values
        :param detail: what the provider or the server said, without secrets
        :param until: naive UTC datetime at which it ends by itself
        :return: the notice
        """
        # sudo: notice - who runs into a fault need be no administrator
        notices = self.sudo()
        values = {"detail": detail or False, "until": until or False}
        notice = notices._open_of(account, kind, number)
        if notice:
            changed = {
                name: value for name, value in values.items() if notice[name] != value
            }
            if changed:
                notice.write(changed)
                notice._tell()
            return notice
        notice = notices.create(
            {
                "account_id": account.id,
                "number_id": number.id if number else False,
                "kind": kind,
                **values,
            }
        )
        notice._schedule()
        notice._tell()
        return notice

    @api.model
    def _resolve_notice(self, account, kind, number=None):
        """What was wrong is right again; nothing happens when it was right before."""
        # sudo: notice - see _raise_notice
        notice = self.sudo()._open_of(account, kind, number)
        if notice:
            notice._close()

    def _close(self):
        self.activity_ids.unlink()
        self.write({"state": "resolved", "resolved_at": fields.Datetime.now()})
        for notice in self:
            notice._tell()

    def _open_of(self, account, kind, number):
        return self.search(
            [
                ("account_id", "=", account.id),
                ("kind", "=", kind),
                ("number_id", "=", number.id if number else False),
                ("state", "=", "open"),
            ],
            limit=1,
        )

    def _schedule(self):
        """One activity on the account for each administrator, in their language."""
        for user in self.account_id._administrators():
            notice = self.with_context(lang=user.lang)
            self.activity_ids |= notice.account_id.activity_schedule(
                "whatsapp_calling.mail_activity_type_notice",
                summary=notice.title,
                note=notice.explanation,
                user_id=user.id,
            )

    def _tell(self):
        """Have the banners that are open anywhere read again."""
        self.account_id._administrators()._bus_send(
            "whatsapp_calling/notices", {"account_id": self.account_id.id}
        )

    @api.autovacuum
    def _gc_notices(self):
        now = fields.Datetime.now()
        over = self.search([("state", "=", "open"), ("until", "<", now)])
        over._close()
        self.search(
            [
                ("state", "=", "resolved"),
                ("resolved_at", "<", fields.Datetime.subtract(now, months=6)),
            ],
            limit=10000,
        ).unlink()

    # ---- showing and mending

    @api.model
    @api.readonly
    def fetch_banners(self, account_id=None, number_id=None):
        """Open notices as banners, the worst first; none for who may not see them.

        :param account_id: only those of one account
        :param number_id: only those of one number, and of its account as a whole
        :return: [{id, severity, title, explanation, detail, fix, where}]
        """
        if not self.has_access("read"):
            return []
        domain = [("state", "=", "open")]
        domain += ["|", ("until", "=", False), ("until", ">", fields.Datetime.now())]
        if number_id:
            number = self.env["whatsapp.calling.number"].browse(number_id)
            account_id = number.account_id.id
            domain += [("number_id", "in", [number_id, False])]
        if account_id:
            domain += [("account_id", "=", account_id)]
        return [notice._banner() for notice in self.search(domain, limit=20)]

    def _banner(self):
        return {
            "id": self.id,
            "severity": self.severity,
            "title": self.title,
            "explanation": self.explanation,
            "detail": self.detail or "",
            "fix": self._may_fix() and self.fix or "",
            "where": (self.number_id or self.account_id).display_name,
        }

    def _may_fix(self):
        return self.account_id.has_access("write")

    def action_fix(self):
        """Lead to what mends it."""
        self.ensure_one()
        if not self._may_fix():
            raise UserError(
                self.env._("Only an administrator of WhatsApp Calling can mend this.")
            )
        return getattr(self, f"_fix_{self.kind}")()
