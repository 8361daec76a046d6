"""What a side of a call hears: the pitch of a tone, in a page or in a WAV."""

import io
import wave

import numpy as np

# Kept from a page's start: the phone's code keeps its connections to itself.
REMEMBER_CONNECTIONS = """
(() => {
    const Original = window.RTCPeerConnection;
    window.__connections = [];
    window.RTCPeerConnection = class extends Original {
        constructor(...args) {
            super(...args);
            window.__connections.push(this);
        }
    };
})();
"""

# The pitch of what arrives now. Chromium feeds a remote track to Web Audio only while
# an <audio> element plays it, as the phone does: no element, no sound, no pitch.
PITCH_IN_PAGE = """
async (seconds) => {
    const live = window.__connections.filter((c) => c.connectionState === "connected");
    const receiver = live.at(-1)?.getReceivers().find((r) => r.track.kind === "audio");
    if (!receiver) {
        return 0;
    }
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    const stream = new MediaStream([receiver.track]);
    context.createMediaStreamSource(stream).connect(analyser);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const loudest = levels.indexOf(Math.max(...levels));
    const pitch = (loudest * context.sampleRate) / analyser.fftSize;
    await context.close();
    return levels[loudest] > -70 ? pitch : 0;
}
"""
SAME_PITCH = 15  # Hz: two steps of the page's analysis


def remember_connections(context):
    """Call it on a Playwright context before its first page."""
    context.add_init_script(REMEMBER_CONNECTIONS)


def pitch_in_page(page, seconds=0.4):
    """Hz of the strongest tone the page's live call receives; 0 when it is silent."""
    return page.evaluate(PITCH_IN_PAGE, seconds)


def pitch_of_wav(data, last_seconds=1.0):
    """Hz of the strongest tone at the end of a mono WAV (bytes); 0 when silent."""
    with wave.open(io.BytesIO(data)) as source:
        rate = source.getframerate()
        pcm = np.frombuffer(source.readframes(source.getnframes()), dtype="<i2")
    pcm = pcm[-int(rate * last_seconds) :].astype(float)
    if not len(pcm) or np.sqrt(np.mean(pcm**2)) < 100:
        return 0.0
    levels = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return float(levels.argmax() * rate / len(pcm))


def is_pitch(found, wanted):
    return abs(found - wanted) <= SAME_PITCH


def tone_wav(hertz, seconds=10, rate=48000):
    """A mono 16-bit WAV (bytes) of a sine, for a fake microphone."""
    times = np.arange(int(seconds * rate)) / rate
    pcm = (0.4 * 32767 * np.sin(2 * np.pi * hertz * times)).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(pcm.tobytes())
    return buffer.getvalue()
