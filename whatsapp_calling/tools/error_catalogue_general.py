"""WhatsApp's general error codes in words (Meta: Cloud API error codes)."""

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

DOCUMENTATION = (
    "https://developers.facebook.com/documentation/business-messaging/whatsapp"
)

_TOKEN = (
    _lt("The access token is not accepted"),
    _lt("The token has expired, was withdrawn or is wrong."),
    _lt("Ask your administrator to enter a new access token in the account."),
)
_RIGHTS = (
    _lt("A right is missing"),
    _lt("The token or the app may not do this."),
    _lt(
        "Ask your administrator to give the system user the rights "
        "whatsapp_business_messaging and whatsapp_business_management."
    ),
)
_TOO_FAST = (
    _lt("Too many requests"),
    _lt("WhatsApp received too many requests in a short time."),
    _lt("Wait a minute and try again."),
)
_TROUBLE = (
    _lt("WhatsApp has a problem"),
    _lt("The error is on WhatsApp's side."),
    _lt("Try again in a few minutes. Meta's status page tells of outages."),
)
_PARAMETER = (
    _lt("WhatsApp refused the request"),
    _lt(
        "Something in the request is missing or not valid: a number, a call that "
        "no longer exists, or the call's description (SDP)."
    ),
    _lt("Try again. If it comes back, tell your administrator what WhatsApp said."),
)
_TEMPLATE = (
    _lt("The template cannot be sent"),
    _lt(
        "WhatsApp does not know the template in this language, or its text or "
        "values do not fit."
    ),
    _lt("Ask your administrator to check the template in WhatsApp Manager."),
)
_TEMPLATE_PAUSED = (
    _lt("The template is stopped"),
    _lt("WhatsApp has paused or disabled the template for low quality."),
    _lt("Use another template, or improve this one in WhatsApp Manager."),
)
_SPAM = (
    _lt("Messages are held back"),
    _lt(
        "WhatsApp limits messages of this number, because customers blocked or "
        "reported it."
    ),
    _lt("Ask your administrator to check the number's quality in WhatsApp Manager."),
)
_BLOCK_LIST = (
    _lt("The block list was not changed"),
    _lt("WhatsApp could not block or unblock one of the customers."),
    _lt(
        "Try again later. Only customers who wrote in the last 24 hours can be blocked."
    ),
)
_BSUID = (
    _lt("Not possible without a phone number"),
    _lt("WhatsApp does not offer this for a customer known by user name only."),
    _lt("Ask the customer for the phone number, or use another kind of message."),
)

GENERAL = {
    0: _TOKEN,
    190: _TOKEN,
    3: _RIGHTS,
    10: _RIGHTS,
    131005: _RIGHTS,
    4: _TOO_FAST,
    80007: _TOO_FAST,
    130429: _TOO_FAST,
    131056: _TOO_FAST,
    1: _TROUBLE,
    2: _TROUBLE,
    131000: _TROUBLE,
    131016: _TROUBLE,
    100: _PARAMETER,
    131008: _PARAMETER,
    131021: (
        _lt("This is your own number"),
        _lt("A number cannot reach itself."),
        _lt("Choose the customer's number."),
    ),
    131031: (
        _lt("The account is locked"),
        _lt(
            "Meta has locked the WhatsApp Business Account, or the two-step PIN is "
            "wrong."
        ),
        _lt("Ask your administrator to read the notice in WhatsApp Manager."),
    ),
    131042: (
        _lt("A payment problem"),
        _lt("WhatsApp could not charge the payment method of the account."),
        _lt("Ask your administrator to check Meta's billing settings."),
    ),
    131047: (
        _lt("More than 24 hours have passed"),
        _lt(
            "The customer last wrote or called more than 24 hours ago, so only "
            "templates may be sent."
        ),
        _lt("Send a template instead."),
    ),
    131048: _SPAM,
    131049: (
        _lt("Not delivered to this customer"),
        _lt("WhatsApp limits how many marketing messages a customer receives."),
        _lt("Try again after a day or more. Repeating it sooner makes it worse."),
    ),
    131050: (
        _lt("The customer wants no marketing messages"),
        _lt("The customer has opted out of your marketing messages."),
        _lt("Do not send marketing templates to this customer."),
    ),
    131051: (
        _lt("Kind of message not supported"),
        _lt("WhatsApp does not support this kind of message."),
        _lt("Tell your administrator what you tried to send."),
    ),
    131052: (
        _lt("Media could not be downloaded"),
        _lt("The customer's media could not be fetched from WhatsApp."),
        _lt("Ask the customer to send it again."),
    ),
    131053: (
        _lt("Media could not be uploaded"),
        _lt("The media's type or size is not one WhatsApp takes."),
        _lt("Use another file: a voice note is Ogg with Opus, mono, up to 16 MB."),
    ),
    131057: (
        _lt("Maintenance"),
        _lt("The account is in maintenance on WhatsApp's side."),
        _lt("Try again in a few minutes."),
    ),
    131062: _BSUID,
    131063: _BSUID,
    130403: (
        _lt("You have blocked this customer"),
        _lt("The customer is on the block list of the number."),
        _lt("Unblock the customer first."),
    ),
    130497: (
        _lt("Not allowed in the customer's country"),
        _lt("WhatsApp does not let this account reach customers of that country."),
        _lt("Reach the customer another way."),
    ),
    132000: _TEMPLATE,
    132001: _TEMPLATE,
    132005: _TEMPLATE,
    132007: _TEMPLATE,
    132012: _TEMPLATE,
    132015: _TEMPLATE_PAUSED,
    132016: _TEMPLATE_PAUSED,
    139100: _BLOCK_LIST,
    139101: _BLOCK_LIST,
    139102: _BLOCK_LIST,
    139103: _BLOCK_LIST,
}
