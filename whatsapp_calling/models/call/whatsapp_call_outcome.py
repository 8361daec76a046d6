"""What a provider's answer to a request means for the call it was about."""

from odoo import api, fields, models
from odoo.tools import format_datetime

from ...providers.base import WITH_APP_SECRET, ProviderError
from ...tools.error_catalogue import explain


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _on_answer(self, request, answer):
        request = self._in_words_of_user(request)
        handle = getattr(self._listener(request), f"_on_{request.action}_ok", None)
        if handle:
            handle(request, answer)

    @api.model
    def _on_failure(self, request, error):
        request = self._in_words_of_user(request)
        handle = getattr(self._listener(request), f"_on_{request.action}_failed", None)
        if handle:
            handle(request, error)
        if self._refuses_token(request, error):
            request.account_id._token_refused(error.message)

    @api.model
    def _refuses_token(self, request, error):
        """Whether the provider itself said that it does not take the account's token.

        Without a status nothing was sent: the key that the token is encrypted with is
        missing. And what is asked with the app secret says nothing about the token.
        """
        return (
            error.kind == "auth"
            and error.http_status
            and request.account_id
            and not request.media_unit_id
            and request.action not in WITH_APP_SECRET
        )

    def _listener(self, request):
        """Who handles the answer: the record that asked, else the model of calls."""
        record = request._record()
        if record is None:
            return self.with_env(request.env)
        return record or None  # its wizard was closed

    @api.model
    def _in_words_of_user(self, request):
        """What comes of a request is said in its user's language and time zone."""
        user = request.user_id
        return request.with_context(lang=user.lang, tz=user.tz)

    # ---- answering

    def _on_accept_ok(self, request, answer):
        call = request.call_id
        held = call._held_by_program() or call.handler_id == request.user_id
        if not held or not call._is_live():
            # nobody holds it any more: the answer must not stay open
            call._ask_to_hang_up("terminate")
            return
        if not call.handler_id and not call._held_by_program():
            # the user was deleted meanwhile
            call._end_here("lost_tab")
            return
        call.write(
            {
                "lease_until": False,
                "pinged_at": fields.Datetime.now(),
                "error_code": 0,
                "error_message": False,
            }
        )
        call._note_facts(accepted_at=fields.Datetime.now())
        call._post_soon()

    def _on_accept_failed(self, request, error):
        call = request.call_id
        if not call._is_connecting():
            return
        if error.kind == "in_progress" and self._accept_unsettled(request):
            # the accept whose answer was lost did arrive
            self._on_accept_ok(request, None)
            return
        call._show_error(error)
        if error.kind == "ended":
            # over; or an earlier accept without an answer did arrive after all
            call._end_here("no_news") if call._accept_left() else call._close("no_news")
        elif call._bound_to_tab() or not error.certain:
            # WhatsApp ties the answer to the SDP it holds: the same tab goes on
            # with the same SDP until the lease ends, nobody else can
            call._derive()
            self._accept_again(request)
        else:
            call._release(error.message)

    def _accept_unsettled(self, request):
        return request.call_id.request_ids.filtered(
            lambda r: (
                r.action == "accept"
                and r.user_id == request.user_id
                and r.state == "unknown"
            )
        )

    def _accept_again(self, request):
        call = request.call_id
        left = (call.lease_until - fields.Datetime.now()).total_seconds()
        sdp = call.answer_sdp
        if left <= 0 or not sdp:
            return
        again = self.env["whatsapp.call.request"]._enqueue(
            request.number_id,
            "accept",
            {"call_ref": call.provider_ref, "sdp": sdp, "opaque": call.opaque},
            expires_in=left,
            call=call,
            user=request.user_id,
        )
        again._try_again(1)

    def _on_pre_accept_failed(self, request, error):
        if error.kind == "ended":
            self.env["whatsapp.call.request"]._cancel_queued(request.call_id)
            self._on_accept_failed(request, error)

    # ---- dialling

    def _on_connect_ok(self, request, answer):
        call = request.call_id
        if answer.call_ref and answer.call_ref != call.provider_ref:
            call._take_over(answer.call_ref)
        if not call._is_live():
            call._ask_to_hang_up("terminate")

    def _on_connect_failed(self, request, error):
        call = request.call_id
        if not error.certain:
            # it may ring: our reference in WhatsApp's events, or the deadline, tell
            return
        call._show_error(error)
        if call._is_live():
            call._close("not_sent")
        if error.kind == "permission":
            call._permission_withdrawn(request, error)

    def _permission_withdrawn(self, request, error):
        """WhatsApp knows of no permission: ours was out of date."""
        permission = self.env["whatsapp.call.permission"]._of(
            request.number_id, request.call_id.contact_id
        )
        if permission.granted:
            self.env["whatsapp.call.event"]._append(
                request.account_id,
                "permission",
                source="request",
                number=request.number_id,
                contact=request.call_id.contact_id,
                note=error.message,
                data={"permission": {"accepted": False, "automatic": True}},
            )
            permission._fold_answers()

    # ---- ending

    def _on_reject_failed(self, request, error):
        self._on_terminate_failed(request, error)

    def _on_terminate_failed(self, request, error):
        call = request.call_id
        if error.kind == "ended":
            call._log("already_ended", self.env._("It had already ended"))

    # ---- messages, tests of the connection

    def _on_send_text_failed(self, request, error):
        self._notify(request.user_id, "warning", self._said(error))

    def _on_check_ok(self, request, answer):
        data = answer.data
        if data.get("in_waba") is False:
            said = self.env._(
                "%(number)s belongs to another WhatsApp account than the one whose ID "
                "is entered.",
                number=request.number_id.display_name,
            )
            self._on_check_failed(request, ProviderError(said, kind="refused"))
            return
        health = [data.get("verified_name"), data.get("quality_rating")]
        request.number_id.health = " · ".join(str(part) for part in health if part)
        request.number_id._note_limit(data)
        request.account_id._answered()
        request._tell_changed(request.account_id, request.user_id)
        request._tell_changed(request.number_id, request.user_id)
        message = self.env._(
            "%(number)s: WhatsApp answers as %(name)s.",
            number=request.number_id.display_name,
            name=data.get("verified_name") or data.get("display_phone_number") or "?",
        )
        self._notify(request.user_id, "success", message)

    def _on_check_failed(self, request, error):
        request.account_id.write(
            {
                "state": "failed",
                "state_message": error.message,
                "checked_at": fields.Datetime.now(),
            }
        )
        request._tell_changed(request.account_id, request.user_id)
        self._notify(request.user_id, "danger", self._said(error))

    # ---- saying it

    def _show_error(self, error):
        # the newest word counts: an accept that is tried again may fail otherwise
        self.write(
            {
                "error_code": error.code or 0,
                "error_message": " ".join(self._provider_words(error)),
                "error_href": False,
            }
        )

    def _provider_words(self, error):
        """What the provider said, its details, and when it may be tried again."""
        yield error.message
        if error.details and error.details not in error.message:
            yield error.details
        if error.next_allowed_at:
            when = format_datetime(
                self.env,
                self._moment(error.next_allowed_at),
                tz=self.env.context.get("tz") or False,
                dt_format="short",
            )
            yield self.env._("Possible again from %(when)s.", when=when)

    def _said(self, error):
        words = list(self._provider_words(error))
        if error.code:
            words.append(explain(error.code, self.env)[2])
        # what the provider says often lacks its full stop
        ends = (".", "!", "?", ":")
        words = [str(word) for word in words if word]
        return " ".join(w if w.endswith(ends) else f"{w}." for w in words)

    @api.model
    def _notify(self, user, kind, message):
        user._bus_send(
            "simple_notification",
            {
                "type": kind,
                "title": self.env._("WhatsApp Calling"),
                "message": message,
                "sticky": kind == "danger",
            },
        )
