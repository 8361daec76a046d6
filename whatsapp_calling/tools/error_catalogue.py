"""WhatsApp's error codes in words: what happened and what to do next.

Calling's own codes are here (Meta: calling troubleshooting and FAQ), the general
ones in error_catalogue_general.py, the HTTP status of each in error_catalogue_http.py.
The menu "Call errors" shows them all.
"""

from odoo.tools import LazyTranslate

from .error_catalogue_general import DOCUMENTATION, GENERAL

_lt = LazyTranslate(__name__)

_CALLING_PAGE = f"{DOCUMENTATION}/calling/troubleshooting"
_GENERAL_PAGE = f"{DOCUMENTATION}/support/error-codes"


def explain(code, env=None):
    """What an error code of WhatsApp means.

    :param code: int, or None where the provider gave none
    :param env: whose language; without it the three texts are lazy and want a
        str() in a method of a model (not in a generator, which hides `self`)
    :return: (title, meaning, advice, href)
    """
    *texts, href = _entry(code)
    if env is not None:
        texts = [env._(text) for text in texts]
    return (*texts, href)


def known_codes():
    """Every code that has an explanation of its own, in ascending order."""
    return sorted({*_CALLING, *GENERAL})


def is_calling_code(code):
    """Whether a code is one of calling, and no general one of WhatsApp's API."""
    return code in _CALLING


def stands_for(code):
    """The code whose explanation holds for `code`; None when there is none."""
    if code in _CALLING or code in GENERAL:
        return code
    return 10 if _is_missing_right(code) else None


def _is_missing_right(code):
    return code is not None and 200 <= code <= 299


def _entry(code):
    if code in _CALLING:
        return (*_CALLING[code], _CALLING_PAGE)
    if code in GENERAL:
        return (*GENERAL[code], _GENERAL_PAGE)
    if _is_missing_right(code):
        return (*GENERAL[10], _GENERAL_PAGE)
    return (*_UNKNOWN, _GENERAL_PAGE)


_UNKNOWN = (
    _lt("WhatsApp reported an error"),
    _lt("WhatsApp gave no reason that is known here."),
    _lt("Try again. If it comes back, look the code up in Meta's documentation."),
)

_CALLING = {
    613: (
        _lt("Too many permission queries"),
        _lt("WhatsApp was asked too often whether customers may be called."),
        _lt("Wait a minute and try again."),
    ),
    131009: (
        _lt("A value is not valid"),
        _lt(
            "A value of the request is not valid, or the call button is not offered "
            "in this number's country."
        ),
        _lt(
            "Check the number and the text. If it was a call button, use a link "
            "instead."
        ),
    ),
    131026: (
        _lt("The customer cannot be reached"),
        _lt(
            "The number is not on WhatsApp, its app is too old, or the customer has "
            "blocked you."
        ),
        _lt("Check the number, or ask the customer to update WhatsApp."),
    ),
    131030: (
        _lt("Number not on the test list"),
        _lt("A test number may only reach the numbers on its list of recipients."),
        _lt(
            "Add the customer's number to the list in Meta's App Dashboard, or use a "
            "live number."
        ),
    ),
    131044: (
        _lt("No payment method"),
        _lt(
            "The WhatsApp Business Account has no valid payment method, so calls are "
            "not carried."
        ),
        _lt(
            "Ask your administrator to add a payment method in Meta's billing settings."
        ),
    ),
    131055: (
        _lt("This number works over SIP"),
        _lt(
            "SIP is switched on for the number, so calls cannot be made or answered "
            "here."
        ),
        _lt(
            "Ask your administrator to switch SIP off for the number in WhatsApp "
            "Manager."
        ),
    ),
    138000: (
        _lt("Calling is switched off"),
        _lt("Calling is not enabled for this WhatsApp number."),
        _lt("Ask your administrator to switch calling on for the number."),
    ),
    138001: (
        _lt("The customer cannot be called"),
        _lt(
            "The number is not on WhatsApp, its app is too old, or the customer has "
            "not accepted WhatsApp's terms."
        ),
        _lt("Check the number, or write to the customer instead."),
    ),
    138002: (
        _lt("Too many calls at once"),
        _lt("The number has reached WhatsApp's limit of simultaneous calls."),
        _lt("Wait until other calls have ended and try again."),
    ),
    138003: (
        _lt("Already in a call with this customer"),
        _lt("WhatsApp allows one call at a time between a number and a customer."),
        _lt("End the other call, or wait until it has ended."),
    ),
    138004: (
        _lt("WhatsApp could not connect the call"),
        _lt("The connection failed on WhatsApp's side."),
        _lt("Try again in a moment."),
    ),
    138005: (
        _lt("Too many calls today"),
        _lt("The number has reached WhatsApp's limit of new calls in 24 hours."),
        _lt("Try again later, or call from another number."),
    ),
    138006: (
        _lt("No permission to call"),
        _lt(
            "The customer has not allowed calls from this number, or the permission "
            "has run out."
        ),
        _lt("Send a permission request first."),
    ),
    138007: (
        _lt("The connection took too long"),
        _lt("The call's media could not be set up in time."),
        _lt("Try again. If it comes back, check the network and its firewall."),
    ),
    138008: (
        _lt("WhatsApp refused the call's description"),
        _lt(
            "What the browser offered for the call (SDP) did not pass WhatsApp's check."
        ),
        _lt(
            "Reload the page and try again. If it comes back, tell your administrator."
        ),
    ),
    138009: (
        _lt("Too many permission requests"),
        _lt("WhatsApp allows one request in 24 hours and two in 7 days per customer."),
        _lt(
            "Wait for the answer. A connected call in either direction sets the limit"
            " back."
        ),
    ),
    138011: (
        _lt("No conversation yet"),
        _lt(
            "There was no ordinary message with this customer before the permission "
            "request."
        ),
        _lt("Send a message or a template first, then the permission request."),
    ),
    138012: (
        _lt("Too many calls to this customer"),
        _lt(
            "WhatsApp's limit of answered calls to one customer in 24 hours is reached."
        ),
        _lt("Call again at the time WhatsApp names, or write to the customer."),
    ),
    138013: (
        _lt("Outgoing calls are not available"),
        _lt("WhatsApp does not offer outgoing calls for numbers of this country."),
        _lt("Let customers call you: send a call button or link."),
    ),
    138014: (
        _lt("Calling is suspended"),
        _lt("WhatsApp has suspended calls of this number for low quality."),
        _lt(
            "Ask your administrator to read the notice in WhatsApp Manager; it says "
            "until when."
        ),
    ),
    138015: (
        _lt("Messaging limit too low"),
        _lt("Calling needs a messaging limit of at least 2,000 customers in 24 hours."),
        _lt(
            "Verify the business with Meta or raise the messaging limit, then switch "
            "calling on."
        ),
    ),
    138017: (
        _lt("Permission is there already"),
        _lt("The customer has allowed calls permanently."),
        _lt("Call without a request."),
    ),
    138018: (
        _lt("Calling cannot be switched on yet"),
        _lt('No app is subscribed to the webhook field "calls" and to this account.'),
        _lt("Ask your administrator to subscribe the webhook first."),
    ),
    138019: (
        _lt("The call could not be set up"),
        _lt("The set-up failed on the customer's phone."),
        _lt("Try again later."),
    ),
    138020: (
        _lt("The call's relay failed"),
        _lt("WhatsApp could not carry the sound of the call."),
        _lt("Try again later."),
    ),
    138021: (
        _lt("No sound reached WhatsApp"),
        _lt("WhatsApp ended the call since it received no media from your side."),
        _lt("Check the microphone, and that the network lets UDP out to WhatsApp."),
    ),
    138022: (
        _lt("Sound could not be delivered"),
        _lt("WhatsApp could not send the customer's sound to your side."),
        _lt("Check that the network and its firewall let UDP through."),
    ),
    138023: (
        _lt("Accepted without media"),
        _lt("The call was accepted, but WhatsApp saw no sign of media from your side."),
        _lt("Check that the network and its firewall let UDP out to WhatsApp."),
    ),
}
