"""A simulator on a free port, and a business whose webhook it calls."""

from pathlib import Path

import pytest_asyncio
from aiohttp import web

import simulator
from simulator import model
from simulator.app import make_app
from simulator.world import World
from tests.simulator.business import APP, Business, Peer

DEMO = Path(simulator.__file__).with_name("demo.json")
# short, so that a test of a timer takes no longer than it must
QUICK = {"connect_delay": 0.05, "ringing_delay": 0.05, "terminate_delay": 0.01}


@pytest_asyncio.fixture
async def business():
    world = World(model.load(DEMO, "http://127.0.0.1:1"))
    runner = web.AppRunner(make_app(world), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    business = Business(f"http://127.0.0.1:{port}")
    url = await business.start()
    await business.control("POST", f"apps/{APP}", {"webhook": url})
    await business.control("POST", "settings", QUICK)
    yield business
    await business.close()
    await runner.cleanup()


@pytest_asyncio.fixture
async def peer():
    """The business's WebRTC peer, which says 660 Hz."""
    peer = Peer(660)
    yield peer
    await peer.close()
