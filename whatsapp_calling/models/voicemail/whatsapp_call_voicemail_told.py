"""A message that a caller left: on whose list, with its words, and whether heard."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .whatsapp_call_follow_up import LINE

ACTIVITY = "whatsapp_calling.mail_activity_type_voicemail"


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    message_heard_at = fields.Datetime("Heard", readonly=True, copy=False)
    message_heard_by_id = fields.Many2one(
        "res.users", "Heard by", readonly=True, copy=False, ondelete="set null"
    )
    message_unheard = fields.Boolean(
        "Message not heard yet",
        compute="_compute_message_unheard",
        search="_search_message_unheard",
    )
    _unheard_idx = models.Index(
        "(company_id, id) WHERE left_message AND message_heard_at IS NULL"
    )

    @api.depends("left_message", "message_heard_at")
    def _compute_message_unheard(self):
        for call in self:
            call.message_unheard = call.left_message and not call.message_heard_at

    def _search_message_unheard(self, operator, value):
        if operator != "in":
            return NotImplemented
        unheard = Domain("left_message", "=", True)
        unheard &= Domain("message_heard_at", "=", False)
        if set(value) == {True, False}:
            return Domain.TRUE
        return unheard if True in value else ~unheard

    def action_message_heard(self):
        """Somebody has dealt with the message, or takes that back."""
        self.check_access("read")
        if not self.env.user.has_group("whatsapp_calling.group_operator"):
            raise AccessError(self.env._("Only operators deal with voice messages."))
        for call in self.filtered("left_message"):
            call._mark_heard(not call.message_heard_at)

    def _mark_heard(self, heard=True):
        """Note who heard the message first, or that it is to be heard again."""
        # sudo: call - users change calls by such buttons only
        call = self.sudo()
        if heard and call.message_heard_at:
            return
        call.write(
            {
                "message_heard_at": heard and fields.Datetime.now(),
                "message_heard_by_id": heard and self.env.user.id,
                "version": call.version + 1,
            }
        )
        call._announce()

    # ---- on whose list

    def _follow_up(self):
        due = self.exists() and self.follow_up_due and self.left_message
        done = super()._follow_up()
        if due:
            self._schedule_message()
        return done

    def _schedule_message(self):
        user = self._follow_up_user()
        speaking = self.with_context(lang=user.lang)
        if self.follow_up_id:
            speaking.follow_up_id.note = speaking._message_note()
            return
        if self.message_heard_at:
            return
        speaking._schedule_follow_up(
            speaking.env._("%(name)s left a voice message", name=self.peer_name),
            speaking._message_note(),
            kind=ACTIVITY,
        )

    def _message_note(self):
        """What the reminder says: the words, as far as they were understood."""
        text = self._message_text()
        length = self._minutes(max(1, round(self.message_ms / 1000)))
        said = (
            LINE.format(Markup("“{}”").format(text))
            if text
            else LINE.format(self.env._("What was said was not written down."))
        )
        facts = self.env._(
            "Voice message of %(length)s, called %(number)s",
            length=length,
            number=self.number_id.name or "?",
        )
        # the class shows a small player where the reminder is shown
        link = Markup('<div class="o_whatsapp_voicemail">{}</div>')
        return said + LINE.format(facts) + link.format(self._call_link())

    def _message_text(self):
        """The caller's words; "" when there are none (any more)."""
        # sudo: turn - a message is for whoever has to deal with it
        turns = self.sudo().turn_ids.filtered(lambda turn: turn.speaker == "caller")
        return " ".join(turns.sorted("start_ms").mapped("text")).strip()

    def _view(self):
        # sudo: call - that there is a message is told to whoever sees the call
        return {**super()._view(), "left_message": self.sudo().left_message}

    def _chatter_text(self):
        text = super()._chatter_text()
        words = self._message_text() if self.left_message else ""
        return f"{text} · “{words}”" if words else text


class WhatsappCallTurn(models.Model):
    _inherit = "whatsapp.call.turn"

    @api.model_create_multi
    def create(self, vals_list):
        turns = super().create(vals_list)
        for call in turns.call_id.filtered("left_message"):
            # what is understood after the end completes the reminder
            call._follow_up_soon()
        return turns


class WhatsappCallListen(models.Model):
    _inherit = "whatsapp.call.listen"

    @api.model
    def _note(self, recordings, how):
        result = super()._note(recordings, how)
        for call in recordings.filtered(lambda r: r.kind == "voicemail").call_id:
            call._mark_heard()
        return result
