"""Sound for the tests: tones as Opus packets, and what a foreign decoder hears."""

import json
import subprocess

import numpy

from media_sidecar.rtc.opus import Encoder

RATE = 16000
FRAME = 960


def tone(hertz, seconds, loud=8000):
    """int16 mono, RATE Hz."""
    times = numpy.arange(int(seconds * RATE)) / RATE
    return (loud * numpy.sin(2 * numpy.pi * hertz * times)).astype("<i2")


def packets(pcm, bitrate=20000):
    """Opus packets of 20 ms."""
    encoder, step = Encoder(RATE, bitrate), RATE // 50
    return [
        encoder.encode(pcm[start : start + step].tobytes())
        for start in range(0, len(pcm) - step + 1, step)
    ]


def tone_packets(hertz, seconds):
    return packets(tone(hertz, seconds))


def decoded(ogg):
    """What ffmpeg hears in the bytes of a file: float, RATE Hz. It must not grumble."""
    run = subprocess.run(
        f"ffmpeg -v warning -i - -ar {RATE} -ac 1 -f f32le -".split(),
        input=ogg,
        capture_output=True,
        check=True,
    )
    assert not run.stderr, run.stderr.decode()
    return numpy.frombuffer(run.stdout, "<f4")


def probed(path):
    """ffprobe's stream of a file: codec_name, channels, sample_rate, duration …"""
    run = subprocess.run(
        ["ffprobe", "-v", "warning", "-show_streams", "-of", "json", path],
        capture_output=True,
        check=True,
    )
    assert not run.stderr, run.stderr.decode()
    (stream,) = json.loads(run.stdout)["streams"]
    return stream


def pitches(sound, since, until, floor=0.02):
    """The tones heard between two seconds, in Hz, rounded to 10, lowest first."""
    part = sound[int(since * RATE) : int(until * RATE)]
    spectrum = numpy.abs(numpy.fft.rfft(part * numpy.hanning(len(part))))
    spectrum *= 4 / len(part)  # a tone's amplitude
    found = set()
    for place in range(1, len(spectrum) - 1):
        if spectrum[place] > floor and spectrum[place] == max(
            spectrum[max(0, place - 8) : place + 9]
        ):
            found.add(round(place * RATE / len(part) / 10) * 10)
    return sorted(found)


def is_silent(sound, since, until):
    part = sound[int(since * RATE) : int(until * RATE)]
    return float(numpy.abs(part).max()) < 0.001
