"""Odoo's clock is not ours: it is told, and nothing breaks silently."""

from tests.sidecar.service.far_end import until


async def test_a_small_difference_is_measured_and_told(sidecar, odoo):
    odoo.clock = 40.0
    sidecar.unit.registration.soon()
    await until(lambda: sidecar.unit.link.clock_skew > 30)
    health = await sidecar.do("GET", "/health")
    assert 38 <= health["clock_skew"] <= 41
    assert health["odoo"] == "up"


async def test_over_a_minute_nothing_is_taken_nothing_is_lost_and_health_says_why(
    sidecar, odoo
):
    await until(lambda: odoo.hellos)
    odoo.clock = -300.0
    talk = await sidecar.call()
    sidecar.unit.registration.soon()
    await until(lambda: sidecar.unit.registration.state == "refused")
    assert "stale" in odoo.refusals
    assert (await sidecar.do("GET", "/health"))["odoo"] == "refused"
    assert odoo.events == []
    odoo.clock = 0.0
    sidecar.unit.registration.soon()
    await until(lambda: "leg_connected" in odoo.kinds(talk.ref))
