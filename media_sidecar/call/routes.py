"""Who hears whom: a function of the call's state, and of nothing else.

| who | hears |
|---|---|
| peer (the customer) | the operator; with talk "both" the colleague too; who joined; |
| | music while held, while the operator consults, or when the operator is lost |
| operator | the customer unless held, the colleague, or both; whispers and joiners |
| consult (the colleague) | the operator with "consult" and "both"; the customer with |
| | "both"; whispers do not reach them |
| monitor | the operator and what the operator hears; a whisper reaches the operator |
| | only, a joiner is heard by all in the conversation |
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

PEER, OPERATOR, CONSULT = "peer", "operator", "consult"
Voices = frozenset[str]


@dataclass(frozen=True)
class Scene:
    """Who is connected, and what the operator chose.

    :param monitors: mode ("listen", "whisper", "join") by name
    :param had_operator: one was connected before: who is missed is waited for
    """

    present: frozenset[str] = frozenset()  # of PEER, OPERATOR, CONSULT
    monitors: dict[str, str] = field(default_factory=dict)
    talk: str = PEER  # PEER, CONSULT or "both"
    held: bool = False
    had_operator: bool = False


@dataclass(frozen=True)
class Hearing:
    """What one of them hears: some voices, or music."""

    voices: Voices = frozenset()
    music: bool = False


def hearings(scene: Scene) -> dict[str, Hearing]:
    """For everybody connected, by name; monitors by their own."""
    joined = {name for name, mode in scene.monitors.items() if mode == "join"}
    aside = {name for name, mode in scene.monitors.items() if mode == "whisper"}
    operator = _operator(scene, joined)
    everybody = {
        PEER: _peer(scene, joined),
        OPERATOR: Hearing(_there(scene, operator | aside)),
        CONSULT: Hearing(_there(scene, _consult(scene, joined))),
    }
    heard = {name: everybody[name] for name in everybody if name in scene.present}
    for name in scene.monitors:
        voices = operator | {OPERATOR} | joined
        heard[name] = Hearing(_there(scene, voices) - {name})
    return heard


def _peer(scene: Scene, joined: set[str]) -> Hearing:
    if scene.held or scene.talk == CONSULT:
        return Hearing(music=True)
    voices = {OPERATOR} | joined | ({CONSULT} if scene.talk == "both" else set())
    voices = _there(scene, voices)
    return Hearing(voices, music=not voices and scene.had_operator)


def _operator(scene: Scene, joined: set[str]) -> set[str]:
    """What an operator hears, or would."""
    if scene.talk == CONSULT:
        return {CONSULT}
    voices = set() if scene.held else {PEER} | joined
    return voices | ({CONSULT} if scene.talk == "both" else set())


def _consult(scene: Scene, joined: set[str]) -> set[str]:
    if scene.talk == PEER:
        return set()
    return {OPERATOR} if scene.talk == CONSULT else {OPERATOR, PEER} | joined


def _there(scene: Scene, voices: Iterable[str]) -> Voices:
    return frozenset(voices) & (scene.present | scene.monitors.keys())
