"""Calls and blocked callers: rejected without ringing; blocking from a call."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.transaction import run_in_transaction

OUTSIDE_WINDOW = 131047
REASON_MAX = 500  # characters


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    is_blocked = fields.Boolean(related="contact_id.is_blocked", related_sudo=True)
    may_block = fields.Boolean(compute="_compute_may_block")

    @api.depends("contact_id", "company_id.whatsapp_calling_operators_block")
    @api.depends_context("uid")
    def _compute_may_block(self):
        for call in self:
            call.may_block = bool(call.contact_id) and self._blocks(call.company_id)

    @api.model
    def _blocks(self, company):
        """Whether the user may block callers of a company."""
        if self._is_manager():
            return True
        # sudo: company - its setting decides
        return self._is_operator() and company.sudo().whatsapp_calling_operators_block

    # ---- blocked callers ring nobody

    def _ring(self, number):
        block = self.contact_id._block()
        if not block:
            return super()._ring(number)
        note = self.env._("This caller is blocked: rejected without ringing")
        self._log("blocked", note, data={"block_id": block.id})
        self._ask_to_hang_up("reject")
        self._close("blocked")

    # ---- from popup, panel and log

    @api.model
    def softphone_block(self, call_id, options):
        """Block the other side of a call: {reason, until (UTC string), report}.

        A call that still rings is declined for everybody.

        :return: {"ok", "message"}: what became of it, in words
        """

        def work():
            return self._for_softphone(call_id)._lock()._block_caller(options)

        return run_in_transaction(self.env, work)

    def _block_caller(self, options):
        if not self or not self.may_block:
            message = self.env._("You may not block callers. Ask a manager to do it.")
            return {"ok": False, "message": message}
        if self.is_blocked:
            message = self.env._("This caller is blocked already.")
            return {"ok": True, "message": message}
        call = self.sudo()
        # sudo: block - operators block where the company lets them, checked above
        block = (
            self.env["whatsapp.call.block"]
            .sudo()
            .create(
                {
                    "contact_id": call.contact_id.id,
                    "number_id": call.number_id.id,
                    "call_id": call.id,
                    "reason": str(options.get("reason") or "")[:REASON_MAX],
                    "until": fields.Datetime.to_datetime(options.get("until") or False),
                }
            )
        )
        user = self.env.user
        note = self.env._("%(name)s blocked the caller", name=user.name)
        call._log("blocked", note, source="operator", user=user)
        if options.get("report"):
            block.with_env(self.env)._report()
        free = not (self.handler_id or self.handler_kind)
        if self.state == "ringing" and free and self._may_answer():
            self._decline(False)
        call.version += 1
        call._announce()
        return {"ok": True, "message": block._said()}

    @api.model
    def softphone_unblock(self, call_id):
        """Let the other side of a call ring again."""

        def work():
            call = self._for_softphone(call_id)._lock()
            if not call or not call.may_block:
                message = self.env._("You may not unblock callers. Ask a manager.")
                return {"ok": False, "message": message}
            # sudo: block - checked above
            call.contact_id._block().sudo().action_unblock()
            call = call.sudo()
            call.version += 1
            call._announce()
            return {"ok": True, "message": self.env._("This caller can ring again.")}

        return run_in_transaction(self.env, work)

    def action_block(self):
        """The dialog of the softphone, from the log."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.client",
            "tag": "whatsapp_calling.block",
            "params": {"call_id": self.id, "name": self.peer_name},
        }

    def action_unblock(self):
        result = self.softphone_unblock(self.id)
        if not result["ok"]:
            raise UserError(result["message"])
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # ---- what WhatsApp says

    def _on_block_ok(self, request, answer):
        block = request.contact_id._block()
        if block:
            block.write({"whatsapp_state": "blocked", "whatsapp_message": False})
            return
        # unblocked here meanwhile: WhatsApp may have heard of that first
        for lifted in self._lifted(request):
            lifted._ask_to_unblock("unblocking")

    def _on_block_failed(self, request, error):
        block = request.contact_id._block()
        message = self._said(error)
        if error.code == OUTSIDE_WINDOW:
            message = block._outside_window()
        block.write({"whatsapp_state": "here", "whatsapp_message": message})
        self._notify(request.user_id, "warning", message)

    def _on_unblock_ok(self, request, answer):
        lifted = self.env["whatsapp.call.block"].search(
            [
                ("contact_id", "=", request.contact_id.id),
                ("whatsapp_state", "in", ("unblocking", "stuck")),
            ]
        )
        lifted._unblocked()
        block = request.contact_id._block()
        if block.whatsapp_state in ("asked", "blocked"):
            # blocked anew meanwhile: WhatsApp may have heard of that first
            block._ask("block")

    def _on_unblock_failed(self, request, error):
        lifted = self._lifted(request)
        if request.contact_id._block():
            return  # blocked anew meanwhile, and rightly so
        words = self._said(error)
        for block in lifted:
            block._unblock_failed(words)
        self._notify(request.user_id, "warning", words)

    def _lifted(self, request):
        """The last block of a request's contact that was lifted."""
        return self.env["whatsapp.call.block"].search(
            [("contact_id", "=", request.contact_id.id), ("state", "=", "lifted")],
            limit=1,
        )

    @api.model
    def _sweep_parts(self):
        blocks = self.env["whatsapp.call.block"]
        parts = [blocks._cron_lift_expired, blocks._cron_unblock_again]
        return [*super()._sweep_parts(), *parts]
