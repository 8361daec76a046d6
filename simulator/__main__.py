"""`python -m simulator`: start WhatsApp's side of the world."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from aiohttp import web

from . import model
from .app import make_app
from .world import World

DEMO = Path(__file__).with_name("demo.json")


def arguments() -> argparse.Namespace:
    """Command line, with the demo's values as defaults."""
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8070)
    parser.add_argument("--config", type=Path, default=DEMO)
    parser.add_argument(
        "--odoo-url", default="http://localhost:8069", help="replaces {odoo}"
    )
    parser.add_argument(
        "--media-host", default="127.0.0.1", help="address of WhatsApp's media"
    )
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    config = model.load(options.config, options.odoo_url)
    world = World(config, options.media_host)
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=2)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, options.host, options.port, backlog=1024).start()
        port = runner.addresses[0][1]  # --port 0 takes a free one
        print(f"simulator ready on http://{options.host}:{port}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> int:
    """Exit status: 0 after a stop, 1 when it could not start."""
    options = arguments()
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.WARNING)
    # every end of a call is a "failure" for these two
    logging.getLogger("aioice").setLevel(logging.ERROR)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(serve(options))
        except (model.ConfigError, OSError, ValueError) as error:
            print(f"simulator: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
