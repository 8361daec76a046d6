"""What the sidecar is compared with, in a venv of its own under .dev."""

import subprocess
import sys

from tools.paths import DEV_DIR, ROOT
from tools.say import say
from tools.stamps import digest, is_current, set_current

VENV = DEV_DIR / "media-reference"
PYTHON = VENV / "bin/python"
PINS = ROOT / "benchmarks/media/reference/requirements.txt"
BRIDGE = ROOT / "benchmarks/media/reference/bridge.py"


def set_up():
    """Make the venv on first use: 0.8 GB, most of it pipecat's."""
    stamp = digest(PINS, sys.version)
    if is_current("media-reference", stamp) and PYTHON.exists():
        return
    say("bench", "installing pipecat and aiortc for comparison")
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run(
        [PYTHON, "-m", "pip", "install", "-q", "--no-input", "-r", PINS],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    set_current("media-reference", stamp)
