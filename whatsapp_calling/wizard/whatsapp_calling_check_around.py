"""What a check finds out around Odoo: the public address and the user's browser."""

from functools import partial
from urllib.parse import urlsplit

from odoo import api, models

from ..controllers.ping import PATH
from ..models.account.whatsapp_calling_trial import ERROR, OK, WARNING
from ..tools import ping, pool
from ..tools.address import is_local
from ..tools.transaction import run_in_transaction


class WhatsappCallingCheck(models.TransientModel):
    _inherit = "whatsapp.calling.check"

    # ---- our own public address

    def _begin_ping(self):
        """Ask ourselves the way WhatsApp does, after this transaction."""
        url = self._public_url()
        if not url.startswith("https://") and not is_local(self.account_id.base_url):
            self._say(
                "address",
                ERROR,
                self.env._("WhatsApp delivers to https only: %(url)s", url=url),
                self.env._(
                    "Put a proxy with a certificate in front of Odoo, and set the "
                    "system parameter web.base.url to the public https address."
                ),
            )
            return
        pool.submit_after_commit(self.env, self._name, "_ping", self.id)

    def _public_url(self):
        return self.account_id.get_base_url()

    @api.model
    def _ping(self, check_id):
        """Runs in the pool: the way out and in again may take seconds."""
        send = run_in_transaction(self.env, partial(self._prepare_ping, check_id))
        if send:
            pong = send()  # outside any transaction
            run_in_transaction(self.env, partial(self._note_ping, check_id, pong))

    def _prepare_ping(self, check_id):
        account = self.browse(check_id).exists().account_id
        if not account:
            return None
        # sudo: parameter - the uuid is compared, never told
        parameters = self.env["ir.config_parameter"].sudo()
        return partial(
            ping.ping,
            f"{account.get_base_url()}{PATH}/{account.webhook_key}",
            account._secret("app_secret_encrypted"),
            parameters.get_param("database.uuid"),
        )

    def _note_ping(self, check_id, pong):
        check = self.browse(check_id).exists()
        if check:
            user = check.user_id
            check = check.with_context(lang=user.lang, tz=user.tz)
            check._say("address", *check._words_ping(pong))
            check._tell()

    def _words_ping(self, pong):
        """(state, said, todo) of what came back from our own address."""
        url = self._public_url()
        if pong.kind == ping.OK:
            return OK, self.env._("%(url)s leads here.", url=url), ""
        if pong.kind == ping.TLS:
            return (
                ERROR,
                self.env._("The certificate is not accepted: %(why)s", why=pong.detail),
                self.env._(
                    "WhatsApp needs a valid certificate with its whole chain. Renew or "
                    "complete it at the proxy."
                ),
            )
        if pong.kind == ping.REDIRECT:
            return (
                ERROR,
                self.env._("It redirects to %(url)s.", url=pong.detail),
                self.env._(
                    "WhatsApp follows no redirect. Set the system parameter "
                    "web.base.url to the final address, or stop redirecting "
                    "/whatsapp_calling/ at the proxy."
                ),
            )
        if pong.kind == ping.NOT_FOUND:
            return (
                ERROR,
                self.env._("%(url)s answers “not found”.", url=url),
                self.env._(
                    "Without a log-in Odoo does not know which database is meant. With "
                    "several databases set --db-filter, so that this host has one. If "
                    "a proxy answered, have it pass /whatsapp_calling/ on."
                ),
            )
        if pong.kind == ping.OTHER_DATABASE:
            return (
                ERROR,
                self.env._("At %(url)s a copy of this database answers.", url=url),
                self.env._(
                    "Calls arrive there. Decide which of the two is to take them."
                ),
            )
        if pong.kind == ping.UNREACHABLE:
            host = urlsplit(url).netloc
            return (
                WARNING,
                self.env._(
                    "%(host)s cannot be reached from this server: %(why)s",
                    host=host,
                    why=pong.detail,
                ),
                self.env._(
                    "Some networks let nobody inside use the public address; then the "
                    "last webhook tells. Otherwise check name, port and firewall."
                ),
            )
        return (
            ERROR,
            self.env._(
                "At %(url)s another server answers. %(why)s", url=url, why=pong.detail
            ),
            self.env._(
                "Set the system parameter web.base.url to the public address of this "
                "Odoo, and have the proxy pass /whatsapp_calling/ on to it."
            ),
        )

    # ---- the browser

    def report_browser(self, websocket, microphone):
        """What the page found out.

        :param websocket: {"heard": the server's message came, "opened": a socket of
            its own opened, "status": HTTP status of /websocket or 0, "server": who
            answered it, or ""}
        :param microphone: "granted"|"prompt"|"denied"|"missing"|"insecure"|"unknown"
        """
        self.ensure_one()
        self._say_websocket(websocket)
        self._say_microphone(microphone)

    def _say_websocket(self, told):
        heard = bool(told.get("heard"))
        self._notice("no_websocket", not heard)
        if heard:
            said = self.env._("Connected through /websocket.")
            self._say("websocket", OK, said)
        elif told.get("opened"):
            self._say(
                "websocket",
                ERROR,
                self.env._("/websocket opens, but no message comes through."),
                self.env._(
                    "Run Odoo's event server (with workers it listens on port 8072), "
                    "and have the proxy pass /websocket on to it."
                ),
            )
        else:
            self._say(
                "websocket",
                ERROR,
                self._words_dropped(str(told.get("server") or "")[:100]),
                self.env._(
                    "Have the proxy pass /websocket on to Odoo's event port (8072) "
                    "with the headers Upgrade and Connection. Until then calls ring "
                    "some seconds late."
                ),
            )

    def _words_dropped(self, server):
        if server:
            return self.env._(
                "/websocket does not get through; “%(server)s” answers for it.",
                server=server,
            )
        return self.env._("/websocket does not get through: nothing answers there.")

    def _say_microphone(self, told):
        words = {
            "granted": (OK, self.env._("May be used."), ""),
            "prompt": (
                WARNING,
                self.env._("The browser will ask at the first call."),
                self.env._("Open the phone and test the microphone beforehand."),
            ),
            "denied": (
                ERROR,
                self.env._("The browser blocks it for this page."),
                self.env._(
                    "Click on the sign beside the address and allow the microphone, "
                    "then load the page again."
                ),
            ),
            "missing": (
                ERROR,
                self.env._("This computer has none."),
                self.env._("Plug in a headset or another microphone."),
            ),
            "insecure": (
                ERROR,
                self.env._("Browsers give no microphone to pages without https."),
                self.env._("Open Odoo by its https address."),
            ),
        }
        unknown = (WARNING, self.env._("The browser did not say."), "")
        self._say("microphone", *words.get(told, unknown))
