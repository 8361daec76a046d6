"""What WhatsApp says of a token, as lines: for connecting and for checking."""

from datetime import UTC, datetime, timedelta

from odoo import fields, models
from odoo.tools import format_date

from .whatsapp_calling_trial import ERROR, OK, UNKNOWN, WAITING, WARNING

NEEDED = ("whatsapp_business_messaging", "whatsapp_business_management")
SOON = timedelta(days=7)


class WhatsappCallingTrial(models.AbstractModel):
    _inherit = "whatsapp.calling.trial"

    def _say_token(self, told):
        """Lines "token" and "rights" from the answer to `check_token`.

        :return: whether anything more can be asked with this token
        """
        self._say_rights(told)
        now = datetime.now(UTC)
        ends = [told["expires_at"], told["data_access_expires_at"]]
        ends = [datetime.fromtimestamp(end, UTC) for end in ends if end]
        if not told["is_valid"] or (ends and min(ends) <= now):
            self._say("token", ERROR, told["problem"], self._new_token())
            return False
        if not ends:
            said = self.env._("It never expires.")
            self._say("token", OK, said)
            return True
        date = format_date(self.env, min(ends).date())
        said = self.env._("It ends on %(date)s.", date=date)
        soon = min(ends) - now < SOON
        self._say("token", WARNING if soon else OK, said, soon and self._new_token())
        return True

    def _new_token(self):
        return self.env._(
            "Make a token that never expires in Meta's business settings, under "
            "System users, and enter it."
        )

    def _say_rights(self, told):
        missing = [right for right in NEEDED if right not in told["scopes"]]
        if not told["is_valid"]:
            self._say("rights", UNKNOWN, self.env._("Not asked with this token."))
        elif missing:
            self._say(
                "rights",
                ERROR,
                self.env._("The token lacks: %(rights)s", rights=", ".join(missing)),
                self.env._(
                    "Make a new token for the system user and tick these rights. "
                    "Calls need both."
                ),
            )
        else:
            self._say("rights", OK, ", ".join(NEEDED))

    def _say_not_asked(self, *keys):
        """Lines that stay open because something before them failed."""
        for key in keys:
            line = self._line(key)
            if line and line["state"] == WAITING:
                self._say(key, UNKNOWN, self.env._("Not asked."))

    def _say_refused(self, key, error, todo):
        """A line whose question was refused, for the reason the provider gives."""
        if "appsecret_proof" in error.message:
            self._say("app_secret", ERROR, self._said_by(error), self._other_secret())
            self._say_not_asked(key)
        elif error.kind in (
            "unreachable",
            "timeout",
            "nonsense",
            "unavailable",
            "rate",
        ):
            self._say(
                key,
                ERROR,
                self._said_by(error),
                self.env._(
                    "WhatsApp was not reached. Check that this server may open "
                    "connections to the API address, and test again."
                ),
            )
        else:
            self._say(key, ERROR, self._said_by(error), todo)

    def _other_secret(self):
        return self.env._(
            "This app secret belongs to another app than the token. You find the right "
            "one in Meta's app, under App settings, Basic."
        )

    def _skew(self, answer):
        """Seconds by which this server's clock is ahead of the provider's, or None."""
        served_at = getattr(answer, "served_at", None)
        if served_at is None:
            return None
        # the answer was served a moment ago: the request's own time bounds the error
        return fields.Datetime.now().replace(tzinfo=UTC).timestamp() - served_at
