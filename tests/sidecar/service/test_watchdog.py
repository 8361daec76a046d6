"""The watchdog's table: each way to be left alone has its end."""

from dataclasses import replace

from media_sidecar.call.settings import Watch, read
from media_sidecar.call.watchdog import ARRIVING, UNANSWERED, Look, silence, verdict

WATCH = Watch()
TALKING = Look(
    now=1000.0,
    opened_at=800.0,
    accepted_at=810.0,
    heard_at=999.98,
    alone_since=None,
    arriving_since=None,
    line_lives=False,
    talking=True,
    odoo_silent=1.0,
)


def test_a_conversation_goes_on():
    assert verdict(TALKING, WATCH) == ""


def test_a_conversation_goes_on_without_odoo_a_waiting_call_does_not():
    away = replace(TALKING, odoo_silent=121.0)
    assert verdict(away, WATCH) == ""
    assert verdict(replace(away, talking=False), WATCH) == "no_odoo"


def test_without_packets_of_whatsapp_it_ends_after_no_media_seconds():
    assert verdict(replace(TALKING, heard_at=980.1), WATCH) == ""
    assert verdict(replace(TALKING, heard_at=979.9), WATCH) == "no_media"


def test_who_is_silent_on_a_line_that_lives_is_not_hung_up_on_after_40_seconds():
    muted = replace(TALKING, heard_at=960.0, line_lives=True)
    assert verdict(muted, WATCH) == ""
    assert verdict(replace(muted, heard_at=799.0, accepted_at=700.0), WATCH) == (
        "no_media"
    )


def test_silence_counts_from_the_accept():
    look = replace(TALKING, accepted_at=990.0, heard_at=None)
    assert silence(look) == 10.0
    assert silence(replace(look, accepted_at=None)) == 0.0


def test_without_an_operator_it_ends_after_reattach_seconds():
    assert verdict(replace(TALKING, alone_since=980.1), WATCH) == ""
    assert verdict(replace(TALKING, alone_since=979.9), WATCH) == "no_operator"


def test_who_is_being_connected_is_waited_for_but_not_for_ever():
    alone = replace(TALKING, alone_since=979.0)
    assert verdict(replace(alone, arriving_since=995.0), WATCH) == ""
    late = replace(alone, arriving_since=1000.0 - ARRIVING)
    assert verdict(late, WATCH) == "no_operator"


def test_the_longest_call():
    assert verdict(TALKING, replace(WATCH, max_seconds=189)) == "max_seconds"


def test_what_nobody_accepts_ends():
    ringing = replace(TALKING, accepted_at=None, heard_at=None, talking=False)
    assert verdict(replace(ringing, now=800.0 + UNANSWERED), WATCH) == ""
    assert verdict(replace(ringing, now=801.0 + UNANSWERED), WATCH) == "no_odoo"
    assert verdict(replace(ringing, now=850.0, odoo_silent=121.0), WATCH) == "no_odoo"


def test_settings_have_the_contracts_defaults():
    assert read({}).watch == Watch(20, 20, 120, 14400)
    assert read({"watchdog": {"reattach": 5}}).watch == Watch(20, 5, 120, 14400)
