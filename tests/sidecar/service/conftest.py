"""A unit with an Odoo that keeps what it is told."""

import pytest_asyncio

from tests.sidecar.service.odoo import Odoo
from tests.sidecar.service.sidecar import Sidecar, config


@pytest_asyncio.fixture
async def odoo():
    odoo = await Odoo().start()
    yield odoo
    await odoo.stop()


@pytest_asyncio.fixture
async def sidecar(odoo, tmp_path):
    sidecar = await Sidecar(config(odoo.url, tmp_path)).start()
    yield sidecar
    await sidecar.stop()
