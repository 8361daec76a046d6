"""`python -m media_sidecar [--config FILE]`: start the media sidecar."""

import argparse
import sys
from pathlib import Path

from . import config, worker
from .errors import ConfigError
from .supervisor import Supervisor


def main() -> int:
    """Exit status: 0 after a stop, 2 when the configuration is not usable."""
    parser = argparse.ArgumentParser(prog="media_sidecar", description=__doc__)
    parser.add_argument("--config", type=Path, help="TOML file; see config.py")
    options = parser.parse_args()
    try:
        settings = config.load(options.config)
    except ConfigError as error:
        print(f"media_sidecar: {error}", file=sys.stderr)
        return 2
    if settings.workers > 1:
        return Supervisor(settings).run()
    try:
        worker.run(settings.unit(0), settings.state_dir)
    except OSError as error:
        print(f"media_sidecar: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
