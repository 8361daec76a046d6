import { browser } from "@web/core/browser/browser";

/** How long a STUN or TURN server may take to answer. */
const GATHERING_TIMEOUT = 5_000;
const CONNECTING_TIMEOUT = 8_000;
/** How long the tone may take to arrive, and how often it is looked for. */
const LISTENING = 5_000;
const LOOK_EVERY = 250;
const TONE = 440; // Hz
/** Of 0 to 1; soft, because it is heard in the headset. */
const LOUDNESS = 0.1;
const HEARD = 0.01;

/** For tests. */
export const rtc = { make: (config) => new RTCPeerConnection(config) };

/**
 * Which kinds of addresses one server, or none, helps this browser to find.
 *
 * @param {RTCIceServer} [server] none: only the computer's own addresses
 * @returns {Promise<{types: string[], error: string}>} types: "host", "srflx" (STUN), "relay" (TURN)
 */
export async function gather(server) {
    const pc = rtc.make({ iceServers: server ? [server] : [] });
    const types = new Set();
    let error = "";
    try {
        await new Promise((resolve, reject) => {
            browser.setTimeout(resolve, GATHERING_TIMEOUT);
            pc.addEventListener("icecandidate", ({ candidate }) => {
                if (candidate?.candidate) {
                    types.add(candidate.type);
                } else if (!candidate) {
                    resolve();
                }
            });
            pc.addEventListener("icecandidateerror", ({ errorCode, errorText }) => {
                error = [errorCode, errorText].filter(Boolean).join(" ");
            });
            pc.addTransceiver("audio", { direction: "sendrecv" });
            pc.createOffer()
                .then((offer) => pc.setLocalDescription(offer))
                .catch(reject);
        });
    } catch (problem) {
        error = problem.message;
    } finally {
        pc.close();
    }
    return { types: [...types], error };
}

/**
 * A call of this browser with itself: a tone goes through Opus and comes back.
 *
 * @returns {Promise<{connected: boolean, codec: string, level: number, heard: boolean}>} level: of
 *  0 to 1
 */
export async function loopback(iceServers = []) {
    const ends = [rtc.make({ iceServers }), rtc.make({ iceServers })];
    const [caller, callee] = ends;
    const context = new AudioContext();
    // what is not played is never decoded, and a muted element counts as silence
    const audio = new browser.Audio();
    try {
        await context.resume();
        ends.forEach((pc, index) =>
            pc.addEventListener("icecandidate", ({ candidate }) =>
                ends[1 - index].addIceCandidate(candidate).catch(() => {})
            )
        );
        callee.addEventListener("track", ({ track }) => {
            audio.srcObject = new MediaStream([track]);
            Promise.resolve(audio.play()).catch(() => {});
        });
        caller.addTrack(toneTrack(context));
        const connected = connection(caller);
        await caller.setLocalDescription(await caller.createOffer());
        await callee.setRemoteDescription(caller.localDescription);
        await callee.setLocalDescription(await callee.createAnswer());
        await caller.setRemoteDescription(callee.localDescription);
        if (!(await connected)) {
            return { connected: false, codec: "", level: 0, heard: false };
        }
        return { connected: true, ...(await listen(callee)) };
    } finally {
        ends.forEach((pc) => pc.close());
        audio.srcObject = null;
        await context.close().catch(() => {});
    }
}

function toneTrack(context) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const destination = context.createMediaStreamDestination();
    oscillator.frequency.value = TONE;
    gain.gain.value = LOUDNESS;
    oscillator.connect(gain).connect(destination);
    oscillator.start();
    return destination.stream.getAudioTracks()[0];
}

/** @returns {Promise<boolean>} */
function connection(pc) {
    return new Promise((resolve) => {
        browser.setTimeout(() => resolve(false), CONNECTING_TIMEOUT);
        pc.addEventListener("connectionstatechange", () => {
            if (["connected", "failed"].includes(pc.connectionState)) {
                resolve(pc.connectionState === "connected");
            }
        });
    });
}

/** Until the tone is heard. */
async function listen(pc) {
    let sound = { codec: "", level: 0, heard: false };
    for (let waited = 0; waited < LISTENING && !sound.heard; waited += LOOK_EVERY) {
        await new Promise((resolve) => browser.setTimeout(resolve, LOOK_EVERY));
        const stats = await pc.getStats();
        const inbound = [...stats.values()].find(({ type }) => type === "inbound-rtp") || {};
        const level = inbound.audioLevel || 0;
        const codec = stats.get(inbound.codecId)?.mimeType || "";
        sound = { codec, level, heard: level > HEARD };
    }
    return sound;
}
