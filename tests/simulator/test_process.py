"""The simulator as a process: ready line, clean stop, bad configuration."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def start(*arguments):
    command = [sys.executable, "-m", "simulator", "--port", "0", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_ready_line_and_a_clean_stop_in_mid_call(number):
    process = start("--odoo-url", "http://127.0.0.1:9/")
    try:
        line = process.stdout.readline()
        assert line.startswith("simulator ready on http://127.0.0.1:")
        url = line.split()[-1]
        apps = json.load(urllib.request.urlopen(f"{url}/control/apps"))
        hook = "http://127.0.0.1:9/whatsapp_calling/webhook/demo-key-1"
        assert apps[0]["webhook"] == hook
        body = json.dumps({"from": "436601112201", "tone": 440}).encode()
        urllib.request.urlopen(f"{url}/control/calls", body)
        process.send_signal(number)
        out, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, out, errors) == (0, "", "")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("{", "cannot read"),
        ('{"apps": {}}', "apps must be a list"),
        ('{"phones": [{"wa_id": "1", "colour": "red"}]}', "colour"),
        ('{"settings": {"no_such": 1}}', "no_such"),
    ],
)
def test_a_bad_configuration_is_told_in_one_line(tmp_path, text, reason):
    config = tmp_path / "config.json"
    config.write_text(text)
    process = start("--config", str(config))
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert reason in errors and errors.count("\n") == 1 and not out


def test_the_product_does_not_import_the_simulator():
    for folder in ("whatsapp_calling", "media_sidecar"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "import simulator" not in text and "from simulator" not in text
