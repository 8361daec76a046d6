"""The speech vendors of the simulator keep to their protocols."""

import json

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from simulator.media import sound

STATUS = "good morning i would like to know the status of my order please"
V1 = {
    "model": "nova-3",
    "language": "en",
    "encoding": "linear16",
    "sample_rate": "16000",
    "interim_results": "true",
    "endpointing": "300",
    "utterance_end_ms": "1000",
}
V2 = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": "16000"}
TOKEN = {"Authorization": "Token demo-deepgram-key"}
VOICE = "21m00Tcm4TlvDq8ikWAM"


@pytest.fixture
def listen(business):
    def connect(version="v1", query=None, headers=TOKEN):
        query = {**(V1 if version == "v1" else V2), **(query or {})}
        query = {name: value for name, value in query.items() if value is not None}
        url = f"{business.base}/{version}/listen"
        return business.session.ws_connect(url, params=query, headers=headers)

    return connect


@pytest_asyncio.fixture
async def scripted(business):
    """The next utterance is understood without recognition, which takes a second."""
    await business.control("POST", "speech", {"turns": [STATUS]})


async def said(text, after=1.5):
    """s16le at 16 kHz with a pause behind it."""
    command = ["flite", "-voice", "slt", "-f", "/dev/stdin", "-o", "{}"]
    pcm = await sound.made_by(command, text)
    pcm = np.concatenate([pcm, np.zeros(round(after * sound.RATE), np.int16)])
    return pcm[::3].astype("<i2").tobytes()


async def send(socket, pcm, size=3200):
    for at in range(0, len(pcm), size):
        await socket.send_bytes(pcm[at : at + size])


async def until(socket, condition):
    """All messages up to the first that meets the condition."""
    messages = []
    async for message in socket:
        if message.type != aiohttp.WSMsgType.TEXT:
            break
        messages.append(json.loads(message.data))
        if condition(messages[-1]):
            return messages
    raise AssertionError(f"closed {socket.close_code} after {messages}")


async def closed(socket):
    async for _message in socket:
        pass
    return socket.close_code


# -- Deepgram, version 1 ---------------------------------------------------------------
async def test_v1_recognises_what_was_said(listen):
    async with listen() as socket:
        await send(socket, await said(STATUS))
        messages = await until(socket, lambda m: m.get("speech_final"))
        best = messages[-1]["channel"]["alternatives"][0]
        assert best["transcript"] == STATUS
        assert [word["word"] for word in best["words"]] == STATUS.split()
        assert messages[-1]["is_final"] is True
        end = (await until(socket, lambda m: m["type"] == "UtteranceEnd"))[-1]
        assert end["last_word_end"] == pytest.approx(best["words"][-1]["end"], abs=0.01)


async def test_v1_tells_interim_results_first(scripted, listen):
    async with listen() as socket:
        await send(socket, await said(STATUS))
        messages = await until(socket, lambda m: m.get("speech_final"))
        assert [m["is_final"] for m in messages[:2]] == [False, False]


@pytest.mark.parametrize("header", [None, "Token wrong", "demo-deepgram-key"])
async def test_v1_without_a_good_key_is_401_with_their_body(business, header):
    headers = {"Authorization": header} if header else {}
    url = f"{business.base}/v1/listen"
    async with business.session.get(url, params=V1, headers=headers) as answer:
        assert answer.status == 401
        body = await answer.json()
        assert body["err_code"] == "INVALID_AUTH"
        assert body["err_msg"] == answer.headers["dg-error"] == "Invalid credentials."


@pytest.mark.parametrize("key, status", [("demo-deepgram-key", 200), ("wrong", 401)])
async def test_deepgram_says_whether_a_key_is_good(business, key, status):
    headers = {"Authorization": f"Token {key}"}
    url = f"{business.base}/v1/projects"
    async with business.session.get(url, headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    "change, said_of_it",
    [
        ({"sample_rate": None}, "sample_rate"),
        ({"encoding": None}, "encoding"),
        ({"encoding": "mp3"}, "encoding"),
        ({"interim_results": None}, "interim_results"),
        ({"utterance_end_ms": "500"}, "utterance_end_ms"),
        ({"endpoint": "300"}, "unknown query parameter"),
        ({"model": "nova-9"}, "model"),
    ],
)
async def test_v1_refuses_a_query_that_makes_no_sense(listen, change, said_of_it):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await listen(query=change)
    assert refused.value.status == 400
    assert said_of_it in refused.value.headers["dg-error"]


async def test_v1_closes_after_ten_seconds_without_anything(business, listen):
    await business.control("POST", "settings", {"speech_idle": 0.1})
    async with listen() as socket:
        assert await closed(socket) == 1011


async def test_v1_stays_open_with_keep_alive_as_text(business, listen):
    await business.control("POST", "settings", {"speech_idle": 0.3})
    async with listen() as socket:
        for _time in range(5):
            await socket.send_str('{"type": "KeepAlive"}')
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.1)
        assert not socket.closed


async def test_v1_takes_a_keep_alive_in_bytes_for_audio_it_cannot_read(listen):
    async with listen() as socket:
        await socket.send_bytes(b'{"type": "KeepAlive"}')
        assert await closed(socket) == 1008


async def test_v1_finalize_tells_at_once_what_was_said(scripted, listen):
    async with listen() as socket:
        await send(socket, await said(STATUS, after=0.1))
        await socket.send_str('{"type": "Finalize"}')
        messages = await until(socket, lambda m: m.get("from_finalize"))
        assert messages[-1]["channel"]["alternatives"][0]["transcript"] == STATUS


async def test_v1_close_stream_tells_the_rest_then_metadata_then_closes(
    scripted, listen
):
    async with listen() as socket:
        await send(socket, await said(STATUS, after=0.1))
        await socket.send_str('{"type": "CloseStream"}')
        messages = await until(socket, lambda m: m["type"] == "Metadata")
        finals = [m for m in messages if m.get("is_final")]
        assert finals[0]["channel"]["alternatives"][0]["transcript"] == STATUS
        assert messages[-1]["duration"] == pytest.approx(4, abs=1)
        assert await closed(socket) == 1000


async def test_v1_hears_a_script_instead_in_the_pieces_that_it_has(business, listen):
    turns = ["Hello.", ["My order", "is late."]]
    await business.control("POST", "speech", {"turns": turns})
    async with listen() as socket:
        await send(socket, await said("one two three"))
        await send(socket, await said("one two three"))
        texts = []
        while len(texts) < 3:
            for message in await until(socket, lambda m: m.get("is_final")):
                if message.get("is_final"):
                    best = message["channel"]["alternatives"][0]
                    texts += [(best["transcript"], message["speech_final"])]
            texts = [item for item in texts if item[0]]
    assert texts == [("Hello.", True), ("My order", False), ("is late.", True)]


async def test_v1_on_a_noisy_line_ends_a_turn_with_utterance_end_only(
    business, scripted, listen
):
    await business.control("POST", "faults", {"kind": "speech_no_final"})
    async with listen() as socket:
        await send(socket, await said(STATUS))
        messages = await until(socket, lambda m: m["type"] == "UtteranceEnd")
    assert not any(m.get("speech_final") for m in messages)


# -- faults ----------------------------------------------------------------------------
async def test_a_refusal_to_order_hits_the_named_vendor_once(business, listen):
    order = {"kind": "speech_refuse", "on": "deepgram", "status": 429}
    await business.control("POST", "faults", order)
    async with listen("v2"):
        pass
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await listen()
    assert refused.value.status == 429
    async with listen():
        pass


async def test_a_close_to_order_comes_after_that_much_audio(business, listen):
    order = {"kind": "speech_close", "code": 1008, "reason": "DATA-0000", "after": 2}
    await business.control("POST", "faults", order)
    async with listen() as socket:
        await send(socket, bytes(32000 * 3))
        assert await closed(socket) == 1008
    (row,) = await business.control("GET", "speech")
    assert (row["audio_seconds"], row["close_code"]) == (2.0, 1008)


async def test_a_stall_to_order_says_nothing_more_and_stays_open(
    business, scripted, listen
):
    order = {"kind": "speech_stall", "after": 0.5}
    await business.control("POST", "faults", order)
    async with listen() as socket:
        await send(socket, await said(STATUS))
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.3)
        assert not socket.closed


async def test_the_log_has_what_the_client_did_and_never_its_key(business, listen):
    async with listen() as socket:
        await socket.send_str('{"type": "KeepAlive"}')
        await socket.send_str('{"type": "CloseStream"}')
        await closed(socket)
    (row,) = await business.control("GET", "speech?vendor=deepgram")
    assert row["messages"] == ["KeepAlive", "CloseStream"]
    assert row["query"]["model"] == "nova-3" and row["close_code"] == 1000
    assert "demo-deepgram-key" not in json.dumps(row)


# -- Flux ------------------------------------------------------------------------------
async def test_flux_tells_start_updates_and_end_of_a_turn(listen):
    async with listen("v2") as socket:
        await send(socket, await said(STATUS))
        messages = await until(socket, lambda m: m.get("event") == "EndOfTurn")
    assert messages[0]["type"] == "Connected"
    events = [m["event"] for m in messages[1:]]
    assert events.count("StartOfTurn") == 1 and "Update" in events
    assert messages[-1]["transcript"] == STATUS
    assert [m["sequence_id"] for m in messages] == list(range(len(messages)))


async def test_flux_ends_a_turn_when_it_is_told_to(scripted, listen):
    async with listen("v2") as socket:
        await send(socket, await said(STATUS, after=0.1))
        await socket.send_str('{"type": "ForceEndTurn"}')
        messages = await until(socket, lambda m: m.get("event") == "EndOfTurn")
        assert messages[-1]["trigger"] == "manual"
        assert messages[-1]["transcript"] == STATUS


async def test_flux_knows_no_keep_alive(listen):
    async with listen("v2") as socket:
        await socket.send_str('{"type": "KeepAlive"}')
        messages = await until(socket, lambda m: m["type"] == "Error")
        assert messages[-1]["code"] == "UNPARSABLE_CLIENT_MESSAGE"
        assert await closed(socket) == 1011


@pytest.mark.parametrize(
    "change",
    [
        {"model": "nova-3"},
        {"eot_threshold": "0.2"},
        {"eager_eot_threshold": "1"},
        {"eot_timeout_ms": "1"},
        {"language_hint": "de"},
        {"interim_results": "true"},
    ],
)
async def test_flux_refuses_a_query_that_makes_no_sense(listen, change):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await listen("v2", query=change)
    assert refused.value.status == 400


# -- ElevenLabs ------------------------------------------------------------------------
@pytest.fixture
def speak(business):
    async def ask(text="Hello there.", voice=VOICE, key="demo-elevenlabs-key", **body):
        url = f"{business.base}/v1/text-to-speech/{voice}/stream"
        query = {"output_format": body.pop("output_format", "pcm_24000")}
        body = {"text": text, "model_id": "eleven_flash_v2_5", **body}
        headers = {"xi-api-key": key}
        async with business.session.post(
            url, params=query, headers=headers, json=body
        ) as answer:
            return answer.status, answer.content_type, await answer.read()

    return ask


async def test_elevenlabs_answers_with_raw_sound(speak):
    status, kind, content = await speak()
    assert (status, kind) == (200, "audio/pcm")
    samples = np.frombuffer(content, "<i2")
    assert 0.5 < len(samples) / 24000 < 2 and np.abs(samples).max() > 3000


@pytest.mark.parametrize(
    "options, status, word",
    [
        ({"key": "wrong"}, 401, "invalid_api_key"),
        ({"voice": "nobody"}, 404, "voice_not_found"),
        ({"text": " "}, 400, "input_text_empty"),
        ({"text": "a" * 40001}, 400, "max_character_limit_exceeded"),
        ({"model_id": "eleven_none"}, 400, "model_not_found"),
        (
            {"model_id": "eleven_multilingual_v2", "language_code": "de"},
            400,
            "unsupported_language",
        ),
        ({"output_format": "wav"}, 400, "invalid_output_format"),
    ],
)
async def test_elevenlabs_refuses_with_its_own_words(speak, options, status, word):
    answered, _kind, content = await speak(**options)
    assert (answered, json.loads(content)["detail"]["status"]) == (status, word)


async def test_elevenlabs_refuses_to_order(business, speak):
    order = {"kind": "speech_refuse", "on": "elevenlabs", "status": 429}
    await business.control("POST", "faults", order)
    status, _kind, content = await speak()
    assert status == 429
    assert json.loads(content)["detail"]["status"] == "too_many_concurrent_requests"
    assert (await speak())[0] == 200


async def test_elevenlabs_counts_characters_and_keeps_no_key(business, speak):
    await speak("Hello there.")
    (row,) = await business.control("GET", "speech?vendor=elevenlabs")
    assert row["characters"] == 12 and row["body"]["text"] == "Hello there."
    assert "demo-elevenlabs-key" not in json.dumps(row)
