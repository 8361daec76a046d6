"""A voice tried out: spoken by the media server, heard in the form."""

from odoo import fields, models
from odoo.exceptions import UserError

SPEAK_FOR = 30  # seconds after which it is not asked any more


class WhatsappCallingSample(models.AbstractModel):
    _name = "whatsapp.calling.sample"
    _description = "Sample of a Voice"

    sample_state = fields.Selection(
        [("waiting", "Being spoken"), ("ok", "Spoken"), ("failed", "Refused")],
        "Sample",
        readonly=True,
        copy=False,
    )
    sample_said = fields.Char("What the speech engine said", readonly=True, copy=False)
    sample_id = fields.Many2one(
        "ir.attachment", "Sound of the sample", readonly=True, copy=False
    )
    sample_url = fields.Char("Listen", compute="_compute_sample_url")

    def _compute_sample_url(self):
        for each in self:
            sound = each.sample_id
            each.sample_url = (
                f"/web/content/{sound.id}?unique={sound.checksum}" if sound else False
            )

    def _sample_prompt(self):
        """What is spoken: PROMPT of the sidecar's API."""
        raise NotImplementedError

    def action_sample(self):
        """Have a media server speak in this voice."""
        self.ensure_one()
        # sudo: unit - that there is one is no secret to who sets up its voice
        unit = self.env["whatsapp.media.unit"].sudo()._least_loaded(self.company_id)
        if not unit:
            raise UserError(
                self.env._(
                    "No media server is up, and only one can speak. Check it under "
                    "Configuration, Media sidecars."
                )
            )
        self.write({"sample_state": "waiting", "sample_said": False})
        self.env["whatsapp.call.request"]._enqueue_media(
            unit,
            "media_speech",
            self._sample_prompt(),
            expires_in=SPEAK_FOR,
            company=self.company_id,
            record=self,
        )

    def _on_media_speech_ok(self, request, answer):
        # sudo: attachment - of a form that only those who may change it see
        sound = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": "sample.ogg",
                    "raw": answer.content,
                    "mimetype": "audio/ogg",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
        self.sample_id.unlink()
        self.write({"sample_state": "ok", "sample_id": sound.id, "sample_said": False})
        request._tell_changed(self, request.user_id)

    def _on_media_speech_failed(self, request, error):
        self.write({"sample_state": "failed", "sample_said": error.message})
        request._tell_changed(self, request.user_id)
