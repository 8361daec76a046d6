"""Who hears whom, as rules: every combination, nobody hears themselves."""

import itertools

import pytest

from media_sidecar.call.routes import CONSULT, OPERATOR, PEER, Hearing, Scene, hearings

ALL = frozenset((PEER, OPERATOR, CONSULT))
BOTH = frozenset((PEER, OPERATOR))
MUSIC = Hearing(music=True)


def hears(*voices):
    return Hearing(frozenset(voices))


def every_scene():
    people = [frozenset(p) for n in range(4) for p in itertools.combinations(ALL, n)]
    modes = ("listen", "whisper", "join")
    monitors = [{}, *({"m": a, "n": b} for a in modes for b in modes)]
    for present, who in itertools.product(people, monitors):
        for talk, held, had in itertools.product(
            (PEER, CONSULT, "both"), (False, True), (False, True)
        ):
            yield Scene(present, who, talk, held, had)


def test_nobody_hears_themselves_or_who_is_not_there():
    for scene in every_scene():
        for name, hearing in hearings(scene).items():
            assert name not in hearing.voices
            assert hearing.voices <= scene.present | scene.monitors.keys()
            assert not (hearing.music and hearing.voices)


def test_the_customer_never_hears_who_listens_or_whispers():
    for scene in every_scene():
        heard = hearings(scene).get(PEER, Hearing()).voices
        for name, mode in scene.monitors.items():
            assert name not in heard or mode == "join"


def test_whispers_reach_the_operator_only():
    for scene in every_scene():
        for name, mode in scene.monitors.items():
            if mode == "whisper":
                hearers = {n for n, h in hearings(scene).items() if name in h.voices}
                assert hearers <= {OPERATOR}


def test_on_hold_nobody_hears_the_customer():
    for scene in every_scene():
        if scene.held and scene.talk == PEER:
            assert all(PEER not in h.voices for h in hearings(scene).values())


@pytest.mark.parametrize(
    ("scene", "heard"),
    [
        (Scene(BOTH), {PEER: hears(OPERATOR), OPERATOR: hears(PEER)}),
        (Scene(BOTH, held=True), {PEER: MUSIC, OPERATOR: hears()}),
        (Scene(frozenset((PEER,))), {PEER: hears()}),
        (Scene(frozenset((PEER,)), had_operator=True), {PEER: MUSIC}),
        (
            Scene(frozenset((PEER,)), {"m": "join"}, had_operator=True),
            {PEER: hears("m"), "m": hears(PEER)},
        ),
        (
            Scene(ALL),
            {PEER: hears(OPERATOR), OPERATOR: hears(PEER), CONSULT: hears()},
        ),
        (
            Scene(ALL, talk=CONSULT),
            {PEER: MUSIC, OPERATOR: hears(CONSULT), CONSULT: hears(OPERATOR)},
        ),
        (
            Scene(ALL, talk="both"),
            {
                PEER: hears(OPERATOR, CONSULT),
                OPERATOR: hears(PEER, CONSULT),
                CONSULT: hears(PEER, OPERATOR),
            },
        ),
        (
            Scene(BOTH, {"m": "whisper"}),
            {
                PEER: hears(OPERATOR),
                OPERATOR: hears(PEER, "m"),
                "m": hears(PEER, OPERATOR),
            },
        ),
    ],
)
def test_scenes(scene, heard):
    assert hearings(scene) == heard
