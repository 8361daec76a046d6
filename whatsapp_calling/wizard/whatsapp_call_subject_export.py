"""The archive of a customer's calls: JSON and CSV, transcripts, sound in clear."""

import base64
import csv
import io
import json
import zipfile

from odoo.tools.json import json_default

from ..tools.crypto import CryptoError
from ..tools.sealed_file import SealedFileError

CALL = (
    *("id", "direction", "state", "started_at", "accepted_at", "ended_at"),
    *("duration", "wait_seconds", "peer_name", "peer_phone", "reason", "notes"),
    *("consent", "recording_state", "provider_ref"),
)
MESSAGE = ("kind", "text", "asked_at", "state", "answer")
PERMISSION = ("state", "granted_at", "expires_at", "requested_at", "declined_at")


def archive(contacts, with_sound):
    """A zip (base64) of all there is of `contacts`.

    :param with_sound: transcripts and sound too; each recording is noted as exported
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for contact in contacts:
            folder = f"{contact.id}/" if len(contacts) > 1 else ""
            _add(zipped, folder, contact, with_sound)
    return base64.b64encode(buffer.getvalue())


def _add(zipped, folder, contact, with_sound):
    # sudo: contact, call - all of a customer's, whoever handled them
    contact = contact.sudo()
    calls = contact._calls()
    rows = [_call(call, with_sound) for call in calls]
    said = {
        "name": contact.name,
        "number": contact.wa_id,
        "whatsapp_user_id": contact.bsuid,
        "partner": contact.partner_id.display_name or None,
        "last_in_touch": contact.last_inbound,
        "permissions": [_values(p, PERMISSION) for p in contact.permission_ids],
        "messages": [_values(m, MESSAGE) for m in contact.permission_ids.message_ids],
        "calls": rows,
    }
    zipped.writestr(f"{folder}customer.json", _json(said))
    zipped.writestr(f"{folder}calls.csv", _csv(rows))
    if not with_sound:
        return
    for call in calls:
        if call.turn_ids:
            zipped.writestr(f"{folder}transcripts/{call.id}.txt", _text(call))
        for recording in call.recording_ids.filtered(lambda r: r.state == "ready"):
            _add_sound(zipped, folder, recording)


def _add_sound(zipped, folder, recording):
    name = f"{folder}recordings/{recording._file_name()}"
    try:
        # Opus is compressed
        zipped.writestr(name, recording._plain(), zipfile.ZIP_STORED)
    except (CryptoError, SealedFileError) as error:
        zipped.writestr(f"{name}.missing.txt", str(error))
        return
    listens = recording.env["whatsapp.call.listen"]
    listens._note(recording, "export")


def _call(call, with_sound):
    row = _values(call, CALL)
    row["number"] = call.number_id.display_number
    row["handled_by"] = call.handler_id.name
    row["history"] = [
        _values(event, ("occurred_at", "kind", "note")) for event in call.event_ids
    ]
    if with_sound:
        row["transcript"] = [turn._turn_view() for turn in call.turn_ids]
    return row


def _values(record, names):
    return {name: record[name] or None for name in names}


def _json(said):
    return json.dumps(said, indent=2, ensure_ascii=False, default=json_default)


def _csv(rows):
    names = [*CALL, "number", "handled_by"]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _cell(row[name]) for name in names} for row in rows)
    return buffer.getvalue()


def _cell(value):
    """No formula in a spreadsheet: who calls chooses their name."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def _text(call):
    return "\n".join(
        f"[{turn.start_ms // 60000:02d}:{turn.start_ms // 1000 % 60:02d}] "
        f"{turn._speaker_name()}: {turn.text}"
        for turn in call.turn_ids
    )
