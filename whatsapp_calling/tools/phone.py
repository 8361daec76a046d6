"""What names a WhatsApp user: numbers in their many spellings, and look-alikes."""

import re

_DOMAIN = re.compile(r"@(c\.us|s\.whatsapp\.net|lid)$", re.IGNORECASE)


def wa_id(text):
    """Digits of a number or JID ("+34 6…", "34…", "34…@c.us" -> "346…").

    A LID ("…@lid") is no phone number: it gives "".
    """
    text = str(text or "").strip()
    domain = _DOMAIN.search(text)
    if domain and domain.group(1).lower() == "lid":
        return ""
    digits = re.sub(r"\D", "", text[: domain.start()] if domain else text)
    return digits[2:] if digits.startswith("00") else digits


def lid(text):
    """The LID in a JID ("77…@lid" -> "77…@lid"), else "".

    WhatsApp Web names users who hide their number so; like a BSUID it is opaque.
    """
    text = str(text or "").strip().lower()
    return text if text.endswith("@lid") else ""


def look_alikes(digits):
    """The spellings under which one person may be filed, the given one first.

    Mexico and Argentina once had a mobile digit that WhatsApp still uses
    (+52 1, +54 9), Brazil gave its mobiles a ninth digit that old accounts lack:
    those began with 6 to 9, the eight digits of a landline do with 2 to 5.
    """
    found = [digits]
    if digits.startswith("521") and len(digits) == 13:
        found.append("52" + digits[3:])
    elif digits.startswith("52") and len(digits) == 12:
        found.append("521" + digits[2:])
    elif digits.startswith("549") and len(digits) == 13:
        found.append("54" + digits[3:])
    elif digits.startswith("54") and len(digits) == 12:
        found.append("549" + digits[2:])
    elif re.fullmatch(r"55\d\d9[6-9]\d{7}", digits):
        found.append(digits[:4] + digits[5:])
    elif re.fullmatch(r"55\d\d[6-9]\d{7}", digits):
        found.append(digits[:4] + "9" + digits[4:])
    return found
