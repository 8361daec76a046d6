"""Diagnostics: a file to send to whoever helps, without secrets, numbers or names.

It is made of counts, states, codes and versions only. No text that a person or the
provider wrote goes in: such a text may hold a number or a name.
"""

import platform
from datetime import timedelta

from odoo import fields, models, release
from odoo.tools import config

DAYS = 30


class WhatsappCallingAccount(models.Model):
    _inherit = "whatsapp.calling.account"

    def action_diagnostics(self):
        """Download the diagnostics of this account."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_url",
            "url": f"/whatsapp_calling/diagnostics/{self.id}",
            "target": "download",
        }

    def _diagnostics(self):
        """What the file says, as a JSON object.

        :raises AccessError: for who may not change the account
        """
        self.ensure_one()
        self.check_access("write")
        # sudo: account - what is read is counted, not shown
        account = self.sudo()
        return {
            "made_at": fields.Datetime.to_string(fields.Datetime.now()),
            "versions": account._versions(),
            "server": account._server_facts(),
            "company": account._company_facts(),
            "account": account._account_facts(),
            "numbers": [number._diagnostics() for number in account.number_ids],
            "check": account._last_check(),
            "notices": account._notice_facts(),
            "webhooks": account._counted("whatsapp.calling.health", "name", "amount"),
            "fields_received": {
                field: fields.Datetime.to_string(when)
                for field, when in self.env["whatsapp.calling.received"]
                ._last(self)
                .items()
            },
            "calls": account._counts(
                "whatsapp.call", ["direction", "state", "error_code"], "create_date"
            ),
            "requests": account._counts(
                "whatsapp.call.request",
                ["action", "state", "http_status", "error_code"],
                "create_date",
            ),
            "flagged_events": self.env["whatsapp.call.event"]
            .sudo()
            .search_count([("account_id", "=", self.id), ("flagged", "=", True)]),
        }

    def _versions(self):
        modules = self.env["ir.module.module"].search(
            [("name", "=like", "whatsapp_calling%"), ("state", "=", "installed")]
        )
        return {
            "odoo": release.version,
            "python": platform.python_version(),
            "postgresql": self.env.cr._cnx.server_version,
            "modules": {each.name: each.installed_version for each in modules},
            "api": self.api_version,
            "provider": self.provider,
        }

    def _server_facts(self):
        url = self.get_base_url()
        return {
            "workers": config["workers"],
            "proxy_mode": bool(config["proxy_mode"]),
            "database_filter": bool(config["dbfilter"]),
            "address_is_https": url.startswith("https://"),
        }

    def _company_facts(self):
        company = self.company_id
        return {
            "calling": company.whatsapp_calling_enabled,
            "paused_as_copy": company._whatsapp_calling_paused(),
            "users_who_may_ring": [
                len(number._operators()) for number in self.number_ids
            ],
        }

    def _account_facts(self):
        return {
            "state": self.state,
            "active": self.active,
            "token_set": self.token_set,
            "app_secret_set": self.app_secret_set,
            "account_id_set": bool(self.waba_id),
            "app_id_set": bool(self.app_id),
            "own_api_address": self.base_url != "https://graph.facebook.com",
            "tested_at": fields.Datetime.to_string(self.checked_at) or None,
        }

    def _last_check(self):
        """{item: state} of the newest check; numbers are counted from 1."""
        check = self.env["whatsapp.calling.check"].search(
            [("account_id", "=", self.id)], order="id desc", limit=1
        )
        position = {
            str(number.id): str(index)
            for index, number in enumerate(self.number_ids, 1)
        }
        states = {}
        for line in check.lines or []:
            name, dash, number_id = line["key"].partition("-")
            states[name + dash + position.get(number_id, "")] = line["state"]
        return states

    def _notice_facts(self):
        notices = self.env["whatsapp.calling.notice"].search(
            [("account_id", "=", self.id)], limit=100
        )
        return [
            {
                "kind": notice.kind,
                "state": notice.state,
                "raised_at": fields.Datetime.to_string(notice.create_date),
            }
            for notice in notices
        ]

    def _counts(self, model, groups, moment):
        """Rows of the last days by the values of some fields, none of them a text."""
        since = fields.Datetime.now() - timedelta(days=DAYS)
        rows = self.env[model]._read_group(
            [("account_id", "=", self.id), (moment, ">", since)], groups, ["__count"]
        )
        return [dict(zip([*groups, "count"], row, strict=True)) for row in rows]

    def _counted(self, model, group, amount):
        since = fields.Datetime.now() - timedelta(days=DAYS)
        rows = self.env[model]._read_group(
            [("account_id", "=", self.id), ("counted_at", ">", since)],
            [group],
            [f"{amount}:sum", "counted_at:max"],
        )
        return {
            name: {"count": total, "last": fields.Datetime.to_string(last)}
            for name, total, last in rows
        }


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    def _diagnostics(self):
        return {
            "calling": self.calling_enabled,
            "active": self.active,
            "rings": len(self.ring_user_ids) or "every operator",
            "ring_seconds": self.ring_seconds,
            "assignee_seconds": self.assignee_seconds,
            "pre_accept": self.pre_accept,
        }
