"""Language codes as Odoo, people and vendors write them."""

# language (and region): the voice of espeak-ng; English is flite's
ESPEAK = {
    "es": "es",
    "es-419": "es-419",
    "es-mx": "es-419",
    "es-ar": "es-419",
    "es-co": "es-419",
    "es-cl": "es-419",
    "es-pe": "es-419",
    "de": "de",
    "fr": "fr-fr",
    "fr-be": "fr-be",
    "fr-ch": "fr-ch",
    "pt": "pt",
    "pt-br": "pt-br",
    "ar": "ar",
    "zh": "cmn",
    "nb": "nb",
    "no": "nb",
    "nn": "nb",
}


def normal(code: str | None) -> str:
    """Lower case with a hyphen: "de_DE" is "de-de", "ar_001" "ar", none is "en"."""
    parts = (code or "en").replace("_", "-").split("@")[0].lower().split("-")
    language, *rest = [part for part in parts if part] or ["en"]
    region = next((p for p in rest if len(p) == 2 or p == "419"), "")
    return f"{language}-{region}" if region else language


def base(code: str | None) -> str:
    """The language without its region: "pt_BR" is "pt"."""
    return normal(code).split("-")[0]


def is_english(code: str | None) -> bool:
    return base(code) == "en"


def espeak_voice(code: str | None) -> str:
    """The voice of espeak-ng for a language; its own codes for most of them."""
    return ESPEAK.get(normal(code)) or ESPEAK.get(base(code)) or base(code)


def deepgram(code: str | None) -> str:
    """A code as Deepgram's Nova wants it: regions only where they matter there."""
    known = {"pt-br": "pt-BR", "en-gb": "en-GB", "en-au": "en-AU", "de-ch": "de-CH"}
    return known.get(normal(code)) or base(code)
