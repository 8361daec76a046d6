"""The addons of this repository, and when a database made from them is out of date."""

import ast

from tools.paths import ROOT
from tools.stamps import digest

# what the demo and the tests have installed beside our own modules
APPS = ["contacts", "calendar", "crm", "helpdesk_mgmt"]
PREFIX = "whatsapp_calling"
# read from the disk at run time: a database need not be updated for them
NOT_IN_DATABASE = {"__pycache__", "static", "tests", "readme", ".pytest_cache"}


def own():
    """Names of our modules that are there, the core first."""
    manifests = ROOT.glob(f"{PREFIX}*/__manifest__.py")
    return sorted(path.parent.name for path in manifests if _is_installable(path))


def hashes():
    """`{module: hash}` over what an installed module's rows in a database come from."""
    return {name: _hash(ROOT / name) for name in own()}


def _hash(folder):
    parts = []
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and not NOT_IN_DATABASE.intersection(inner.parts):
            parts += [str(inner), path]
    return digest(*parts)


def _is_installable(path):
    try:
        return ast.literal_eval(path.read_text()).get("installable", True)
    except (SyntaxError, ValueError):
        return True  # let Odoo say what is wrong with it
