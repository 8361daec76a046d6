"""Who may read what of calls, inside the companies that the record rules allow.

Managers see all. Operators see their own calls and those of records they may read, of
a history the lines of such calls, and of messages about calls those to people of whom
they may know. A record rule cannot say so: the records that a call may be linked to
have rules of their own.
"""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class WhatsappCallAccess(models.AbstractModel):
    _name = "whatsapp.call.access"
    _description = "Access to WhatsApp Calls"

    @api.model
    def _readable(self):
        """Domain of the records an operator may read, beside the company rule."""
        raise NotImplementedError

    def _sees_all(self):
        return self.env.su or self._is_manager()

    def _is_operator(self):
        return self.env.user.has_group("whatsapp_calling.group_operator")

    def _is_manager(self):
        return self.env.user.has_group("whatsapp_calling.group_manager")

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not bypass_access and not self._sees_all():
            domain = Domain(domain) & self._readable()
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if not self or self._sees_all():
            return result
        forbidden = result[0] if result else self.browse()
        allowed = self - forbidden
        if not allowed:
            return result
        unreadable = allowed - self.browse(self._search([("id", "in", allowed.ids)]))
        if not unreadable:
            return result
        forbidden |= unreadable
        return forbidden, lambda: self.env["ir.rule"]._make_access_error(
            operation, forbidden
        )

    @api.model
    def _of_records(self):
        """Domain of what is linked (res_model, res_id) to records the user may read."""
        readable = Domain.FALSE
        for model in self._linked_models():
            if model in self.env and self.env[model].has_access("read"):
                readable |= Domain("res_model", "=", model) & self._linked_to(model)
        return readable

    @api.model
    def _linked_to(self, model):
        """Domain of what is linked to a record of `model` that the user may read."""

        def linked(_model, alias, _query):
            records = self.env[model]._search([])
            if records.is_empty():
                return SQL("FALSE")
            key = SQL.identifier(records.table, "id")
            records.add_where(SQL("%s = %s", key, SQL.identifier(alias, "res_id")))
            return SQL("EXISTS (%s OFFSET 0)", records.select(SQL("1")))

        return Domain.custom(to_sql=linked)

    def _linked_models(self):
        """Names of the models that these are linked to, each found by its index."""
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE linked AS (
                    (SELECT MIN(res_model) AS name FROM %(table)s
                      WHERE res_model IS NOT NULL)
                    UNION ALL
                    SELECT (SELECT MIN(res_model) FROM %(table)s
                             WHERE res_model > linked.name)
                      FROM linked WHERE linked.name IS NOT NULL
                )
                SELECT name FROM linked WHERE name IS NOT NULL
                """,
                table=SQL.identifier(self._table),
            )
        )
        return [name for (name,) in rows]


class WhatsappCall(models.Model):
    _name = "whatsapp.call"
    _inherit = ["whatsapp.call", "whatsapp.call.access"]

    @api.model
    def _readable(self):
        return self._own_calls() | self._of_records()

    @api.model
    def _own_calls(self):
        """Domain of the calls that the user handled or was rung for.

        Asked of each call by the keys of the other tables: with "IN (all of them)",
        PostgreSQL first collects a million ids for a page of eighty. OFFSET 0 keeps
        it from doing so with EXISTS as well.
        """
        uid = self.env.uid

        def rung(_model, alias, _query):
            return SQL(
                "EXISTS (SELECT FROM whatsapp_call_rung_rel rung"
                " WHERE rung.call_id = %s AND rung.user_id = %s OFFSET 0)",
                SQL.identifier(alias, "id"),
                uid,
            )

        return Domain("handler_id", "=", uid) | Domain.custom(to_sql=rung)


class WhatsappCallEvent(models.Model):
    _name = "whatsapp.call.event"
    _inherit = ["whatsapp.call.event", "whatsapp.call.access"]

    @api.model
    def _readable(self):
        # what belongs to no call (permission replies, flagged webhooks): managers;
        # one's own attempts to call are one's own
        mine = Domain("kind", "=", "dial_refused") & Domain(
            "user_id", "=", self.env.uid
        )
        return mine | Domain("call_id", "in", self.env["whatsapp.call"]._search([]))
