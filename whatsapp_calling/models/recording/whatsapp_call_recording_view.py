"""What the player shows of a call: its tracks and turns, or why there are none."""

from odoo import api, models
from odoo.tools import format_date

from .whatsapp_call_recording import LISTENERS

ORDER = ("mix", "agent", "caller")


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def recording_view(self, call_id):
        """All that the player on a call's form needs, in one request.

        :return: {"tracks": [{"id", "track", "url", "duration_ms", "peaks"}], "turns":
            [{"id", "speaker", "name", "start_ms", "end_ms", "text"}], "why": a sentence
            when there is nothing to hear, else "", "may_download", "pending": whether
            sound or text is still to come}
        """
        call = self._for_softphone(call_id)
        if call.sudo().company_id not in self.env.user.company_ids:
            call = self.browse()  # who handled it has left that company since
        listens = self.env.user.has_group(LISTENERS)
        view = {"tracks": [], "turns": [], "why": "", "may_download": listens}
        view["pending"] = bool(call) and call.sudo()._recording_to_come()
        if not call:
            return {**view, "why": self.env._("There is no such call.")}
        # sudo: recording, turn - of a call the user may read, and of the group
        tracks = call.sudo().recording_ids.filtered(lambda r: r.state == "ready")
        turns = call.sudo().turn_ids
        if not listens and (tracks or turns):
            why = self.env._(
                "You may not listen to recordings. An administrator can give you the "
                "right “Recordings of calls”."
            )
            return {**view, "why": why}
        if listens:
            view["tracks"] = [
                recording._track_view()
                for recording in tracks.sorted(lambda r: ORDER.index(r.track))
            ]
            view["turns"] = [turn._turn_view() for turn in turns]
        if not view["tracks"]:
            view["why"] = call.sudo()._why_no_sound()
        return view

    def _recording_to_come(self):
        self.ensure_one()
        return self.recording_state in ("recording", "paused", "uploading") or bool(
            self.recording_state == "planned" and self._is_live()
        )

    def _why_no_sound(self):
        """Why there is nothing to hear of this call, a sentence."""
        self.ensure_one()
        if not self._is_live() and not (self.official_start or self.accepted_at):
            return self.env._("Nobody answered, so there is nothing to hear.")
        explain = getattr(self, f"_why_{self.recording_state or 'off'}")
        return explain()

    def _why_off(self):
        company = self.company_id.name
        reasons = {
            "gate": self.env._(
                "Call recording was switched off for %(company)s.", company=company
            ),
            "number": self.env._(
                "Recording was switched off for the number %(number)s.",
                number=self.number_id.display_name,
            ),
            "direct": self.env._(
                "This call went straight between the browser and WhatsApp, without a "
                "media server, so it was not recorded."
            ),
        }
        return reasons.get(self.recording_off) or self.env._(
            "This call was not recorded."
        )

    def _why_planned(self):
        if not (self.record_agent or self.record_caller):
            return self.env._(
                "Of this call only the text is kept: the number records no sound."
            )
        if self._is_live():
            return self.env._(
                "The call is being recorded. It can be heard when it is over."
            )
        return self.env._("The call ended before the recording began.")

    def _why_recording(self):
        return self._why_planned() if self._is_live() else self._why_uploading()

    def _why_paused(self):
        return self._why_recording()

    def _why_uploading(self):
        if not (self.record_agent or self.record_caller):
            return self._why_planned()
        away = self._sidecar_away()
        if away:
            return self.env._(
                "The recording is still on the media server “%(name)s”, which does "
                "not answer. It comes by itself when the server is back.",
                name=away,
            )
        return self.env._("The recording is still being uploaded.")

    def _sidecar_away(self):
        """The name of the sidecar that has this recording and is not there, or ""."""
        # sudo: unit - that it is away is no secret
        unit = self.sudo().media_unit_id
        return "" if not unit or unit.up else unit.sidecar_id.name

    def _why_stored(self):
        if not (self.record_agent or self.record_caller or self.recording_ids):
            return self._why_planned()
        return self.env._("The files of the recording are gone.")

    def _why_discarded(self):
        return self.env._(
            "The customer did not agree to the recording, so it was deleted."
        )

    def _why_dropped(self):
        return self.env._("This call was not recorded.")

    def _why_failed(self):
        return self.env._(
            "The call could not be recorded: %(problem)s",
            problem=self._recording_problem_text(self.recording_problem)
            or self.env._("no reason was given"),
        )

    def _why_purged(self):
        return self.env._(
            "The recording was deleted on %(date)s: it is kept no longer than that.",
            date=format_date(self.env, self.recording_purged_at),
        )

    def _why_erased(self):
        return self.env._(
            "The recording was erased together with all that was known of the customer."
        )


class WhatsappCallRecording(models.Model):
    _inherit = "whatsapp.call.recording"

    def _track_view(self):
        """{id, track, url, duration_ms, peaks} for the player."""
        self.ensure_one()
        return {
            "id": self.id,
            "track": self.track,
            "url": f"/whatsapp_calling/recording/{self.id}/audio",
            "duration_ms": self.duration_ms,
            "peaks": self.peaks or [],
        }
