"""Makes `whatsapp_calling.providers` importable without Odoo.

The addon's own __init__ imports models, hence Odoo; a bare package with the same
folder stands in for it, so that the providers are proven to be plain Python.
"""

import importlib.machinery
import sys
import types
from pathlib import Path

import pytest

from tests.providers.graph import Graph

ADDON = Path(__file__).resolve().parents[2] / "whatsapp_calling"


def _bare_package(name: str, folder: Path) -> types.ModuleType:
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    package.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    return sys.modules.setdefault(name, package)


_bare_package("whatsapp_calling", ADDON)


@pytest.fixture
def graph():
    """A forged Graph on this machine."""
    server = Graph()
    yield server
    server.close()
