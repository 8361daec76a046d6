"""What a number's settings are at WhatsApp, and what they shall be.

Fields hold what people entered, `meta_settings` what WhatsApp has. They meet in two
ways only: WhatsApp takes what was entered (all of it in one request, or nothing), or
somebody takes over here what WhatsApp has.
"""

from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...providers import reading

# members of Meta's `calling` object that are set here, and Meta's values by default
DEFAULTS = {
    "call_icon_visibility": "DEFAULT",
    "call_icons": {"restrict_to_user_countries": []},
    "callback_permission_status": "DISABLED",
    "call_hours": {"status": "DISABLED"},
}
ICONS = {"shown": "DEFAULT", "hidden": "DISABLE_ALL"}
READ_FOR = 60  # seconds


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    icon_visibility = fields.Selection(
        [("shown", "Shown"), ("hidden", "Hidden")],
        "Call button",
        default="shown",
        copy=False,
        help="Whether chats and the profile show the call button. Customers may find "
        "other ways to call: hiding it is no lock.",
    )
    country_ids = fields.Many2many(
        "res.country",
        string="Only for customers of",
        copy=False,
        help="Countries of the customers' phone numbers. Empty: everywhere.",
    )
    callback_permission = fields.Boolean(
        copy=False,
        help="Customers who call are asked whether you may call them back.",
    )
    meta_settings = fields.Json("Settings at WhatsApp", readonly=True, copy=False)
    settings_at = fields.Datetime("Settings as of", readonly=True, copy=False)
    settings_read_at = fields.Datetime("Read from WhatsApp", readonly=True, copy=False)
    settings_unread = fields.Text(
        "What could not be entered here", readonly=True, copy=False
    )
    settings_differ = fields.Boolean(compute="_compute_differences")
    settings_differences = fields.Html(compute="_compute_differences", sanitize=False)

    @api.depends(
        "meta_settings",
        "icon_visibility",
        "country_ids",
        "callback_permission",
        "hours_enabled",
        "hours_tz",
        "hours_ids.weekday",
        "hours_ids.opens",
        "hours_ids.closes",
        "holiday_ids.date",
        "holiday_ids.opens",
        "holiday_ids.closes",
    )
    def _compute_differences(self):
        for number in self:
            theirs = number.meta_settings or {}
            differing = number.settings_read_at and number._to_change()
            number.settings_differ = bool(differing)
            number.settings_differences = differing and number._settings_table(
                [(key, value, theirs.get(key)) for key, value in differing.items()]
            )

    def _wanted(self):
        """What was entered, in Meta's shape."""
        self.ensure_one()
        known = self.meta_settings or {}
        # an icon setting that has no name here is left as it is
        icon = ICONS.get(self.icon_visibility)
        icon = icon or self._member(known, "call_icon_visibility")
        return {
            "call_icon_visibility": icon,
            "call_icons": {
                "restrict_to_user_countries": sorted(self.country_ids.mapped("code"))
            },
            "callback_permission_status": (
                "ENABLED" if self.callback_permission else "DISABLED"
            ),
            "call_hours": self._meta_hours(self._member(known, "call_hours")),
        }

    def _normal_settings(self, calling):
        """Meta's settings as they compare: order and left-out members aside."""
        normal = {key: self._member(calling, key) for key in DEFAULTS}
        codes = self._country_codes(normal["call_icons"])
        normal["call_icons"] = {"restrict_to_user_countries": sorted(codes)}
        normal["call_hours"] = self._normal_hours(normal["call_hours"])
        return normal

    def _member(self, calling, key):
        """A member of Meta's `calling`; what is of another type counts as not said."""
        value = calling.get(key)
        usable = value and isinstance(value, type(DEFAULTS[key]))
        return value if usable else DEFAULTS[key]

    def _country_codes(self, icons):
        codes = icons.get("restrict_to_user_countries")
        codes = codes if isinstance(codes, list) else []
        return [code for code in codes if isinstance(code, str)]

    def _to_change(self):
        """Members of `calling` that differ from what WhatsApp has."""
        wanted = self._wanted()
        ours = self._normal_settings(wanted)
        theirs = self._normal_settings(self.meta_settings or {})
        return {key: wanted[key] for key in DEFAULTS if ours[key] != theirs[key]}

    # ---- what people do

    def action_apply_settings(self):
        """Send what differs, in one request: WhatsApp takes all of it or nothing.

        :raises UserError: nothing can be sent, and nothing changed
        """
        self.ensure_one()
        self._check_settable()
        if not self.settings_read_at:
            raise UserError(
                self.env._(
                    "Read the settings from WhatsApp first, so that nothing is "
                    "overwritten unseen."
                )
            )
        self._check_hours()
        changed = self._to_change()
        if not changed:
            raise UserError(self.env._("WhatsApp has these settings already."))
        self._send_settings(changed)
        return True

    def action_read_settings(self):
        """Ask WhatsApp for its settings; the answer comes over the bus."""
        for number in self:
            number._check_settable()
            number._ask_settings()
        return True

    def action_take_over_settings(self):
        """Enter here what WhatsApp has; what was entered and not applied goes."""
        for number in self:
            number.check_access("write")
            # sudo: number - the fields follow what code has noted of WhatsApp
            number.sudo()._fill_settings(number.meta_settings or {}, DEFAULTS)
        return True

    def _check_settable(self):
        self.check_access("write")
        if not self.account_id._can("SETTINGS"):
            raise UserError(
                self.env._(
                    "%(number)s: its provider has no settings that Odoo can change.",
                    number=self.display_name,
                )
            )

    def _ask_settings(self, user=None):
        self.env["whatsapp.call.request"]._enqueue(
            self, "get_settings", {}, expires_in=READ_FOR, user=user
        )

    # ---- what WhatsApp says

    def _note_settings(self, calling, moment, user=None):
        """Note what WhatsApp has now; news that are older than what is known are none.

        What was entered here follows where it had been the same. What cannot be
        entered here stays known all the same, and `settings_unread` says why.

        :param calling: Meta's `calling` object, whole
        :param moment: since when it is so, naive UTC
        :return: whether calling was switched on or off by it
        """
        self.ensure_one()
        if self.settings_at and moment.replace(microsecond=0) < self.settings_at:
            return False
        before, pending = self.meta_settings, set(self._to_change())
        follow = [key for key in DEFAULTS if before is None or key not in pending]
        on = calling.get("status") == "ENABLED"
        switched = "status" in calling and on != self.calling_enabled
        values = {"meta_settings": calling, "settings_at": moment}
        if switched:
            values["calling_enabled"] = on
        if switched and on:
            values["enabled_by_id"] = user.id if user else False
        if (before or {}).get("call_hours") != calling.get("call_hours"):
            values["settings_unread"] = False
        self.write(values)
        self._fill_settings(calling, [key for key in follow if key != "call_hours"])
        if "call_hours" in follow:
            self._follow_hours(calling)
        return switched

    def _follow_hours(self, calling):
        """Enter WhatsApp's hours, unless they are none that can be entered here."""
        try:
            with self.env.cr.savepoint():
                self._fill_settings(calling, ["call_hours"])
        except UserError as error:
            self.settings_unread = self.env._(
                "The call hours at WhatsApp differ from those entered here, and cannot "
                "be entered: %(reason)s",
                reason=error,
            )

    def _note_limit(self, data):
        """Of a test of the number: how many customers a day it may write to.

        :param data: the answer to `check`, with what it means under "neutral"
        """
        said = data.get("neutral") or {}
        if said.get("unlimited"):
            self.messaging_limit = self.env._("No limit")
        elif said.get("messaging_limit"):
            limit = said["messaging_limit"]
            self.messaging_limit = self.env._(
                "%(limit)s customers a day", limit=f"{limit:,}"
            )

    def _fill_settings(self, calling, keys):
        """Set the fields of some members to what WhatsApp has."""
        values = {}
        normal = self._normal_settings(calling)
        if "call_icon_visibility" in keys:
            names = {value: name for name, value in ICONS.items()}
            values["icon_visibility"] = names.get(normal["call_icon_visibility"], False)
        if "call_icons" in keys:
            codes = normal["call_icons"]["restrict_to_user_countries"]
            found = self.env["res.country"].search([("code", "in", codes)])
            values["country_ids"] = [(6, 0, found.ids)]
        if "callback_permission_status" in keys:
            status = normal["callback_permission_status"]
            values["callback_permission"] = status == "ENABLED"
        self.write(values)
        if "call_hours" in keys and calling.get("call_hours"):
            self._fill_hours(self._member(calling, "call_hours"))

    # ---- in words

    def _settings_table(self, rows):
        """Rows of a key and values as HTML: what is entered, what WhatsApp has."""
        heads = ["", self.env._("Entered here"), self.env._("At WhatsApp")]
        names = {
            "call_icon_visibility": self.env._("Call button"),
            "call_icons": self.env._("Only for customers of"),
            "callback_permission_status": self.env._("Ask for permission to call back"),
            "call_hours": self.env._("WhatsApp's own call hours"),
        }
        cells = Markup().join(Markup("<th>%s</th>") % head for head in heads)
        lines = Markup("<tr>%s</tr>") % cells
        for key, *values in rows:
            cells = Markup("<th class='fw-normal text-muted'>%s</th>") % names[key]
            for value in values:
                text = Markup("<br/>").join(map(escape, self._in_words(key, value)))
                cells += Markup("<td>%s</td>") % text
            lines += Markup("<tr>%s</tr>") % cells
        markup = "<table class='table table-sm o-whatsapp-Settings-table'>%s</table>"
        return Markup(markup) % lines

    def _in_words(self, key, value):
        """Lines of text for a member of Meta's `calling`."""
        value = self._member({key: value}, key)
        if key == "call_hours":
            return self._hours_text(value)
        if key == "call_icons":
            codes = self._country_codes(value)
            found = self.env["res.country"].search([("code", "in", codes)])
            return [", ".join(found.mapped("name")) or self.env._("All countries")]
        words = {
            "DEFAULT": self.env._("Shown"),
            "DISABLE_ALL": self.env._("Hidden"),
            "ENABLED": self.env._("Yes"),
            "DISABLED": self.env._("No"),
        }
        return [words.get(value, value)]


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _on_get_settings_ok(self, request, answer):
        number = request.number_id
        calling = answer.data.get("calling")
        if not isinstance(calling, dict):
            self._on_get_settings_failed(request, None)
            return
        calling = dict(calling)
        restrictions = reading.obj(calling, "restrictions", [])
        calling.pop("restrictions", None)
        # what was asked for just now is the newest, whatever the clocks say
        moments = [self._answered_at(answer), number.settings_at]
        number._note_settings(calling, max(filter(None, moments)), request.user_id)
        number.settings_read_at = fields.Datetime.now()
        number._note_restrictions(restrictions)
        number._tell_changed(request.user_id)
        if number.settings_unread:
            names = {"number": number.display_name, "reason": number.settings_unread}
            message = self.env._("%(number)s: %(reason)s", **names)
            self._notify(request.user_id, "warning", message)

    def _on_get_settings_failed(self, request, error):
        number = request.number_id
        said = self._said(error) if error else self.env._("Its answer was empty.")
        message = self.env._(
            "%(number)s: the settings could not be read from WhatsApp. %(said)s",
            number=number.display_name,
            said=said,
        )
        self._notify(request.user_id, "danger", message)
