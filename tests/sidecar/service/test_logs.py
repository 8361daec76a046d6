"""Logs are JSON lines and hold no secret, SDP, key, digit or word that was said."""

import io
import json
import logging

from media_sidecar.log import JsonLines
from tests.sidecar.service.far_end import until
from tests.sidecar.service.odoo import SECRET

SAID = "my card number is 4111"
KEY = "vendor-key-0123456789"


async def test_a_whole_call_leaves_no_secret_in_the_log(sidecar, odoo):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines("unit-0"))
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        await _call(sidecar, odoo)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    text = stream.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    ours = [line for line in lines if line["logger"].startswith("media_sidecar")]
    assert ours and all({"time", "level", "unit", "message"} <= set(x) for x in ours)
    for secret in (SECRET, KEY, SAID, "Anna Berger", "9753"):
        assert secret not in text
    ours = "".join(line["message"] + str(line) for line in ours)
    for word in ("a=ice-pwd", "a=fingerprint", "v=0", "candidate:"):
        assert word not in ours


async def _call(sidecar, odoo):
    speech = {"tts": {"engine": "elevenlabs", "key": KEY, "url": "http://127.0.0.1:1"}}
    talk = await sidecar.call(settings={"speech": speech})
    prompt = {"text": SAID, "language": "en"}
    await talk.do("play", {"prompt": prompt, "to": "peer"})
    talk.customer.leg.send_digits("9753")
    sidecar.unit.outbox.put(talk.ref, "turn", {"text": SAID})
    odoo.statuses = [500]
    sidecar.unit.outbox.put(talk.ref, "turn", {"text": SAID})
    await talk.ask("dtmf", {"digits": "9753"})
    await talk.ask("hold", {"on": SAID})
    await sidecar.ask("POST", "/v1/calls", raw=SAID.encode())
    await sidecar.ask("POST", "/v1/speech", {"text": SAID, "tts": {"key": KEY}})
    await until(lambda: len(odoo.told("turn")) == 2)
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    await until(lambda: "ended" in odoo.kinds(talk.ref))
