"""A customer's phone calls a business: what stops it, and the ring."""

from typing import TYPE_CHECKING

from ..graph.settings import open_now
from ..model import Number, Phone
from .inbound import InboundCall

if TYPE_CHECKING:
    from ..world import World

SOUND = ("say", "wav", "wav_base64", "tone", "loop")


class CallRefused(Exception):
    """The user's app does not place the call; no webhook is sent."""


def check(world: "World", number: Number, phone: Phone) -> None:
    """Raise CallRefused with the reason the caller's app would show."""
    if not number.calling_on:
        raise CallRefused("This business cannot be called: calling is off")
    if number.on_sip and not number.calling["sip"].get("webhook_delivery"):
        raise CallRefused("The business takes its calls by SIP")
    if not open_now(number.calling):
        raise CallRefused("This business is closed now")
    if number.inbound_paused:
        raise CallRefused("This business cannot be called: inbound calls are paused")
    if phone.wa_id in number.blocked and not world.switches.blocked_may_call:
        raise CallRefused("This business has blocked the customer")
    if not phone.online:
        raise CallRefused("The phone is offline")
    live = world.live_calls(number)
    if any(call.phone is phone for call in live):
        raise CallRefused("The customer is in a call with this business already")
    if len(live) >= world.switches.concurrent_calls:
        raise CallRefused("The business has too many calls")


async def place(
    world: "World", number: Number, phone: Phone, options: dict
) -> InboundCall:
    """Ring the business; raises CallRefused.

    `options`: media, say|wav|wav_base64|tone, loop, deeplink_payload, cta_payload,
    hang_up_after (seconds from the first ring, answered or not).
    """
    if not options.get("force"):
        check(world, number, phone)
    media = options.get("media")
    if media is None:
        media = world.switches.media and phone.behaviour.media is not False
    call = InboundCall(world, number, phone, bool(media))
    call.sound = {name: options[name] for name in SOUND if name in options}
    call.deeplink_payload = options.get("deeplink_payload")
    call.cta_payload = options.get("cta_payload")
    await call.start()
    if options.get("hang_up_after") is not None:
        call.after(float(options["hang_up_after"]), lambda: call.end("phone"))
    return call
