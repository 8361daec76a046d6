"""Calling on and off: WhatsApp is told first, and only its yes changes anything."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# longer than a request may take: what is older was lost with its server
LOST_AFTER = 120
# WhatsApp answers at once; a number that is asked later is no longer waited for
ASK_FOR = 60
SWITCH = {True: "ENABLED", False: "DISABLED"}


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    # no user writes it: `write` asks WhatsApp instead
    calling_enabled = fields.Boolean(
        "Calling", copy=False, help="Whether WhatsApp takes calls for this number."
    )
    enabled_at = fields.Datetime("Last enabled", readonly=True, copy=False)
    enabled_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    calling_pending = fields.Selection(
        [("on", "Switching on"), ("off", "Switching off")],
        "Asked of WhatsApp",
        compute="_compute_pending",
    )
    settings_pending = fields.Boolean(
        "Settings are under way", compute="_compute_pending"
    )
    settings_sent = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    settings_sent_at = fields.Datetime(readonly=True, copy=False)
    settings_sent_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    settings_error = fields.Text(
        "What WhatsApp refused",
        readonly=True,
        copy=False,
        help="In WhatsApp's words, and what to do.",
    )

    @api.depends("settings_sent")
    def _compute_pending(self):
        for number in self:
            # sudo: number - what is being sent may be known to who sees the number
            sent = number.sudo().settings_sent or {}
            waits = {"ENABLED": "on", "DISABLED": "off"}
            number.calling_pending = waits.get(sent.get("status"), False)
            number.settings_pending = bool(sent)

    @api.model_create_multi
    def create(self, vals_list):
        asked, prepared = [], []
        for vals in vals_list:
            on = vals.get("calling_enabled")
            if on and self.env.su:
                now, uid = fields.Datetime.now(), self.env.uid
                vals = {"enabled_at": now, "enabled_by_id": uid, **vals}
            elif on:
                # whoever adds a number cannot decide for WhatsApp either
                vals = {**vals, "calling_enabled": False}
            asked.append(on and not self.env.su)
            prepared.append(vals)
        numbers = super().create(prepared)
        for number, on in zip(numbers, asked, strict=True):
            if on:
                number._ask_calling(True)
        switched_on = numbers.filtered("calling_enabled")
        switched_on.company_id._whatsapp_calling_restart_phones()
        return numbers

    def write(self, vals):
        """Code (sudo) notes what WhatsApp said; a user's wish is sent to WhatsApp."""
        if "calling_enabled" not in vals:
            done = super().write(vals)
            if "active" in vals:
                self.company_id._whatsapp_calling_restart_phones()
            return done
        on = bool(vals["calling_enabled"])
        if self.env.su:
            if on:
                noted = {"enabled_at": fields.Datetime.now()}
                vals = {"enabled_by_id": self.env.uid, **noted, **vals}
            switched = self.filtered(lambda n: n.calling_enabled != on)
            done = super().write(vals)
            switched.company_id._whatsapp_calling_restart_phones()
            return done
        others = {name: vals[name] for name in vals if name != "calling_enabled"}
        done = super().write(others) if others else True
        self.action_set_calling(on)
        return done

    def action_set_calling(self, on):
        """The switch was clicked: ask WhatsApp; the answer comes over the bus.

        :raises UserError: it cannot be asked, and nothing changed
        """
        for number in self:
            number._ask_calling(bool(on))
        return True

    def _ask_calling(self, on):
        self.ensure_one()
        self.check_access("write")
        wish = "on" if on else "off"
        if self.calling_pending == wish and not self._sent_is_lost():
            return  # somebody else clicked just before: one request is enough
        settled = not (self.settings_pending or self.settings_error)
        if settled and self.calling_enabled == on:
            return  # and WhatsApp has answered already
        if not (self.account_id._can("SETTINGS") and self.account_id._can("ANSWER")):
            raise UserError(
                self.env._(
                    "%(number)s: its provider does not let Odoo switch calling on "
                    "or off.",
                    number=self.display_name,
                )
            )
        refusal = on and self.company_id._whatsapp_calling_refusal()
        if refusal:
            raise UserError(refusal)
        self._send_settings({"status": SWITCH[on]})

    def _send_settings(self, calling):
        """Ask WhatsApp to take settings, one request at a time.

        :param calling: members of Meta's `calling` object that are to change
        """
        self._refuse_while_pending()
        # sudo: number - what is under way is noted by code only
        self.sudo().write(
            {
                "settings_sent": calling,
                "settings_sent_at": fields.Datetime.now(),
                "settings_sent_by_id": self.env.uid,
                "settings_error": False,
            }
        )
        self.env["whatsapp.call.request"]._enqueue(
            self, "set_settings", {"calling": calling}, expires_in=ASK_FOR
        )
        self._tell_changed()

    def _refuse_while_pending(self):
        """Two requests at once could arrive in either order."""
        if not self.settings_pending or self._sent_is_lost():
            return
        raise UserError(
            self.env._(
                "%(user)s is changing the settings of %(number)s just now. Wait until "
                "WhatsApp has answered.",
                user=self.settings_sent_by_id.sudo().name,
                number=self.display_name,
            )
        )

    def _sent_is_lost(self):
        sent_at = self.settings_sent_at
        limit = fields.Datetime.now() - timedelta(seconds=LOST_AFTER)
        return not sent_at or sent_at < limit

    def _tell_changed(self, others=None):
        """Open lists and forms of managers show it at once."""
        requests = self.env["whatsapp.call.request"]
        for number in self:
            users = number._managers() | (others or self.env["res.users"])
            requests._tell_changed(number, users)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _on_set_settings_ok(self, request, answer):
        number = request.number_id
        sent = number.settings_sent or {}
        number.write({"settings_sent": False, "settings_error": False})
        moment = self._answered_at(answer)
        overtaken = number.settings_at and moment < number.settings_at
        number._note_settings(
            {**(number.meta_settings or {}), **sent}, moment, user=request.user_id
        )
        number._tell_changed(request.user_id)
        self._notify(request.user_id, "success", self._settings_taken(number, sent))
        if overtaken or not number.settings_read_at:
            number._ask_settings(user=request.user_id)

    def _settings_taken(self, number, sent):
        names = {"number": number.display_name}
        if sent.get("status") == "ENABLED":
            notices = self.env["whatsapp.calling.notice"]
            if notices._open_of(number.account_id, "field_lost", None):
                return self.env._(
                    "%(number)s: calling is on, but calls do not come in yet: the app "
                    "is not subscribed to all fields.",
                    **names,
                )
            return self.env._(
                "%(number)s: calling is on. Phones may show the call button only "
                "after up to 7 days.",
                **names,
            )
        if sent.get("status") == "DISABLED":
            return self.env._("%(number)s: calling is off.", **names)
        return self.env._("%(number)s: WhatsApp took the settings.", **names)

    def _on_set_settings_failed(self, request, error):
        number = request.number_id
        number.write({"settings_sent": False, "settings_error": self._said(error)})
        number._tell_changed(request.user_id)
        message = self.env._(
            "%(number)s: WhatsApp did not take the settings. %(said)s",
            number=number.display_name,
            said=number.settings_error,
        )
        self._notify(request.user_id, "danger", message)
        if not error.certain:
            # it may have been taken all the same: look at what WhatsApp has now
            number._ask_settings(user=request.user_id)

    @api.model
    def _answered_at(self, answer):
        """When WhatsApp said it, by WhatsApp's clock where it told (naive UTC)."""
        served_at = getattr(answer, "served_at", None)
        return self._moment(served_at) if served_at else fields.Datetime.now()
