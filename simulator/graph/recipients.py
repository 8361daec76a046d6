"""Who a message or call is for: `to` (number) wins over `recipient` (BSUID)."""

from ..errors import GraphError
from ..model import Number, Phone
from .gate import Query


def resolve(query: Query, number: Number, missing: int) -> Phone:
    """The phone; raises GraphError, with code `missing` for nobody on WhatsApp."""
    to, recipient = query.body.get("to"), query.body.get("recipient")
    wanted = to if to else recipient
    if not isinstance(wanted, str) or not wanted:
        raise GraphError(100, "Either to or recipient is required")
    if query.world.find_number(wanted) is number:
        raise GraphError(131021, "The recipient is the sender")
    phone = query.world.find_phone(wanted)
    if number.sandbox and (phone is None or phone.wa_id not in number.allowed):
        raise GraphError(131030, "The number is not in the list of allowed recipients")
    if phone is None or not phone.on_whatsapp:
        raise GraphError(missing, "The recipient is not on WhatsApp")
    query.entry["wa_id"] = phone.wa_id
    return phone
