"""What calls need of the process they run in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..rtc.leg import IceOptions


class Prompts(Protocol):
    """`media_sidecar.speech`: texts, music and tones as Opus packets of 20 ms."""

    async def packets(
        self, prompt: dict, speech: dict, on_failed: Callable[[dict], None]
    ) -> list[bytes]: ...


@dataclass
class Host:
    """Handed to every call.

    :param emit: (call, kind, data) into the outbox
    :param odoo_silent: seconds since Odoo last answered
    :param ended: called with a call that has just ended
    :param transcriber: (settings, on_turn, on_failed) -> Transcriber; None without
    :param programs: class by kind, made with (call, spec)
    """

    emit: Callable[[str, str, dict], Any]
    odoo_silent: Callable[[], float]
    ended: Callable[[Any], None]
    prompts: Prompts
    library: Any = None
    transcriber: Callable | None = None
    programs: dict[str, Callable] = field(default_factory=dict)
    ice: IceOptions = field(default_factory=IceOptions)
