"""What of a number's calls is recorded, and what the customer is told before.

Three switches of a number, each for itself; above them one of the company. They hold
for the calls that begin while they are on: a call keeps what it began with.
"""

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

REFUSE_KEY = re.compile(r"[0-9*#]")
ANNOUNCEMENT_MAX = 600  # characters; who waits longer hangs up


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    record_agent = fields.Boolean(
        "Record our side", help="What the operator says, as a track of its own."
    )
    record_caller = fields.Boolean(
        "Record the customer",
        help="What the customer says, as a track of its own. With both sides "
        "recorded there is a third track that has both.",
    )
    record_text = fields.Boolean(
        "Write down what is said",
        help="Each turn is written down while the call runs, whether or not the "
        "sound is recorded.",
    )
    recording_on = fields.Boolean(compute="_compute_recording_on")
    recording_refusal = fields.Char(compute="_compute_recording_refusal")
    recording_announced = fields.Boolean(
        "Tell the customer first",
        default=True,
        help="The announcement is played when the call is answered; nothing is "
        "recorded before it was heard to its end.",
    )
    recording_announcement = fields.Text(
        "Announcement",
        translate=True,
        help="In the language of the customer, where there is a translation. Empty: "
        "the usual one.",
    )
    recording_order = fields.Selection(
        [("before", "Before the greeting"), ("after", "After the greeting")],
        "Announcement comes",
        required=True,
        default="before",
    )
    recording_refuse_key = fields.Char(
        "Key for no consent",
        default="9",
        size=1,
        help="A customer who presses it is not recorded, and what was recorded so "
        "far is deleted. Empty: there is no such key.",
    )
    recording_lang = fields.Selection(
        selection="_installed_languages",
        string="Language of the announcement",
        help="For customers whose language is not known. Empty: the company's.",
    )

    @api.model
    def _installed_languages(self):
        return self.env["res.lang"].get_installed()

    @api.depends("record_agent", "record_caller", "record_text")
    def _compute_recording_on(self):
        for number in self:
            number.recording_on = number._records_something()

    @api.depends("company_id.whatsapp_calling_recording_enabled")
    def _compute_recording_refusal(self):
        for number in self:
            company = number.company_id
            number.recording_refusal = company and company._whatsapp_calling_refusal(
                "recording"
            )

    @api.constrains("recording_refuse_key", "recording_announcement")
    def _check_announcement(self):
        for number in self:
            key = number.recording_refuse_key
            if key and not REFUSE_KEY.fullmatch(key):
                raise ValidationError(
                    self.env._("The key for no consent is a digit, * or #.")
                )
            if len(number.recording_announcement or "") > ANNOUNCEMENT_MAX:
                raise ValidationError(
                    self.env._(
                        "The announcement may have %(max)s characters: who calls "
                        "does not listen to more.",
                        max=ANNOUNCEMENT_MAX,
                    )
                )

    def _records_something(self):
        return bool(self.record_agent or self.record_caller or self.record_text)

    def _wants_recording(self):
        """Whether a call of this number that begins now is to be recorded."""
        self.ensure_one()
        return not self._recording_off()

    def _recording_off(self):
        """Why nothing is recorded of this number's calls: "gate", "number", or ""."""
        self.ensure_one()
        if self.company_id._whatsapp_calling_refusal("recording"):
            return "gate"
        return "" if self._records_something() else "number"

    def _recording_language(self, partner):
        """The language a customer is spoken to in: theirs, the number's, ours."""
        # sudo: partner, company - only the language of them
        return (
            partner.sudo().lang
            or self.recording_lang
            or self.company_id.sudo().partner_id.lang
            or self.env.lang
            or "en_US"
        )

    def _announcement(self, lang):
        """What the customer hears before the recording, in `lang`."""
        speaking = self.with_context(lang=lang)
        text = (speaking.recording_announcement or "").strip()
        if text:
            return text
        key = self.recording_refuse_key
        if not key:
            return speaking.env._("This call is recorded.")
        names = {"*": speaking.env._("star"), "#": speaking.env._("hash")}
        return speaking.env._(
            "This call is recorded. If you do not want that, press %(key)s.",
            key=names.get(key, key),
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    whatsapp_calling_keep_call = fields.Integer(
        "Keep recordings of calls",
        default=90,
        help="Days after the call; then the sound is deleted. 0: without end.",
    )
    whatsapp_calling_keep_voicemail = fields.Integer(
        "Keep voice messages",
        default=90,
        help="Days after the call; then sound and text are deleted. 0: without end.",
    )
    whatsapp_calling_keep_text = fields.Integer(
        "Keep transcripts",
        default=90,
        help="Days after the call; then the text is deleted. 0: without end.",
    )

    @api.constrains(
        "whatsapp_calling_keep_call",
        "whatsapp_calling_keep_voicemail",
        "whatsapp_calling_keep_text",
    )
    def _check_whatsapp_calling_keep(self):
        for company in self:
            for kind in ("call", "voicemail", "text"):
                if not 0 <= company[f"whatsapp_calling_keep_{kind}"] <= 36500:
                    raise ValidationError(
                        self.env._("Recordings can be kept for 0 to 36500 days.")
                    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    whatsapp_calling_keep_call = fields.Integer(
        related="company_id.whatsapp_calling_keep_call", readonly=False
    )
    whatsapp_calling_keep_voicemail = fields.Integer(
        related="company_id.whatsapp_calling_keep_voicemail", readonly=False
    )
    whatsapp_calling_keep_text = fields.Integer(
        related="company_id.whatsapp_calling_keep_text", readonly=False
    )
