"""The kinds of notices (whatsapp.calling.notice) and what each says."""

from typing import NamedTuple

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)


class Kind(NamedTuple):
    """:ivar fix: label of the button that leads to the fix; None: nothing to do"""

    severity: str
    title: object
    explanation: object
    fix: object = None


KINDS = {
    "token_rejected": Kind(
        "danger",
        _lt("WhatsApp does not take the access token"),
        _lt(
            "No call can be answered or placed until there is a new token for the "
            "system user in Meta's business settings."
        ),
        _lt("Enter a new token"),
    ),
    "token_expiring": Kind(
        "warning",
        _lt("The access token ends soon"),
        _lt(
            "After that no call can be answered or placed. Make a token that never "
            "expires for the system user in Meta's business settings."
        ),
        _lt("Enter a new token"),
    ),
    "key_missing": Kind(
        "danger",
        _lt("The encryption key of the secrets is missing"),
        _lt(
            "The token and the app secret are stored encrypted, and this server does "
            "not have the key. Put the key back and restart, or enter the secrets "
            "again."
        ),
        _lt("Enter the secrets again"),
    ),
    "secret_missing": Kind(
        "danger",
        _lt("No app secret is set"),
        _lt(
            "Without it nobody can tell whether a webhook comes from WhatsApp, so "
            "all are refused and no call comes in."
        ),
        _lt("Enter the app secret"),
    ),
    "webhook_stale": Kind(
        "warning",
        _lt("WhatsApp has sent nothing for a while"),
        _lt(
            "Perhaps nobody called or wrote; perhaps the webhook address is not "
            "reached any more."
        ),
        _lt("Check setup"),
    ),
    "field_lost": Kind(
        "danger",
        _lt("The app is not subscribed to all fields"),
        _lt(
            "In Meta's app, under WhatsApp, Configuration, subscribe to “calls” and "
            "“messages”: what is not subscribed does not arrive. Then check the setup."
        ),
        _lt("Check setup"),
    ),
    "restricted": Kind(
        "danger",
        _lt("WhatsApp has restricted calling"),
        _lt(
            "Too many calls were unwanted or unanswered. WhatsApp lifts the "
            "restriction by itself; calling fewer people, who expect it, helps."
        ),
        _lt("Open the number"),
    ),
    "violation": Kind(
        "warning",
        _lt("WhatsApp has reported a violation of its rules"),
        _lt("Read in Meta's WhatsApp Manager what it is and how to appeal."),
        _lt("Open the number"),
    ),
    "copied_database": Kind(
        "danger",
        _lt("This database is a copy, so it calls and writes to nobody"),
        _lt(
            "The original may still be running. Go on only when this database is to "
            "take the calls from now on."
        ),
        _lt("Decide"),
    ),
    "no_websocket": Kind(
        "warning",
        _lt("Browsers do not reach /websocket"),
        _lt(
            "Incoming calls ring up to some seconds late. The proxy in front of Odoo "
            "must pass /websocket on to the event port (8072), with the headers "
            "Upgrade and Connection."
        ),
        _lt("Check setup"),
    ),
    "sidecar_down": Kind(
        "danger",
        _lt("No media server is running"),
        _lt(
            "Calls that are to go through it go directly and are not recorded, or "
            "there are none, as the number says."
        ),
        _lt("Open the media sidecars"),
    ),
    "sidecar_lost": Kind(
        "warning",
        _lt("A media server failed in the middle of calls"),
        _lt(
            "The calls it carried ended as failed. Its log says what happened; calls "
            "since then were taken by another one, if there is one."
        ),
        _lt("Open the media sidecars"),
    ),
    "clock_skew": Kind(
        "warning",
        _lt("The clock of this server is wrong"),
        _lt(
            "WhatsApp's events carry its own time: with a wrong clock a call that "
            "rings is taken for an old one. Switch time synchronisation (NTP) on."
        ),
        _lt("Check setup"),
    ),
}
