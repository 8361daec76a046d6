"""Providers are plain Python: they load where there is no Odoo at all."""

import subprocess
import sys
from pathlib import Path

import whatsapp_calling.providers

PROGRAM = """
import sys, types
sys.modules["odoo"] = None  # makes every import of it fail
package = types.ModuleType("whatsapp_calling")
package.__path__ = [sys.argv[1]]
sys.modules["whatsapp_calling"] = package
import whatsapp_calling.providers.sdp
import whatsapp_calling.tools.crypto
from whatsapp_calling.providers import PROVIDERS
print(*PROVIDERS)
"""


def test_providers_sdp_and_crypto_load_without_odoo():
    folder = Path(whatsapp_calling.providers.__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout, found.returncode) == ("meta\n", 0), found.stderr
