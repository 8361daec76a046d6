"""Prompts: real voices, real Opus, made once and kept."""

import asyncio
import os
import time

import numpy as np
import pytest

from media_sidecar.rtc.opus import Decoder
from media_sidecar.speech import prompts as module
from media_sidecar.speech.errors import SpeechError
from media_sidecar.speech.prompt_files import PromptFiles, key_of
from media_sidecar.speech.prompts import Prompts, speak_note
from media_sidecar.speech.sound import RATE, read

GREETING = {"text": "Good morning. Please leave a message.", "language": "en_US"}


def heard(packets):
    decoder = Decoder(RATE)
    pcm = b"".join(map(decoder.decode, packets))
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def pitch(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * RATE / len(samples)


@pytest.fixture
def prompts(tmp_path):
    return Prompts(tmp_path / "prompts")


@pytest.mark.parametrize(
    "language, text",
    [
        ("en_US", "Please leave a message after the tone."),
        ("de_DE", "Bitte hinterlassen Sie eine Nachricht nach dem Ton."),
        ("es_ES", "Por favor, deje un mensaje después de la señal."),
        ("fr_FR", "Veuillez laisser un message après le bip."),
        ("pt_BR", "Por favor, deixe uma mensagem após o sinal."),
        ("ar_001", "من فضلك اترك رسالة بعد الصافرة."),
    ],
)
async def test_each_language_of_the_product_is_spoken_without_a_key(
    prompts, language, text
):
    samples = heard(await prompts.packets({"text": text, "language": language}))
    assert 1.5 < len(samples) / RATE < 6
    loud = samples[np.abs(samples) > 0.01]
    assert 0.05 < np.sqrt(np.mean(loud**2)) < 0.2  # all equally loud


async def test_packets_are_20_ms_mono_and_about_20_kbps(prompts):
    packets = await prompts.packets(GREETING)
    assert len(heard(packets)) == len(packets) * 960
    assert not any(packet[0] & 0x04 for packet in packets)  # the stereo bit
    assert 8_000 < sum(map(len, packets)) * 8 / (len(packets) * 0.02) < 26_000


async def test_a_prompt_is_made_once_and_survives_a_restart(
    prompts, tmp_path, monkeypatch
):
    first = await prompts.packets(GREETING)
    assert prompts.ready(GREETING) == first

    async def none(*_args):
        raise AssertionError("was made again")
        yield

    monkeypatch.setattr(module.tts, "speak", none)
    assert await Prompts(tmp_path / "prompts").packets(GREETING) == first


async def test_asked_for_twice_at_once_it_is_made_once(prompts, monkeypatch):
    made = []
    speak = module.tts.speak

    def counting(*args):
        made.append(args)
        return speak(*args)

    monkeypatch.setattr(module.tts, "speak", counting)
    one, two = await asyncio.gather(
        prompts.packets(GREETING), prompts.packets(GREETING)
    )
    assert one == two and len(made) == 1


async def test_what_is_not_in_memory_is_not_ready(prompts):
    assert prompts.ready(GREETING) is None


async def test_the_first_sentence_is_there_before_the_last_one_is_made(prompts):
    stream = prompts.stream(GREETING)
    first = await anext(stream)
    assert prompts.ready(GREETING) is None
    rest = [packet async for piece in stream for packet in piece]
    assert first + rest == prompts.ready(GREETING)


async def test_the_key_of_a_vendor_is_no_part_of_the_name():
    one = {"tts": {"engine": "elevenlabs", "key": "secret-1"}}
    two = {"tts": {"engine": "elevenlabs", "key": "secret-2"}}
    assert key_of(GREETING, one) == key_of(GREETING, two) != key_of(GREETING, {})


def test_a_company_with_a_vendor_of_its_own_speaks_for_no_other():
    """Files are shared: what another address made of a text is another prompt."""
    one = {"tts": {"engine": "elevenlabs", "voice": "v"}}
    two = {"tts": {"engine": "elevenlabs", "voice": "v", "url": "https://else.where"}}
    assert key_of(GREETING, one) != key_of(GREETING, two)


async def test_the_folder_is_private_and_keeps_no_text(prompts, tmp_path):
    await prompts.packets(GREETING)
    folder = tmp_path / "prompts"
    (file,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"message" not in file.read_bytes()


def test_the_folder_is_bounded_and_the_unused_goes_first(tmp_path):
    files = PromptFiles(tmp_path, largest=2500)
    for age, name in ((30, "a"), (20, "b"), (10, "c")):
        files.save(name, [bytes(1000)])
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    assert files.load("b") == [bytes(1000)]  # used, so now the youngest
    files.save("d", [bytes(1000)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "d"]


def test_what_nobody_used_for_a_month_goes(tmp_path):
    files = PromptFiles(tmp_path)
    files.save("a", [b"old"])
    os.utime(tmp_path / "a", (time.time() - 31 * 86400,) * 2)
    files.save("b", [b"new"])
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_damaged_file_is_made_anew(tmp_path):
    files = PromptFiles(tmp_path)
    files.save("a", [b"one", b"two"])
    path = tmp_path / "a"
    path.write_bytes(path.read_bytes()[:-1])
    assert files.load("a") is None and not path.exists()


async def test_the_tone_is_400_ms_of_1000_hz(prompts):
    samples = heard(await prompts.packets({"tone": "beep"}))
    assert len(samples) / RATE == pytest.approx(0.5, abs=0.021)
    assert pitch(samples[:18000]) == pytest.approx(1000, abs=5)


async def test_hold_music_goes_round_without_a_click(prompts):
    packets = await prompts.packets({"music": "hold"})
    samples = heard(packets * 2)
    assert len(packets) * 0.02 == pytest.approx(19.2)
    assert 0.01 < np.sqrt(np.mean(samples**2)) < 0.15
    seam = len(samples) // 2
    steps = np.abs(np.diff(samples))
    assert steps[seam - 480 : seam + 480].max() < np.percentile(steps, 99.9) * 1.5


async def test_music_is_heard_all_the_time(prompts):
    samples = heard(await prompts.packets({"music": "hold"}))
    halves = samples[: len(samples) // 24000 * 24000].reshape(-1, 24000)
    assert np.sqrt(np.mean(halves**2, axis=1)).min() > 0.005


async def test_what_is_no_prompt_is_told(prompts):
    with pytest.raises(SpeechError, match="no text, music or tone"):
        await prompts.packets({"music": "jazz"})


async def test_a_language_nobody_speaks_is_told(prompts):
    with pytest.raises(SpeechError, match="espeak-ng failed"):
        await prompts.packets({"text": "hallo", "language": "xx"})


async def test_a_missing_program_is_named(prompts, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SpeechError, match="install the Debian package flite"):
        await prompts.packets(GREETING)


async def test_a_voice_note_is_an_ogg_opus_file():
    content = await speak_note("Sorry we missed your call.", "en")
    assert content[:4] == b"OggS" and b"OpusHead\x01\x01" in content[:60]
    assert 1 < len(read(content)) / RATE < 4
