"""Where things are: folders, ports and names, from the environment or defaults."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV_DIR = Path(os.environ.get("DEV_DIR") or ROOT / ".dev").expanduser()
if not DEV_DIR.is_absolute():
    DEV_DIR = ROOT / DEV_DIR

ODOO_PORT = int(os.environ.get("ODOO_PORT") or 8069)
SIMULATOR_PORT = int(os.environ.get("SIMULATOR_PORT") or 8070)
SIDECAR_PORT = int(os.environ.get("SIDECAR_PORT") or 8071)
PG_PORT = int(os.environ.get("PG_PORT") or 54329)

VENV = DEV_DIR / "venv"
BIN = DEV_DIR / "bin"
LOGS = DEV_DIR / "logs"
STAMPS = DEV_DIR / "stamps"
DATA = DEV_DIR / "data"
NODE = DEV_DIR / "node"
ODOO_CONF = DEV_DIR / "odoo.conf"
PG_PASSWORD_FILE = DEV_DIR / "postgres.password"

PG_USER = "odoo"
DEMO_DATABASE = "whatsapp_calling_demo"
TEMPLATE_DATABASE = "whatsapp_calling_template"


def short_hash(text):
    """Eight hex digits that tell this clone's folders from another's."""
    return hashlib.sha256(str(text).encode()).hexdigest()[:8]
