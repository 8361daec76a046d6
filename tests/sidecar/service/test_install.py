"""The sidecar can be installed alone, with what its requirements name."""

import ast
import configparser
import re
import sys
import tomllib
from pathlib import Path

from media_sidecar import config
from tools.paths import ROOT

FOLDER = ROOT / "media_sidecar"
# the name to import, where it is not the name to install
PACKAGES = {"OpenSSL": "pyopenssl", "prometheus_client": "prometheus-client"}
PACKAGES["websocket"] = "websocket-client"


def imported():
    """Top-level modules that any file of the sidecar imports."""
    found = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"media_sidecar"}


def pins(path: Path):
    lines = re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(), re.M)
    return dict(lines)


def test_it_imports_nothing_of_odoo_or_the_simulator():
    assert not imported() & {"odoo", "simulator", "whatsapp_calling", "tests", "tools"}


def test_its_requirements_are_what_it_imports():
    wanted = {PACKAGES.get(name, name) for name in imported()}
    assert wanted == set(pins(FOLDER / "requirements.txt"))


def test_its_versions_are_those_the_product_is_tested_with():
    tested = pins(ROOT / "requirements/odoo.txt") | pins(
        ROOT / "requirements/media.txt"
    )
    for name, version in pins(FOLDER / "requirements.txt").items():
        assert tested[name] == version


def test_the_example_of_a_configuration_can_be_read(tmp_path):
    file = FOLDER / "examples/sidecar.toml"
    read = config.load(file, {"SIDECAR_SECRET": "x" * 32})
    assert read.workers == 2 and read.udp_ports == (40000, 40199)
    assert set(tomllib.loads(file.read_text())) <= {
        name.lower() for name in config.NAMES
    }


def test_the_example_of_a_service_waits_longer_than_the_drain():
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(FOLDER / "examples/media-sidecar.service")
    assert int(unit["Service"]["TimeoutStopSec"]) > config.Config.drain_seconds
    assert unit["Service"]["KillMode"] == "mixed"


def test_every_name_of_the_configuration_is_read():
    source = (FOLDER / "config.py").read_text().split('"""', 2)[2]
    for name in config.NAMES:
        assert f'"{name}"' in source, name
