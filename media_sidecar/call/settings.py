"""SETTINGS of a call as Odoo sends them, with our defaults. Keys stay in memory."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Watch:
    """Seconds after which the watchdog acts; see `watchdog`."""

    no_media: float = 20
    reattach: float = 20
    no_odoo: float = 120
    max_seconds: float = 14400


@dataclass(frozen=True)
class Settings:
    """What a call is to do besides connecting people. Its repr holds nothing of it."""

    record: dict | None = field(default=None, repr=False)
    transcribe: dict | None = field(default=None, repr=False)
    speech: dict = field(default_factory=dict, repr=False)
    watch: Watch = field(default_factory=Watch)
    language: str = "en"
    hold: dict = field(default_factory=lambda: {"music": "hold"}, repr=False)


def read(data: dict | None) -> Settings:
    """From JSON that fits the API's schema."""
    data = data or {}
    given = data.get("watchdog") or {}
    names = Watch.__dataclass_fields__
    return Settings(
        record=data.get("record"),
        transcribe=data.get("transcribe"),
        speech=data.get("speech") or {},
        watch=Watch(**{name: given[name] for name in names if name in given}),
        language=data.get("language") or "en",
        hold=data.get("hold") or {"music": "hold"},
    )
