"""Deepgram and Flux over the real protocol: turns, pauses, and all that goes wrong."""

import pytest

from media_sidecar.speech.stt import socket_engine
from media_sidecar.speech.stt.deepgram import Deepgram, address_of
from media_sidecar.speech.stt.flux import Flux
from tests import waiting
from tests.sidecar.speech.voices import DELIVERY, STATUS, pieces, spoken


def wait_until(check):
    """A minute's patience: what the simulator hears it really recognises."""
    return waiting.wait_until(check, 60)


ENGINES = {"deepgram": Deepgram, "deepgram_flux": Flux}


@pytest.fixture(params=ENGINES)
def name(request):
    return request.param


@pytest.fixture
def engine(name, vendors, ear):
    made = []

    def make(**settings):
        made.append(ENGINES[name](vendors.settings(name, **settings), ear))
        return made[-1]

    yield make
    for one in made:
        one.close()


def say(engine, pcm, start_ms=0):
    for piece, at in pieces(pcm, start_ms, 100):
        engine.audio(piece, at)


def test_a_sentence_becomes_a_turn_with_its_place_in_the_call(engine, ear):
    stream = engine()
    say(stream, spoken(STATUS), 5000)
    (turn,) = wait_until(lambda: ear.turns)
    assert turn.text == STATUS
    assert turn.start_ms == pytest.approx(5200, abs=200)
    assert turn.end_ms == pytest.approx(8600, abs=300)
    assert turn.confidence == pytest.approx(0.98)
    stream.close()
    assert (ear.gaps, ear.failures, len(ear.turns)) == ([], [], 1)


def test_what_is_being_said_at_the_end_of_the_call_is_told(engine, ear, vendors):
    stream = engine()
    vendors.script("Goodbye.")
    say(stream, spoken(STATUS, after_ms=0))
    stream.close()
    assert (ear.texts, ear.gaps) == (["Goodbye."], [])


def test_two_turns_keep_their_order_and_places(engine, ear, vendors):
    vendors.script("One.", "Two.")
    stream = engine()
    say(stream, spoken(DELIVERY) + spoken(DELIVERY))
    stream.close()
    assert ear.texts == ["One.", "Two."]
    length = len(spoken(DELIVERY)) // 32
    apart = ear.turns[1].start_ms - ear.turns[0].start_ms
    assert apart == pytest.approx(length, abs=60)


def test_after_a_pause_times_go_on_where_the_call_is(engine, ear, vendors):
    vendors.script("Before.", "After.")
    stream = engine()
    say(stream, spoken(DELIVERY, after_ms=0))
    stream.pause()
    wait_until(lambda: ear.texts == ["Before."])
    say(stream, spoken(DELIVERY), 60000)
    stream.close()
    assert ear.texts == ["Before.", "After."]
    assert ear.turns[1].start_ms == pytest.approx(60100, abs=200)
    assert ear.gaps == []


def test_a_quiet_line_is_kept_open(name, engine, vendors, monkeypatch):
    vendors.set(speech_idle=1.0)
    monkeypatch.setattr(socket_engine, "QUIET", 0.2)
    stream = engine()
    stream.audio(bytes(3200), 0)
    kept = {
        "deepgram": lambda log: log and log[0]["messages"].count("KeepAlive") > 6,
        # it knows no KeepAlive: half a second of silence each time
        "deepgram_flux": lambda log: log and log[0]["audio_seconds"] > 3,
    }[name]
    (row,) = vendors.wait_for(kept, "signs of life")
    assert row["close_code"] == 0
    stream.close()


def test_nobody_is_asked_before_there_is_sound(engine, vendors, ear):
    engine().close()
    assert (vendors.log, ear.gaps, ear.failures) == ([], [], [])


def test_a_key_that_is_not_accepted_is_told_at_once_and_not_tried_again(
    engine, vendors, ear
):
    stream = engine(key="wrong-key")
    say(stream, spoken(DELIVERY))
    ((status, message),) = wait_until(lambda: ear.failures)
    assert status == 401
    assert "the API key is not accepted" in message and "Invalid credentials" in message
    assert "wrong-key" not in message
    stream.close()
    (gap,) = ear.gaps
    assert gap == (0, len(spoken(DELIVERY)) // 32, message)
    assert len(vendors.log) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_that_may_pass_is_tried_again_and_loses_nothing(
    engine, vendors, ear, status
):
    vendors.order("speech_refuse", status=status)
    vendors.script("Here we are.")
    stream = engine()
    say(stream, spoken(DELIVERY))
    wait_until(lambda: ear.texts == ["Here we are."])
    stream.close()
    assert (ear.gaps, ear.failures) == ([], [])
    assert [row["status"] for row in vendors.log] == [status, 101]


def test_refused_for_too_long_it_gives_up_and_says_what_is_missing(
    engine, vendors, ear, monkeypatch
):
    monkeypatch.setattr(socket_engine, "GIVE_UP", 0.2)
    monkeypatch.setattr(socket_engine, "BACK_OFF", (0.0, 0.3))
    vendors.order("speech_refuse", status=429, count=0)
    stream = engine()
    say(stream, spoken(DELIVERY))
    ((status, message),) = wait_until(lambda: ear.failures)
    assert status == 429 and "too many calls are transcribed at once" in message
    stream.close()
    assert ear.gaps == [(0, len(spoken(DELIVERY)) // 32, message)]


@pytest.mark.parametrize("code", [1011, 1001])
def test_after_a_close_the_same_audio_goes_to_a_new_connection(
    engine, vendors, ear, code
):
    vendors.order("speech_close", code=code, after=1)
    vendors.script("All of it.")
    stream = engine()
    say(stream, spoken(DELIVERY))
    wait_until(lambda: ear.texts == ["All of it."])
    stream.close()
    assert (ear.gaps, ear.failures) == ([], [])
    assert [row["close_code"] for row in vendors.log] == [code, 1000]


def test_audio_that_cannot_be_read_twice_is_given_up(engine, vendors, ear):
    vendors.order("speech_close", code=1008, reason="DATA-0000", after=0.1, count=2)
    stream = engine()
    say(stream, spoken(DELIVERY))
    ((status, message),) = wait_until(lambda: ear.failures)
    assert status == 1008
    assert "could not read the audio (close 1008): DATA-0000" in message


def test_a_vendor_that_stalls_is_left_for_a_new_connection(
    engine, vendors, ear, monkeypatch
):
    monkeypatch.setattr(socket_engine, "STALL", 0.3)
    vendors.order("speech_stall", after=0.5)
    vendors.script("Here we are.")
    stream = engine()
    say(stream, spoken(DELIVERY))
    wait_until(lambda: ear.texts == ["Here we are."])
    assert len(vendors.log) == 2


def test_what_a_broken_connection_costs_is_bounded_and_told(
    name, engine, vendors, ear, monkeypatch
):
    # the vendor stays away while 20 s are said: the last 15 s are still there
    monkeypatch.setattr(socket_engine, "BACK_OFF", (0.0, 0.5))
    vendors.order("speech_refuse", status=503, count=2)
    vendors.script("The rest.")
    stream = engine()
    say(stream, bytes(32 * 18000) + spoken(DELIVERY))
    wait_until(lambda: ear.texts == ["The rest."])
    ((from_ms, to_ms, reason),) = ear.gaps
    assert (from_ms, reason) == (0, f"The connection to {stream.vendor} was lost.")
    assert to_ms == pytest.approx(18000 + len(spoken(DELIVERY)) / 32 - 15000, abs=150)
    stream.close()


def test_an_error_message_is_a_lost_connection(engine, vendors, ear):
    vendors.order("speech_error", after=0.5)
    vendors.script("Here we are.")
    stream = engine()
    say(stream, spoken(DELIVERY))
    wait_until(lambda: ear.texts == ["Here we are."])
    stream.close()
    assert ear.failures == []


def test_an_address_where_nobody_is_costs_a_gap_and_no_exception(
    engine, ear, monkeypatch
):
    monkeypatch.setattr(socket_engine, "GIVE_UP", 0.1)
    monkeypatch.setattr(socket_engine, "BACK_OFF", (0.2,))
    stream = engine(url="ws://127.0.0.1:9")
    say(stream, bytes(32 * 1000))
    ((status, message),) = wait_until(lambda: ear.failures)
    assert status == 0 and "cannot be reached (ConnectionRefusedError)" in message
    stream.close()
    assert ear.gaps == [(0, 1000, message)]


@pytest.mark.parametrize(
    "written, meant",
    [
        ("", "wss://api.deepgram.com"),
        ("https://stt.example.com/", "wss://stt.example.com"),
        ("http://localhost:8070", "ws://localhost:8070"),
        ("wss://stt.example.com", "wss://stt.example.com"),
    ],
)
def test_the_address_may_be_written_as_that_of_a_page(written, meant):
    assert address_of({"url": written}) == meant


# -- Nova only -------------------------------------------------------------------------
def test_nova_pieces_that_are_final_are_one_turn(vendors, ear):
    vendors.script(["My order number is 4279,", "please hurry."])
    stream = Deepgram(vendors.settings(), ear)
    say(stream, spoken(STATUS))
    stream.close()
    assert ear.texts == ["My order number is 4279, please hurry."]


def test_nova_on_a_noisy_line_a_turn_ends_with_utterance_end(vendors, ear):
    vendors.order("speech_no_final")
    vendors.script("Hello.")
    stream = Deepgram(vendors.settings(), ear)
    say(stream, spoken(DELIVERY, after_ms=2500))
    wait_until(lambda: ear.texts == ["Hello."])
    stream.close()


@pytest.mark.parametrize(
    "engine, language, model, query",
    [
        (Deepgram, "de_DE", None, {"model": "nova-3", "language": "de"}),
        (Deepgram, "pt_BR", "nova-2", {"model": "nova-2", "language": "pt-BR"}),
        (Deepgram, "ar_001", None, {"model": "nova-3", "language": "ar"}),
        (Flux, "en_US", None, {"model": "flux-general-en"}),
        (
            Flux,
            "es_ES",
            None,
            {"model": "flux-general-multi", "language_hint": "es"},
        ),
    ],
)
def test_the_language_of_the_call_chooses_model_and_language(
    vendors, ear, engine, language, model, query
):
    settings = vendors.settings(language=language)
    stream = engine(settings | ({"model": model} if model else {}), ear)
    stream.audio(bytes(3200), 0)
    stream.close()
    (row,) = vendors.log
    assert row["status"] == 101
    assert query.items() <= row["query"].items()
    assert row["query"]["encoding"] == "linear16"
    assert row["query"]["sample_rate"] == "16000"
