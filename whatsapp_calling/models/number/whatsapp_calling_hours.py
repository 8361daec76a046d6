"""WhatsApp's own call hours of a number: weekly slots and holidays.

The limits are Meta's (call settings): what is saved here is taken there.
"""

from collections import defaultdict
from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

DAYS = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)
SLOTS_A_DAY = 2
MOST_HOLIDAYS = 20
LAST_MINUTE = 23 + 59 / 60


class WhatsappCallingSpan(models.AbstractModel):
    _name = "whatsapp.calling.span"
    _description = "Two Times of a Day"

    number_id = fields.Many2one(
        "whatsapp.calling.number", required=True, index=True, ondelete="cascade"
    )
    opens = fields.Float("From", required=True)
    closes = fields.Float("To", required=True)

    @api.constrains("opens", "closes")
    def _check_times(self):
        for span in self:
            if not 0 <= span._minutes("opens") < span._minutes("closes") < 24 * 60:
                raise ValidationError(
                    self.env._(
                        "%(day)s: the first time must be before the second, and both "
                        "between 00:00 and 23:59.",
                        day=span._day(),
                    )
                )

    def _minutes(self, name):
        return round(self[name] * 60)

    def _hhmm(self, name):
        """A time as Meta takes it, "0930"."""
        hours, minutes = divmod(self._minutes(name), 60)
        return f"{hours:02}{minutes:02}"

    def _check_day(self, most):
        """The spans of one day: not too many, and none into the next.

        :raises ValidationError: as WhatsApp would refuse it
        """
        spans = self.sorted(lambda span: span._minutes("opens"))
        if len(spans) > most:
            raise ValidationError(
                self.env._(
                    "%(day)s has more than %(most)s periods: WhatsApp takes no more.",
                    day=spans[0]._day(),
                    most=most,
                )
            )
        for first, second in pairwise(spans):
            if first._minutes("closes") > second._minutes("opens"):
                raise ValidationError(
                    self.env._(
                        "The periods of %(day)s overlap: WhatsApp does not take that.",
                        day=first._day(),
                    )
                )

    @api.model
    def _hours_of(self, text):
        """0930 or 09:30 as hours (9.5); None when it is no time."""
        digits = str(text or "").replace(":", "")
        if len(digits) != 4 or not digits.isdigit():
            return None
        return int(digits[:2]) + int(digits[2:]) / 60


class WhatsappCallingHours(models.Model):
    _name = "whatsapp.calling.hours"
    _inherit = "whatsapp.calling.span"
    _description = "WhatsApp Call Hours"
    _order = "weekday, opens"

    weekday = fields.Selection(
        [
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        "Day",
        required=True,
    )
    opens = fields.Float(default=9.0)
    closes = fields.Float(default=17.0)

    def _day(self):
        names = dict(self._fields["weekday"]._description_selection(self.env))
        return names[self.weekday]

    def _meta(self):
        """The slots in Meta's shape and in order."""
        return [
            {
                "day_of_week": DAYS[int(slot.weekday)],
                "open_time": slot._hhmm("opens"),
                "close_time": slot._hhmm("closes"),
            }
            for slot in self.sorted(lambda s: (s.weekday, s._minutes("opens")))
        ]

    @api.model
    def _values_of(self, week):
        """Meta's weekly_operating_hours as values of new lines."""
        found = []
        slots = week if isinstance(week, list) else []
        for slot in filter(lambda slot: isinstance(slot, dict), slots):
            opens = self._hours_of(slot.get("open_time"))
            closes = self._hours_of(slot.get("close_time"))
            day = str(slot.get("day_of_week") or "").upper()
            if day in DAYS and opens is not None and closes is not None:
                weekday = str(DAYS.index(day))
                found.append({"weekday": weekday, "opens": opens, "closes": closes})
        return found


class WhatsappCallingHoliday(models.Model):
    _name = "whatsapp.calling.holiday"
    _inherit = "whatsapp.calling.span"
    _description = "WhatsApp Call Hours: Holiday"
    _order = "date, opens"

    date = fields.Date("Day", required=True)
    opens = fields.Float("Closed from", default=0.0)
    closes = fields.Float("Closed until", default=LAST_MINUTE)

    @api.constrains("date")
    def _check_date(self):
        today = fields.Date.context_today(self)
        for holiday in self:
            if holiday.date < today:
                raise ValidationError(
                    self.env._(
                        "%(day)s is over: WhatsApp takes no holidays of the past.",
                        day=holiday._day(),
                    )
                )

    def _day(self):
        return format_date(self.env, self.date)

    def _meta(self):
        """Those to come in Meta's shape and in order; it refuses past ones."""
        today = fields.Date.context_today(self)
        return [
            {
                "date": holiday.date.isoformat(),
                "start_time": holiday._hhmm("opens"),
                "end_time": holiday._hhmm("closes"),
            }
            for holiday in self.sorted(lambda h: (h.date, h._minutes("opens")))
            if holiday.date >= today
        ]

    @api.model
    def _values_of(self, holidays):
        """Meta's holiday_schedule as values of new lines, but for days that are over;
        its texts name the times in two ways."""
        today = fields.Date.context_today(self)
        found = []
        rows = holidays if isinstance(holidays, list) else []
        for each in filter(lambda row: isinstance(row, dict), rows):
            opens = self._hours_of(each.get("start_time") or each.get("open_time"))
            closes = self._hours_of(each.get("end_time") or each.get("close_time"))
            try:
                date = fields.Date.to_date(str(each.get("date") or ""))
            except ValueError:
                date = None
            read = date and opens is not None and closes is not None
            if read and date >= today:
                found.append({"date": date, "opens": opens, "closes": closes})
        return found


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    hours_enabled = fields.Boolean("WhatsApp's own call hours", copy=False)
    hours_confirmed = fields.Boolean(
        "Outside these hours nobody shall reach Odoo", copy=False
    )
    hours_tz = fields.Selection(
        lambda self: self._time_zones(),
        "Time zone of the hours",
        default=lambda self: self.env.user.tz,
        copy=False,
    )
    hours_ids = fields.One2many("whatsapp.calling.hours", "number_id", "Open")
    holiday_ids = fields.One2many("whatsapp.calling.holiday", "number_id", "Holidays")

    @api.model
    def _time_zones(self):
        return self.env["res.partner"]._fields["tz"]._description_selection(self.env)

    @api.onchange("hours_enabled")
    def _onchange_hours_enabled(self):
        """Begin with the week that most have, instead of an empty one."""
        if self.hours_enabled and not self.hours_ids:
            week = [(0, 0, {"weekday": str(day)}) for day in range(5)]
            self.hours_ids = week
        if self.hours_enabled and not self.hours_tz:
            self.hours_tz = self.env.user.tz

    @api.constrains("hours_enabled", "hours_confirmed", "hours_tz", "hours_ids")
    def _check_hours(self):
        """Refuse what WhatsApp would refuse, before anything is sent."""
        for number in self:
            number._check_lines()
            if not number.hours_enabled:
                continue
            if not number.hours_confirmed:
                raise ValidationError(
                    self.env._(
                        "Outside WhatsApp's call hours no call reaches Odoo: nobody "
                        "is rung, nothing is in the log and no follow-up is sent, "
                        "whoever calls. Tick that you want that, or leave WhatsApp's "
                        "hours off."
                    )
                )
            if not number.hours_tz:
                raise ValidationError(
                    self.env._("The call hours need a time zone: choose one.")
                )
            if not number.hours_ids:
                raise ValidationError(
                    self.env._(
                        "The call hours need at least one period: with none WhatsApp "
                        "does not take them."
                    )
                )

    @api.constrains("holiday_ids")
    def _check_lines(self):
        for number in self:
            for slots in number.hours_ids.grouped("weekday").values():
                slots._check_day(SLOTS_A_DAY)
            for spans in number.holiday_ids.grouped("date").values():
                spans._check_day(SLOTS_A_DAY)
            if len(number.holiday_ids._meta()) > MOST_HOLIDAYS:
                raise ValidationError(
                    self.env._(
                        "WhatsApp takes at most %(most)s holidays.", most=MOST_HOLIDAYS
                    )
                )

    def _meta_hours(self, known):
        """The hours in Meta's shape, as a whole: it forgets what is left out.

        :param known: what WhatsApp has, for the members that even hours that are
            off must have
        """
        self.ensure_one()
        week = self.hours_ids._meta() or known.get("weekly_operating_hours")
        zone = self.hours_tz or known.get("timezone_id")
        if not (week and zone):
            return {"status": "DISABLED"}  # as they are at first: not worth sending
        hours = {
            "status": "ENABLED" if self.hours_enabled else "DISABLED",
            "timezone_id": zone,
            "weekly_operating_hours": week,
        }
        holidays = self.holiday_ids._meta()
        return hours | ({"holiday_schedule": holidays} if holidays else {})

    def _fill_hours(self, hours):
        """Set the fields to what WhatsApp has.

        :raises ValidationError: it has hours that cannot be entered here
        """
        zone = str(hours.get("timezone_id"))
        on = hours.get("status") == "ENABLED"
        known = dict(self._time_zones())
        slots = self.env["whatsapp.calling.hours"]._values_of(
            hours.get("weekly_operating_hours")
        )
        told = hours.get("weekly_operating_hours") or []
        if on and (not isinstance(told, list) or len(slots) < len(told)):
            raise ValidationError(
                self.env._(
                    "Some periods of the week cannot be read. Look at them "
                    "in WhatsApp Manager."
                )
            )
        holidays = self.env["whatsapp.calling.holiday"]._values_of(
            hours.get("holiday_schedule")
        )
        self.write(
            {
                "hours_enabled": on and bool(slots) and zone in known,
                "hours_confirmed": on,
                "hours_tz": zone if zone in known else self.hours_tz,
                "hours_ids": [(5, 0, 0), *((0, 0, values) for values in slots)],
                "holiday_ids": [(5, 0, 0), *((0, 0, values) for values in holidays)],
            }
        )

    @api.model
    def _normal_hours(self, hours):
        """Hours as they compare: order, past holidays and hours that are off aside."""
        if not isinstance(hours, dict) or hours.get("status") != "ENABLED":
            return {"status": "DISABLED"}
        slots = self.env["whatsapp.calling.hours"]
        holidays = self.env["whatsapp.calling.holiday"]
        week, free = hours.get("weekly_operating_hours"), hours.get("holiday_schedule")
        lines = [slots.new(values) for values in slots._values_of(week)]
        days = [holidays.new(values) for values in holidays._values_of(free)]
        return {
            "status": "ENABLED",
            "timezone_id": hours.get("timezone_id"),
            "week": slots.concat(*lines)._meta(),
            "holidays": holidays.concat(*days)._meta(),
        }

    def _hours_text(self, hours):
        """Hours in words: {"Mo 09:00–17:00", …}, one period a line."""
        normal = self._normal_hours(hours)
        if normal["status"] != "ENABLED":
            return [self.env._("Off: WhatsApp lets calls through at all hours")]
        names = self.env["whatsapp.calling.hours"]
        by_day = defaultdict(list)
        for slot in normal["week"]:
            by_day[slot["day_of_week"]].append(
                f"{_clock(slot['open_time'])}–{_clock(slot['close_time'])}"
            )
        labels = dict(names._fields["weekday"]._description_selection(self.env))
        lines = [normal["timezone_id"] or ""]
        for day, periods in by_day.items():
            lines.append(f"{labels[str(DAYS.index(day))]} {', '.join(periods)}")
        for free in normal["holidays"]:
            date = format_date(self.env, free["date"])
            lines.append(
                self.env._(
                    "Closed on %(date)s, %(start)s–%(end)s",
                    date=date,
                    start=_clock(free["start_time"]),
                    end=_clock(free["end_time"]),
                )
            )
        return lines


def _clock(hhmm):
    return f"{hhmm[:2]}:{hhmm[2:]}"
