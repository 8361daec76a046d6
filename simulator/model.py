"""Apps, business accounts, numbers and phones: what the configuration describes."""

import json
from dataclasses import dataclass, field
from pathlib import Path

FIELDS = (
    "calls",
    "messages",
    "account_settings_update",
    "account_update",
    "message_template_status_update",
)


class ConfigError(ValueError):
    """The configuration cannot be used; the text says where."""


@dataclass
class App:
    """A Meta app: its secret signs the webhooks it gets."""

    app_id: str
    app_secret: str
    tokens: dict[str, list[str]]  # token: rights ("*" for all)
    # token: expires_at, data_access_expires_at (epoch, 0 = never), valid
    token_facts: dict[str, dict] = field(default_factory=dict)
    webhook: str = ""
    webhook_active: bool = True
    verify_token: str = ""
    fields: set[str] = field(default_factory=lambda: set(FIELDS))
    wabas: set[str] = field(default_factory=set)


@dataclass
class Waba:
    """A WhatsApp business account with the apps subscribed to it."""

    waba_id: str
    name: str
    subscriptions: dict[str, dict] = field(default_factory=dict)
    templates: list[dict] = field(default_factory=list)
    payment: bool = True  # a way to pay is set
    review: str = "APPROVED"
    health: str = "AVAILABLE"  # LIMITED, BLOCKED


@dataclass
class Number:
    """A business phone number; `calling` is the settings object of Graph."""

    phone_number_id: str
    waba_id: str
    wa_id: str
    display: str
    name: str
    country: str = ""
    calling: dict = field(default_factory=lambda: {"status": "DISABLED"})
    messaging_limit: int = 100000
    quality: str = "GREEN"
    payment_method: bool = True
    sandbox: bool = False
    allowed: set[str] = field(default_factory=set)
    suspended: bool = False  # outbound paused for low quality (138014)
    inbound_paused: bool = False
    button_hidden: bool = False  # for a low pick-up rate
    # restriction (outbound, inbound, button_hidden): when it ends, epoch seconds
    restricted_until: dict[str, float] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    @property
    def calling_on(self) -> bool:
        return self.calling.get("status") == "ENABLED"

    @property
    def on_sip(self) -> bool:
        return self.calling.get("sip", {}).get("status") == "ENABLED"


@dataclass
class Behaviour:
    """What a phone does by itself. Seconds; None means: it does not."""

    answer_after: float | None = None
    reject_after: float | None = None
    hang_up_after: float | None = None  # after the answer
    say: str | None = None
    wav: str | None = None  # a path
    wav_base64: str | None = None
    tone: float | None = None  # Hz
    loop: bool = True
    media: bool | None = None  # False: its calls are signalling only
    permission_reply: str | None = None  # accept, permanent, decline
    permission_reply_after: float = 0.2

    @property
    def sound(self) -> dict:
        """The part of it that says what the phone plays."""
        return {
            "say": self.say,
            "wav": self.wav,
            "wav_base64": self.wav_base64,
            "tone": self.tone,
            "loop": self.loop,
        }


@dataclass
class Phone:
    """A customer's phone. `chat` maps a number's id to its messages."""

    wa_id: str
    bsuid: str
    name: str
    country: str = ""
    parent_bsuid: str = ""
    username: str = ""
    hide_number: bool = False  # only the BSUID is in webhooks
    on_whatsapp: bool = True
    supports_calls: bool = True  # False: app too old
    online: bool = True
    companion: bool = False  # calls from a companion device
    behaviour: Behaviour = field(default_factory=Behaviour)
    chat: dict[str, list[dict]] = field(default_factory=dict)


def _list(data: dict, name: str) -> list[dict]:
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ConfigError(f"{name} must be a list of objects")
    return value


def make(kind: type, data: dict, where: str):
    """A dataclass from a JSON object; raises ConfigError for unknown members."""
    try:
        return kind(**data)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}") from error


def load(path: Path, odoo_url: str) -> dict:
    """Read a configuration file; ``{odoo}`` in it becomes `odoo_url`.

    Returns {"apps", "wabas", "numbers", "phones", "permissions", "settings"};
    raises ConfigError.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text.replace("{odoo}", odoo_url.rstrip("/")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    return parse(data)


def parse(data: dict) -> dict:
    """Turn the JSON of a configuration into objects; raises ConfigError."""
    apps = [_app(item) for item in _list(data, "apps")]
    wabas, numbers = [], []
    for item in _list(data, "wabas"):
        waba = Waba(str(item["id"]), item.get("name", ""))
        waba.subscriptions = {str(app): {} for app in item.get("subscribed_apps", [])}
        waba.templates = [
            {"status": "APPROVED", "id": str(10**14 + index), **template}
            for index, template in enumerate(_list(item, "templates"))
        ]
        wabas.append(waba)
        for number in _list(item, "numbers"):
            number = {**number, "waba_id": waba.waba_id}
            number["allowed"] = set(number.get("allowed", []))
            numbers.append(make(Number, number, "numbers"))
    phones = [make_phone(item) for item in _list(data, "phones")]
    return {
        "apps": apps,
        "wabas": wabas,
        "numbers": numbers,
        "phones": phones,
        "permissions": _list(data, "permissions"),
        "settings": data.get("settings", {}),
    }


def _app(item: dict) -> App:
    item = dict(item)
    tokens = item.pop("tokens", {})
    if "token" in item:
        tokens = {**tokens, item.pop("token"): ["*"]}
    item["tokens"] = tokens
    if "fields" in item:
        item["fields"] = set(item["fields"])
    item["wabas"] = set(item.get("wabas", []))
    return make(App, item, "apps")


def make_phone(item: dict) -> Phone:
    """A phone from JSON, its behaviour under "behaviour"."""
    item = dict(item)
    behaviour = make(Behaviour, item.pop("behaviour", {}), "behaviour")
    phone = make(Phone, item, "phones")
    phone.behaviour = behaviour
    return phone
