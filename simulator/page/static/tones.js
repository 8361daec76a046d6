/* Ring, ring-back and key tones by Web Audio. Nothing here ever throws. */

const KEYS = "123A456B789C*0#D";
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];

let context = null;
let ringing = null;

function ready() {
    try {
        context ||= new AudioContext();
        if (context.state === "suspended") {
            // refused until the first click in the page
            context.resume().catch(() => {});
        }
        return context.state === "running" ? context : null;
    } catch {
        return null;
    }
}

function beep(frequencies, start, seconds, level) {
    try {
        const gain = context.createGain();
        gain.gain.setValueAtTime(0, start);
        gain.gain.linearRampToValueAtTime(level, start + 0.02);
        gain.gain.setValueAtTime(level, start + seconds - 0.03);
        gain.gain.linearRampToValueAtTime(0, start + seconds);
        gain.connect(context.destination);
        for (const frequency of frequencies) {
            const oscillator = context.createOscillator();
            oscillator.frequency.value = frequency;
            oscillator.connect(gain);
            oscillator.start(start);
            oscillator.stop(start + seconds);
        }
    } catch {
        // a ring that cannot be heard is still seen
    }
}

const PATTERNS = {
    ring: () => {
        const now = context.currentTime;
        [0, 0.22, 0.44].forEach((at, index) => beep([[587, 740, 880][index]], now + at, 0.2, 0.12));
    },
    ringback: () => beep([425], context.currentTime, 1, 0.04),
};
const EVERY = { ring: 1600, ringback: 4000 };

/** Play "ring" or "ringback" until something else is asked for; null is silence. */
export function ring(kind) {
    if (ringing?.kind === kind) {
        return;
    }
    clearInterval(ringing?.timer);
    ringing = null;
    if (!kind) {
        return;
    }
    const once = () => ready() && PATTERNS[kind]();
    once();
    ringing = { kind, timer: setInterval(once, EVERY[kind]) };
}

/** The sound of a key of the keypad. */
export function key(digit) {
    const index = KEYS.indexOf(digit);
    if (index >= 0 && ready()) {
        beep([ROWS[index >> 2], COLUMNS[index & 3]], context.currentTime, 0.15, 0.06);
    }
}
