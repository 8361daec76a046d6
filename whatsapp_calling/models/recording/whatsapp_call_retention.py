"""Retention: sound and text are deleted on time, wherever a copy lies; the fact stays.

Per company and kind: recordings of calls, voice messages (sound, words), transcripts.
What a legal hold keeps stays until it is released. Copies are: the sealed attachment,
pieces of an upload, turns, the words of a voice message in the chatter and in
reminders, and what the media sidecar still has. The bus and the history never had any.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

BATCH = 200  # calls or recordings of one transaction
KINDS = {"call": ("call", "whatsapp"), "voicemail": ("voicemail",)}
PURGE_FOR = 86400  # seconds for which a sidecar is asked to delete what it has


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model
    def _whatsapp_calling_all(self):
        """The companies that have calls, or had."""
        # sudo: account - looked after by the server
        accounts = self.env["whatsapp.calling.account"].sudo()
        domain = [("company_id", "!=", False)]
        return accounts.with_context(active_test=False).search(domain).company_id

    def _whatsapp_calling_kept_since(self, kind, ahead=0):
        """What is older is deleted; None: nothing is.

        :param kind: "call", "voicemail" or "text"
        :param ahead: days from now, for a look at what would go then
        """
        days = self[f"whatsapp_calling_keep_{kind}"]
        if not days:
            return None
        return fields.Datetime.now() - timedelta(days=days - ahead)


class WhatsappCallRecording(models.Model):
    _inherit = "whatsapp.call.recording"

    @api.model
    def _due(self, company, kind, ahead=0, held=False):
        """Domain of the recordings whose time is over.

        :param held: those that a legal hold keeps, instead of the others
        """
        since = company._whatsapp_calling_kept_since(kind, ahead)
        if since is None:
            return Domain.FALSE
        free = self.env["whatsapp.call"]._not_held()
        return (
            Domain("company_id", "=", company.id)
            & Domain("kind", "in", KINDS[kind])
            & Domain("state", "!=", "purged")
            & Domain("call_id.started_at", "<", since)
            & Domain("call_id", "any", ~free if held else free)
        )

    @api.autovacuum
    def _gc_sound(self):
        """Delete the sound whose time is over: (how many, whether there is more)."""
        return self._purge_due(self.env["res.company"]._whatsapp_calling_all())

    @api.model
    def _purge_due(self, companies):
        due = self.browse()
        for company in companies:
            for kind in KINDS:
                room = BATCH - len(due)
                due |= (
                    self.search(self._due(company, kind), limit=room) if room else due
                )
        due._purge()
        return len(due), len(due) == BATCH

    def _purge(self):
        """Delete this sound, say so in the history, and have the sidecar delete it."""
        self.env["whatsapp.call.recording.part"]._forget(self)
        for recording in self:
            recording._erase_sound()
        for call in self.call_id:
            call._sound_purged()
        self.call_id._purge_at_sidecar()


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    # what asked the sidecar to delete its copies, until it said that it did
    purge_request_id = fields.Many2one(
        "whatsapp.call.request",
        "Requests",
        groups=fields.NO_ACCESS,
        index="btree_not_null",
        copy=False,
    )

    @api.model
    def _due_text(self, company, ahead=0, held=False):
        """Domain of the calls whose transcript is over its time; of voice messages it
        goes with their sound."""
        due = Domain.FALSE
        for kind in ("text", "voicemail"):
            since = company._whatsapp_calling_kept_since(kind, ahead)
            if since is None:
                continue
            message = Domain("recording_ids", "any", [("kind", "=", "voicemail")])
            due |= Domain("started_at", "<", since) & (
                message if kind == "voicemail" else ~message
            )
        free = self._not_held()
        return (
            Domain("company_id", "=", company.id)
            & Domain("has_transcript", "=", True)
            & due
            & (~free if held else free)
        )

    @api.autovacuum
    def _gc_text(self):
        """Delete the text whose time is over: (how many, whether there is more)."""
        return self._purge_text_due(self.env["res.company"]._whatsapp_calling_all())

    @api.model
    def _purge_text_due(self, companies):
        due = self.browse()
        for company in companies:
            room = BATCH - len(due)
            due |= self.search(self._due_text(company), limit=room) if room else due
        for call in due:
            call._purge_text()
        return len(due), len(due) == BATCH

    def _sound_purged(self):
        """Of this call's recordings one was deleted."""
        if any(self.recording_ids.mapped(lambda r: r.state != "purged")):
            return
        self._recording_changed(
            recording_state="purged", recording_purged_at=fields.Datetime.now()
        )
        days = self._kept_days("voicemail" if self._is_message() else "call")
        self._log(
            "recording_purged",
            self.env._("The recording was deleted after %(days)s days", days=days),
        )

    def _is_message(self):
        return "voicemail" in self.recording_ids.mapped("kind")

    def _kept_days(self, kind):
        return self.company_id[f"whatsapp_calling_keep_{kind}"]

    def _purge_text(self):
        """Delete what was written down of this call, and where it was shown."""
        days = self._kept_days("voicemail" if self._is_message() else "text")
        self._delete_text()
        self._recording_changed(transcript_purged_at=fields.Datetime.now())
        self._log(
            "transcript_purged",
            self.env._("The transcript was deleted after %(days)s days", days=days),
        )

    def _delete_text(self):
        self.turn_ids.unlink()
        self.has_transcript = False
        # the entry of the call is written anew, without the words of the message
        self._post_soon()
        self._delete_reminders()

    def _delete_reminders(self):
        """The words of a voice message stand in reminders, and in the chatter when
        one was done: they name the call by its address."""
        link = self._call_link()
        activities = self.env["mail.activity"].with_context(active_test=False)
        thread = self._follow_up_thread()
        here = [("res_model", "=", thread._name), ("res_id", "=", thread.id)]
        activities.search([*here, ("note", "ilike", link)]).unlink()
        here[0] = ("model", "=", thread._name)
        told = self.env["mail.message"].search([*here, ("body", "ilike", link)])
        (told - self.message_id).unlink()

    def _purge_at_sidecar(self):
        """Ask the sidecars to delete whatever they still have of these calls."""
        requests = self.env["whatsapp.call.request"]
        carried = self.filtered(lambda call: call.media_unit_id and call.media_ref)
        for unit, calls in carried.grouped("media_unit_id").items():
            for company, own in calls.grouped("company_id").items():
                own.purge_request_id = requests._enqueue_media(
                    unit,
                    "media_purge",
                    {"calls": own.mapped("media_ref")},
                    expires_in=PURGE_FOR,
                    company=company,
                    record=unit,
                )

    @api.autovacuum
    def _gc_at_sidecar(self):
        """Ask sidecars again that were away all day when they were to delete."""
        left = self.search(
            [
                ("purge_request_id.state", "not in", ("queued", "sending", "done")),
                ("purge_request_id", "!=", False),
                ("media_unit_id", "!=", False),
            ],
            limit=BATCH,
        )
        left.filtered(lambda call: call.media_unit_id.up)._purge_at_sidecar()


class WhatsappMediaUnit(models.Model):
    _inherit = "whatsapp.media.unit"

    def _on_media_purge_ok(self, request, answer):
        """The sidecar has nothing of these calls any more."""
        asked = [("purge_request_id", "=", request.id)]
        self.env["whatsapp.call"].search(asked).purge_request_id = False

    def _on_media_purge_failed(self, request, error):
        """It does not answer: asked again each day (`_gc_at_sidecar`); what it hands
        over meanwhile is refused with 410."""
