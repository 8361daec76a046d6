"""What a check finds out of each number: whose it is, its limit, its country."""

from odoo import models
from odoo.tools.misc import formatLang

from ..models.account.whatsapp_calling_trial import ERROR, OK, UNKNOWN, WARNING

WANTED_LIMIT = 2000  # users a day, below which calling cannot be switched on (138015)
# business numbers of these countries cannot call out (Meta: calling, availability)
CANNOT_DIAL = frozenset({"US", "CA", "EG", "VN", "NG"})


class WhatsappCallingCheck(models.TransientModel):
    _inherit = "whatsapp.calling.check"

    def _on_check_ok(self, request, answer):
        number, told = request.number_id, answer.data["neutral"]
        self._say_number(number, answer.data, told)
        self._say_limit(f"limit-{number.id}", told)
        self._say_country(f"country-{number.id}", told["country"])
        self._tell()

    def _on_check_failed(self, request, error):
        number = request.number_id
        self._say_refused(
            f"number-{number.id}",
            error,
            self.env._("Check the phone number ID in Meta's WhatsApp Manager."),
        )
        self._say_not_asked(f"limit-{number.id}", f"country-{number.id}")
        self._tell()

    def _say_number(self, number, data, told):
        key = f"number-{number.id}"
        button = {"fix": "number", "fix_label": self.env._("Open the number")}
        address = told["webhook"]["number"]
        if data.get("in_waba") is False:
            self._say(
                key,
                ERROR,
                self.env._("It belongs to another WhatsApp account."),
                self.env._("Correct the account ID, or remove the number here."),
                **button,
            )
        elif address and address != self.account_id.webhook_url:
            self._say(
                key,
                ERROR,
                self.env._("It sends its webhooks elsewhere: %(url)s", url=address),
                self.env._("Remove the address that is set for this number at Meta."),
            )
        elif not number.calling_enabled:
            self._say(
                key,
                ERROR,
                self.env._("Calling is off."),
                self.env._("Switch it on, or nobody is rung for this number."),
                **button,
            )
        else:
            said = data.get("verified_name") or number.display_number
            self._say(
                key,
                OK,
                self.env._("Calling is on. WhatsApp shows %(name)s.", name=said),
            )

    def _say_limit(self, key, told):
        limit = told["messaging_limit"]
        if told["unlimited"]:
            self._say(key, OK, self.env._("Without limit."))
        elif limit is None:
            self._say(key, UNKNOWN, self.env._("WhatsApp did not say."))
        elif limit >= WANTED_LIMIT:
            said = self.env._(
                "%(count)s customers a day.", count=formatLang(self.env, limit, 0)
            )
            self._say(key, OK, said)
        else:
            self._say(
                key,
                ERROR,
                self.env._(
                    "%(count)s customers a day.", count=formatLang(self.env, limit, 0)
                ),
                self.env._(
                    "Calling needs 2,000. Verify the business at Meta, or message more "
                    "customers: the limit then grows by itself."
                ),
            )

    def _say_country(self, key, country):
        if not country:
            self._say(key, UNKNOWN, self.env._("WhatsApp did not say."))
        elif country in CANNOT_DIAL:
            self._say(
                key,
                WARNING,
                self.env._("%(country)s: can be called, cannot call.", country=country),
                self.env._(
                    "WhatsApp lets numbers of this country take calls only. To call "
                    "customers use a number of another country."
                ),
            )
        else:
            said = self.env._("%(country)s: may call and be called.", country=country)
            self._say(key, OK, said)
