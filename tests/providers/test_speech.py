"""Deepgram is asked whether it knows a key, and its own words come back."""

import pytest

from whatsapp_calling.providers import ProviderError
from whatsapp_calling.providers.speech import SPEECH, SpeechCredentials

KEY = "dg-key-0123456789"


def ask(graph, key=KEY, url=None):
    known = SpeechCredentials(key, url or graph.url, timeout=(1, 5))
    return SPEECH.send(known, "check_key", "", {})


def test_a_known_key_brings_its_projects(graph):
    graph.answers = [(200, {}, {"projects": [{"name": "Demo"}, {"name": ""}, 5]})]
    assert ask(graph).data == {"projects": ["Demo"]}
    (asked,) = graph.asked
    assert (asked.method, asked.path) == ("GET", "/v1/projects")
    assert asked.headers["Authorization"] == f"Token {KEY}"


def test_the_address_of_a_web_socket_will_do(graph):
    ask(graph, url=graph.url.replace("http://", "ws://"))
    assert graph.asked[0].path == "/v1/projects"


@pytest.mark.parametrize(
    ("status", "answer", "kind", "said"),
    [
        (401, {"err_msg": "Invalid credentials."}, "auth", "Invalid credentials."),
        (403, {"message": "Not in your plan"}, "rights", "Not in your plan"),
        (429, {"err_msg": "Too many"}, "rate", "Too many"),
        (500, b"<html>", "unavailable", "HTTP 500"),
        (401, {"err_msg": f"Key {KEY} unknown"}, "auth", "Key … unknown"),
    ],
)
def test_a_refusal_is_in_deepgrams_words_and_never_holds_the_key(
    graph, status, answer, kind, said
):
    graph.answers = [(status, {}, answer)]
    with pytest.raises(ProviderError) as caught:
        ask(graph)
    assert (caught.value.kind, caught.value.message) == (kind, said)


def test_a_key_with_strange_characters_is_not_sent(graph):
    with pytest.raises(ProviderError):
        ask(graph, key="dg-“key”")
    assert graph.asked == []


def test_its_repr_holds_no_key():
    assert KEY not in repr(SpeechCredentials(KEY))


def test_nothing_else_is_asked(graph):
    with pytest.raises(ValueError, match="dance"):
        SPEECH.send(SpeechCredentials(KEY, graph.url), "dance", "", {})
