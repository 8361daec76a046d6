"""Who speaks for the company when nobody answers: a name, a voice and what it says."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

NAME_MAX = 120
VOICE_MAX = 80
TEXT_MAX = 500  # characters; who listens to more has hung up
# what the engines speak without a key; others need a vendor's voice
LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("it", "Italian"),
    ("nl", "Dutch"),
    ("pt", "Portuguese"),
    ("ar", "Arabic"),
]


class WhatsappCallAssistant(models.Model):
    _name = "whatsapp.call.assistant"
    _inherit = ["whatsapp.calling.sample"]
    _description = "WhatsApp Call Assistant"
    _order = "sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, help="Shown in the call log.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    language = fields.Selection(
        LANGUAGES,
        required=True,
        default=lambda self: self._usual_language(),
        help="In which it speaks, and in which callers are understood.",
    )
    speaks = fields.Boolean(
        "Has a voice",
        default=True,
        help="Without one it writes: what it would say goes out as text.",
    )
    voice = fields.Char(
        help="The voice's name or ID at the speech engine. Empty: the one of the "
        "speech settings.",
    )
    voicemail_text = fields.Text(
        "Voice note after a missed call",
        required=True,
        default=lambda self: self._usual_voicemail_text(),
        help="Spoken and sent as a WhatsApp voice note when nobody answered.",
    )
    message_greeting = fields.Text(
        "Greeting before the tone",
        required=True,
        default=lambda self: self._usual_greeting(),
        help="The caller hears it, then a tone, and leaves a message.",
    )
    number_ids = fields.One2many(
        "whatsapp.calling.number", "assistant_id", "Speaks for", readonly=True
    )

    @api.model
    def _usual_language(self):
        spoken = (self.env.company.partner_id.lang or self.env.lang or "en")[:2]
        return spoken if spoken in dict(LANGUAGES) else "en"

    @api.model
    def _usual_voicemail_text(self):
        return self.env._(
            "Sorry we missed your call — please reply and we'll get back to you"
        )

    @api.model
    def _usual_greeting(self):
        return self.env._(
            "Sorry we missed your call. Please leave a message after the tone, and "
            "we'll get back to you."
        )

    @api.constrains("name", "voice", "voicemail_text", "message_greeting")
    def _check_lengths(self):
        for assistant in self:
            for name, most in (
                ("name", NAME_MAX),
                ("voice", VOICE_MAX),
                ("voicemail_text", TEXT_MAX),
                ("message_greeting", TEXT_MAX),
            ):
                if len(assistant[name] or "") > most:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: at most %(most)s characters.",
                            field=self._fields[name]._description_string(self.env),
                            most=most,
                        )
                    )
            for name in ("voicemail_text", "message_greeting"):
                if not (assistant[name] or "").strip():
                    raise ValidationError(
                        self.env._(
                            "%(field)s: write what is to be said.",
                            field=self._fields[name]._description_string(self.env),
                        )
                    )

    def copy_data(self, default=None):
        return [
            {**vals, "name": self.env._("%(name)s (copy)", name=each.name)[:NAME_MAX]}
            if "name" not in (default or {})
            else vals
            for each, vals in zip(self, super().copy_data(default), strict=True)
        ]

    # ---- what it says

    def _prompt(self, text):
        """PROMPT of the sidecar's API: `text` in this assistant's voice."""
        self.ensure_one()
        prompt = {"text": text.strip(), "language": self.language}
        if self.voice:
            prompt["voice"] = self.voice.strip()
        return prompt

    def _sample_prompt(self):
        return self._prompt(self.message_greeting)


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    assistant_id = fields.Many2one(
        "whatsapp.call.assistant",
        check_company=True,
        index="btree_not_null",
        ondelete="set null",
        help="Who speaks when nobody answers. Empty: the first one of the company.",
    )

    def _assistant(self):
        """The active assistant that speaks for this number, or none."""
        self.ensure_one()
        # sudo: assistant - chosen while a call rings, by nobody
        number = self.sudo()
        if number.assistant_id.active:
            return number.assistant_id
        return number.env["whatsapp.call.assistant"].search(
            [("company_id", "=", number.company_id.id)], limit=1
        )
