"""Check setup: everything that calls need, one line each, with its fix.

What can be seen here is said at once; Meta is asked by requests, our own public
address by a signed ping from the pool, the browser reports what it sees itself.
"""

from odoo import api, fields, models

PROBE = "whatsapp_calling/probe"


class WhatsappCallingCheck(models.TransientModel):
    _name = "whatsapp.calling.check"
    _description = "Check of a WhatsApp set-up"
    _inherit = ["whatsapp.calling.trial"]

    account_id = fields.Many2one(
        "whatsapp.calling.account", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="account_id.company_id")
    name = fields.Char(related="account_id.name")
    app_url = fields.Char(readonly=True)
    by_person = fields.Boolean(default=True, help="Somebody's browser takes part.")

    @api.depends("account_id")
    def _compute_display_name(self):
        for check in self:
            check.display_name = self.env._(
                "Check setup: %(account)s", account=check.account_id.name
            )

    @api.model
    def _start(self, account):
        account.check_access("write")
        check = self.create({"account_id": account.id})
        check.action_run()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check setup"),
            "res_model": self._name,
            "res_id": check.id,
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model
    def _cron_look(self):
        """Each day: tokens that end, fields that were lost, clocks that drift.

        A rejected token may be taken again, e.g. after a mistake at WhatsApp.
        """
        accounts = self.env["whatsapp.calling.account"].search(
            [("state", "in", ("connected", "failed", "token_rejected"))]
        )
        for account in accounts:
            if not account.company_id._whatsapp_calling_refusal():
                self.create({"account_id": account.id, "by_person": False}).action_run()

    def action_run(self):
        """Look at everything anew."""
        self.ensure_one()
        self.write({"lines": [], "app_url": False})
        self._await(self._titles())
        self._look_here()
        if self.account_id.token_set:
            self._ask("check_token", {})
        else:
            self._say_no_token()

    def send_probe(self):
        """A message that the page waits for: it comes through /websocket or not."""
        self.ensure_one()
        self.user_id._bus_send(PROBE, {"id": self.id})

    def action_diagnostics(self):
        return self.account_id.action_diagnostics()

    def _asks_as(self):
        return self.account_id

    def _titles(self):
        titles = {
            "company": self.env._("Calling in this company"),
            "token": self.env._("Access token"),
            "rights": self.env._("Rights of the token"),
            "app_secret": self.env._("App secret"),
            "address": self.env._("Public address"),
            "webhook": self.env._("Webhook address at WhatsApp"),
            "subscribed": self.env._("Webhook fields subscribed"),
            "reached": self.env._("Last webhook"),
            "field_calls": self.env._("Field “calls” received"),
            "field_messages": self.env._("Field “messages” received"),
            "live": self.env._("App is live"),
            "waba": self.env._("WhatsApp Business Account"),
            "payment": self.env._("Payment method"),
        }
        for number in self.account_id.number_ids:
            name = number.display_name
            titles |= {
                f"number-{number.id}": name,
                f"rings-{number.id}": self.env._("%(number)s: who rings", number=name),
                f"limit-{number.id}": self.env._(
                    "%(number)s: messaging limit", number=name
                ),
                f"country-{number.id}": self.env._("%(number)s: country", number=name),
            }
        titles["clock"] = self.env._("Clock of this server")
        if self.by_person:
            titles["websocket"] = self.env._("Live connection of this browser")
            titles["microphone"] = self.env._("Microphone of this browser")
        titles["sidecar"] = self.env._("Media sidecar")
        return titles

    def _notice(self, kind, wrong, detail=""):
        """Raise or resolve what this check has just found out."""
        notices = self.env["whatsapp.calling.notice"]
        if wrong:
            notices._raise_notice(self.account_id, kind, detail=detail)
        else:
            notices._resolve_notice(self.account_id, kind)

    # ---- the buttons

    def _fix_renew(self, key):
        return self.account_id.action_renew_token()

    def _fix_switch_on(self, key):
        self.account_id.check_access("write")
        # sudo: company - an administrator of calling need not be one of companies
        self.company_id.sudo().whatsapp_calling_enabled = True
        self._look_at_company()

    def _fix_number(self, key):
        number_id = int(key.rpartition("-")[2])
        number = self.account_id.number_ids.browse(number_id).exists()
        return number._get_records_action()

    def _fix_subscribe(self, key):
        """Set our address for this account once more."""
        account = self.account_id
        account.check_access("write")
        self._await({"webhook": self._line("webhook")["title"]})
        self._ask(
            "subscribe",
            {
                "waba_ref": account.waba_id,
                "callback_url": account.webhook_url,
                "verify_token": account.verify_token,
            },
        )
