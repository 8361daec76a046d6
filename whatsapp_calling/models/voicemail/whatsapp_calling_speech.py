"""Who understands and who speaks for a company: engines, voices and their keys.

The local engines need no key. A vendor's key is encrypted, never shown again, and is
put into a request only when that is sent.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from ...providers.speech import SPEECH, SpeechCredentials
from ...tools import crypto
from ...tools.address import is_safe

ADMINISTRATOR = "whatsapp_calling.group_administrator"
# set in this order: an engine needs its key
KEYED = ("stt_key", "tts_key", "stt_engine", "tts_engine")
CHECK_FOR = 30  # seconds after which a test is not sent any more


class WhatsappCallingSpeech(models.Model):
    _name = "whatsapp.calling.speech"
    _inherit = ["whatsapp.calling.sample"]
    _description = "Speech Settings of WhatsApp Calling"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    stt_engine = fields.Selection(
        [
            ("local", "On the media server (English, no key)"),
            ("deepgram", "Deepgram Nova"),
            ("deepgram_flux", "Deepgram Flux"),
        ],
        "Who understands",
        required=True,
        default="local",
    )
    stt_model = fields.Char(
        "Model", size=80, help="Empty: the engine's usual one, e.g. nova-3."
    )
    stt_url = fields.Char(
        "Deepgram's address", help="Empty: Deepgram's own. Of a server of yours else."
    )
    stt_key = fields.Char(
        "Deepgram's key",
        compute="_compute_keys",
        inverse="_inverse_keys",
        help="Stored encrypted and never shown again.",
    )
    stt_key_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    stt_key_set = fields.Boolean(compute="_compute_keys")
    tts_engine = fields.Selection(
        [
            ("local", "On the media server (no key)"),
            ("elevenlabs", "ElevenLabs"),
        ],
        "Who speaks",
        required=True,
        default="local",
    )
    tts_voice = fields.Char(
        "Voice", size=80, help="The voice's ID; an assistant may have one of its own."
    )
    tts_url = fields.Char(
        "ElevenLabs' address", help="Empty: ElevenLabs' own. Of a server of yours else."
    )
    tts_key = fields.Char(
        "ElevenLabs' key",
        compute="_compute_keys",
        inverse="_inverse_keys",
        help="Stored encrypted and never shown again.",
    )
    tts_key_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    tts_key_set = fields.Boolean(compute="_compute_keys")
    stt_check = fields.Selection(
        [("waiting", "Being tested"), ("ok", "Works"), ("failed", "Refused")],
        "Test",
        readonly=True,
        copy=False,
    )
    stt_said = fields.Char("What Deepgram said", readonly=True, copy=False)

    _company_uniq = models.UniqueIndex(
        "(company_id)", "This company has speech settings already."
    )

    @api.constrains("stt_url", "tts_url")
    def _check_urls(self):
        for speech in self:
            for url in (speech.stt_url, speech.tts_url):
                if url and not is_safe(url):
                    raise ValidationError(
                        self.env._(
                            "The address must start with https://, or the key would "
                            "travel in the open: %(url)s",
                            url=url,
                        )
                    )

    @api.constrains(
        "stt_engine", "tts_engine", "stt_key_encrypted", "tts_key_encrypted"
    )
    def _check_engine_keys(self):
        """An engine without its key would leave callers with silence."""
        for speech in self.sudo():  # sudo: the ciphertexts are nobody's fields
            if speech.stt_engine != "local" and not speech.stt_key_encrypted:
                raise ValidationError(
                    self.env._("Enter Deepgram's key before you choose its engine.")
                )
            if speech.tts_engine != "local" and not speech.tts_key_encrypted:
                raise ValidationError(
                    self.env._("Enter ElevenLabs' key before you choose its voices.")
                )

    @api.depends("stt_key_encrypted", "tts_key_encrypted")
    def _compute_keys(self):
        for speech in self:
            # sudo: speech - that a key is set may be known, never the key
            hidden = speech.sudo()
            speech.stt_key = speech.tts_key = False
            speech.stt_key_set = bool(hidden.stt_key_encrypted)
            speech.tts_key_set = bool(hidden.tts_key_encrypted)

    def _inverse_keys(self):
        """Nothing is left to do: create and write take a key before."""

    @api.model_create_multi
    def create(self, vals_list):
        """An engine is chosen when its key is there."""
        made = super().create(
            [{k: v for k, v in vals.items() if k not in KEYED} for vals in vals_list]
        )
        for speech, vals in zip(made, vals_list, strict=True):
            speech.write({k: v for k, v in vals.items() if k in KEYED})
        return made

    def write(self, vals):
        """A typed key becomes its ciphertext; a blank one keeps the key there is."""
        typed = {
            f"{kind}_key_encrypted": self.env["whatsapp.calling.keys"]._encrypt(value)
            for kind in ("stt", "tts")
            if (value := (vals.get(f"{kind}_key") or "").strip())
        }
        if typed:
            self.check_access("write")
            # sudo: speech - ciphertexts are no fields of the administrator's
            super(WhatsappCallingSpeech, self.sudo()).write(typed)
        rest = {k: v for k, v in vals.items() if k not in ("stt_key", "tts_key")}
        return super().write(rest)

    # ---- whose settings

    @api.model
    def _of(self, company):
        """The settings of a company; a new record, unsaved, when it has none."""
        # sudo: speech - read while a call rings, by nobody
        speech = self.sudo().search([("company_id", "=", company.id)], limit=1)
        return speech or self.sudo().new({"company_id": company.id})

    @api.model
    def action_open(self):
        """The form of this company's settings, made when it has none yet."""
        speech = self.search([("company_id", "=", self.env.company.id)], limit=1)
        speech = speech or self.create({"company_id": self.env.company.id})
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_calling_speech_action"
        )
        return {**action, "res_id": speech.id}

    # ---- what the sidecar is told

    def _tts(self, voice=None):
        """{"engine", "voice"?, "url"?, "key"?} of the sidecar's API, for the moment of
        sending: a key is never stored in clear.

        :param voice: an assistant's own
        :raises crypto.CryptoError: the key that encrypted a vendor's key is not here
        """
        if self.tts_engine == "local":
            return {"engine": "local"}
        return self._vendor("tts", voice=voice or self.tts_voice)

    def _stt(self):
        """{"engine", "model"?, "url"?, "key"?}; see `_tts`."""
        if self.stt_engine == "local":
            return {"engine": "local"}
        return self._vendor("stt", model=self.stt_model)

    def _vendor(self, kind, **more):
        more |= {"url": self[f"{kind}_url"], "key": self._key(kind)}
        told = {name: value.strip() for name, value in more.items() if value}
        return {"engine": self[f"{kind}_engine"], **told}

    def _key(self, kind):
        """A vendor's key in clear.

        :raises crypto.CryptoError: the key that encrypted it is not here
        """
        # sudo: speech - for the one request that needs it
        ciphertext = self.sudo().exists()[f"{kind}_key_encrypted"]
        if not ciphertext:
            return ""
        return crypto.decrypt(ciphertext, data_dir=config["data_dir"])

    # ---- tests: of the voice in whatsapp.calling.sample, here of Deepgram's key

    def _sample_prompt(self):
        text = self.env._("Hello! This is how I sound to the people who call you.")
        return {"text": text, "language": (self.env.lang or "en")[:2]}

    @property
    def _provider(self):
        return SPEECH

    def _credentials(self):
        return SpeechCredentials(
            key=self._key("stt"), base_url=(self.stt_url or "").strip()
        )

    def action_check_stt(self):
        """Ask Deepgram whether it knows the key."""
        self.ensure_one()
        if self.stt_engine == "local":
            raise UserError(
                self.env._(
                    "The media server's own engine needs no key: nothing to ask."
                )
            )
        self.write({"stt_check": "waiting", "stt_said": False})
        self.env["whatsapp.call.request"]._enqueue_account(
            self, "check_key", {}, expires_in=CHECK_FOR
        )

    def _on_check_key_ok(self, request, answer):
        projects = ", ".join(answer.data.get("projects") or [])
        self.write({"stt_check": "ok", "stt_said": projects or False})
        request._tell_changed(self, request.user_id)

    def _on_check_key_failed(self, request, error):
        self.write({"stt_check": "failed", "stt_said": error.message})
        request._tell_changed(self, request.user_id)


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    def _content(self):
        payload = super()._content()
        if self.action == "media_speech":
            speech = self.env["whatsapp.calling.speech"]._of(self.company_id)
            payload["tts"] = speech._tts(payload.get("voice"))
        return payload


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _media_speech(self):
        speech = self.env["whatsapp.calling.speech"]._of(self.company_id)
        voice = self.number_id._assistant().voice
        return {"tts": speech._tts(voice), "stt": speech._stt()}

    def _media_transcribe(self):
        """With the engine of the company's choice, and its key."""
        wanted = super()._media_transcribe()
        if not wanted:
            return wanted
        return {
            **wanted,
            **self.env["whatsapp.calling.speech"]._of(self.company_id)._stt(),
        }
