"""The OpenAPI document says what is really there: routes, bodies, answers, refusals."""

import re

import pytest

from media_sidecar import app
from media_sidecar.api.document import document
from media_sidecar.api.operations import OPERATIONS
from media_sidecar.api.schema import find
from media_sidecar.api.shapes import SCHEMAS
from media_sidecar.speech.prompts import BUILT_IN
from tests.sidecar.service.conftest import odoo, sidecar  # noqa: F401 - fixtures
from tools.paths import ROOT
from whatsapp_calling.providers import sidecar as addon

CALL = "c" * 32
PROMPT = {"text": "Please wait.", "language": "en"}


def references(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere_and_every_schema_is_used():
    described = document()
    names = {reference.rsplit("/", 1)[-1] for reference in references(described)}
    assert names == set(SCHEMAS)


async def test_the_document_is_served_and_names_exactly_the_routes(sidecar):  # noqa: F811
    described = await sidecar.do("GET", "/openapi.json")
    assert described == document()
    there = {
        (route.method.lower(), route.resource.canonical)
        for route in sidecar._runner.app.router.routes()
        if route.method != "HEAD"
    }
    told = {
        (method, path)
        for path, methods in described["paths"].items()
        for method in methods
    }
    assert told == there
    assert set(app.HANDLERS) == {operation.name for operation in OPERATIONS}


def test_all_under_v1_is_signed_and_nothing_else():
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            assert bool(operation["security"]) == path.startswith("/v1/")


def test_the_addon_asks_for_nothing_that_is_not_described():
    paths = document()["paths"]
    for method, path, needed in addon._ROUTES.values():
        described = paths[path][method.lower()]
        body = described.get("requestBody", {}).get("content", {})
        schema = body.get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]]
        known = set(schema.get("properties", {}))
        assert set(needed) <= known, path
        assert set(schema.get("required", ())) <= set(needed) | _in_path(path), path


def _in_path(path):
    return set(re.findall(r"\{(\w+)\}", path))


@pytest.fixture
async def answers(sidecar):  # noqa: F811
    """Real answers: [(operation's name, status, content type, JSON or None)]."""
    given = []

    async def ask(name, method, path, body=None):
        answer = await sidecar.ask(method, path, body)
        given.append((name, answer.status, answer.kind.split(";")[0], answer.json))
        return answer

    talk = await sidecar.call()
    base = f"/v1/calls/{talk.ref}"
    end = await sidecar.end(880)
    leg = {"leg": "leg-2", "role": "monitor", "offer": await end.offer()}
    await ask("open", "POST", "/v1/calls", {"call": CALL, "direction": "outbound"})
    await ask("open", "POST", "/v1/calls", {"call": CALL})
    await ask("remote", "POST", f"/v1/calls/{CALL}/remote", {"answer": "v=0"})
    await ask("remote", "POST", f"{base}/remote", {"answer": "v=0"})
    await ask("accepted", "POST", f"{base}/accepted")
    await ask("leg", "POST", f"{base}/legs", leg)
    await ask("leg", "POST", f"{base}/legs", leg | {"leg": "x", "offer": "v=0"})
    await ask("leg_mode", "PATCH", f"{base}/legs/leg-2", {"mode": "join"})
    await ask("leg_mode", "PATCH", f"{base}/legs/leg-1", {"mode": "join"})
    await ask("leg_close", "DELETE", f"{base}/legs/leg-2")
    await ask("leg_close", "DELETE", f"{base}/legs/nobody")
    await ask("hold", "POST", f"{base}/hold", {"on": False})
    await ask("hold", "POST", f"{base}/hold", {"on": 1})
    await ask("talk", "POST", f"{base}/talk", {"with": "peer"})
    await ask("transfer", "POST", f"{base}/transfer", {"leg": "leg-1"})
    await ask("recording", "POST", f"{base}/recording", {"action": "pause"})
    await ask("dtmf", "POST", f"{base}/dtmf", {"digits": "1"})
    await ask("play", "POST", f"{base}/play", {"prompt": PROMPT, "to": "peer"})
    await ask("program", "POST", f"{base}/program", {"kind": "juggling"})
    await ask("state", "GET", base)
    await ask("close", "DELETE", base, {"reason": "over"})
    await ask("state", "GET", base)
    await ask("speech", "POST", "/v1/speech", {"text": "Hello.", "language": "en"})
    await ask("purge", "POST", "/v1/purge", {"calls": [CALL]})
    for name in ("health", "metrics", "openapi.json"):
        await ask(name.split(".")[0], "GET", f"/{name}")
    return given


async def test_real_answers_are_as_described(answers):
    described = {
        operation["operationId"]: operation
        for methods in document()["paths"].values()
        for operation in methods.values()
    }
    for name, status, kind, content in answers:
        told = described[name]["responses"]
        assert str(status) in told, f"{name} answered {status}: {content}"
        assert kind in told[str(status)]["content"], f"{name} {status} is {kind}"
        if content is not None:
            schema = told[str(status)]["content"][kind]["schema"]
            assert not find(content, schema, SCHEMAS, name)
    assert {name for name, *_ in answers} == set(described)
    assert {name for name, status, *_ in answers if status == 200} >= set(described) - {
        *("remote", "recording", "program")
    }


@pytest.mark.parametrize("kind", ["music", "tone"])
def test_music_and_tones_that_are_described_are_those_that_are_there(kind):
    described = SCHEMAS["Prompt"]["properties"][kind]["enum"]
    assert set(described) == {name for which, name in BUILT_IN if which == kind}


def test_what_customers_hear_on_hold_is_described():
    """A choice the sidecar does not know would refuse the whole call."""
    text = (ROOT / "whatsapp_calling/models/controls/whatsapp_call_hold.py").read_text()
    (choices,) = re.findall(r"^MUSIC = \[(.*)\]$", text, re.M)
    offered = set(re.findall(r'\("(\w+)",', choices))
    assert offered and offered <= set(SCHEMAS["Prompt"]["properties"]["music"]["enum"])
