"""`python -m simulator`: one process that plays WhatsApp until SIGTERM."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from aiohttp import web

from .control import api
from .graph import routes as graph
from .graph.server import WORLD
from .model import ConfigError, load
from .page import routes as page
from .world import World

HERE = Path(__file__).parent


def build(world: World) -> web.Application:
    """The application: Graph, control API and phone page."""
    app = web.Application(
        middlewares=[api.readable_errors], client_max_size=110 * 1024 * 1024
    )
    app[WORLD] = world
    api.add_routes(app)
    page.add_routes(app)
    graph.add_routes(app)
    return app


async def serve(world: World, host: str, port: int) -> None:
    """Answer until SIGTERM or SIGINT."""
    runner = web.AppRunner(build(world), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=1024)
    await site.start()
    print(f"simulator: ready on http://localhost:{port}/", flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    await world.close()
    await runner.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8070)
    parser.add_argument("--config", type=Path, default=HERE / "demo.json")
    parser.add_argument("--odoo-url", default="http://localhost:8069")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        world_config = load(options.config, options.odoo_url)
        asyncio.run(_run(world_config, options))
    except (ConfigError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(config: dict, options: argparse.Namespace) -> None:
    await serve(World(config), options.host, options.port)


if __name__ == "__main__":
    sys.exit(main())
