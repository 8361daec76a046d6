import { onlineTest } from "@mail/../tests/mail_test_helpers";
import { after, describe, expect, test } from "@odoo/hoot";
import { advanceTime, tick } from "@odoo/hoot-mock";
import { patchWithCleanup } from "@web/../tests/web_test_helpers";

import {
    GATHERING_SETTLED,
    GATHERING_TIMEOUT,
    NEGOTIATION_TIMEOUT,
    PeerConnection,
    RECONNECT_TIMEOUT,
} from "@whatsapp_calling/core/peer_connection";
import { fakeStream } from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");

/** An RTCPeerConnection whose states the test sets. */
class FakeRtc extends EventTarget {
    static last;
    connectionState = "new";
    iceGatheringState = "new";
    sent = [];
    /** the tracks that were given to the sender */
    tracks = [];

    constructor() {
        super();
        FakeRtc.last = this;
    }
    addTransceiver() {
        this.sender = { replaceTrack: async (track) => this.tracks.push(track) };
        this.transceiver = { sender: this.sender, setCodecPreferences() {} };
        return this.transceiver;
    }
    getTransceivers() {
        return [this.transceiver];
    }
    async createOffer() {
        return { type: "offer", sdp: "offer" };
    }
    async createAnswer() {
        return { type: "answer", sdp: "answer" };
    }
    async setLocalDescription(description) {
        this.localDescription = description;
    }
    async setRemoteDescription(description) {
        this.sent.push(description.sdp);
        if (!this.transceiver) {
            this.addTransceiver();
        }
    }
    set(state) {
        this.connectionState = state;
        this.dispatchEvent(new Event("connectionstatechange"));
    }
    gather(sdp) {
        this.localDescription.sdp = sdp;
        this.iceGatheringState = "complete";
        this.dispatchEvent(new Event("icegatheringstatechange"));
    }
    async getStats() {
        return new Map();
    }
    close() {
        this.connectionState = "closed";
    }
}

function makePeer() {
    patchWithCleanup(window, { RTCPeerConnection: FakeRtc });
    const stream = fakeStream();
    const peer = new PeerConnection({ stream });
    after(() => peer.close());
    for (const name of ["connected", "reconnecting", "failed", "device-lost"]) {
        peer.addEventListener(name, ({ detail }) =>
            expect.step(detail ? `${name}: ${detail}` : name)
        );
    }
    return { peer, stream, track: stream.getTracks()[0], rtc: FakeRtc.last };
}

test("a description leaves only when all candidates are in it", async () => {
    const { peer, rtc } = makePeer();
    let sdp;
    peer.makeOffer().then((result) => (sdp = result));
    await tick();
    expect(sdp).toBe(undefined);
    rtc.gather("offer with candidates");
    await tick();
    expect(sdp).toBe("offer with candidates");
});

test("without a server to ask, the UDP candidates are enough", async () => {
    const { peer, rtc } = makePeer();
    let sdp;
    peer.makeOffer().then((result) => (sdp = result));
    await tick();
    const found = (protocol) =>
        rtc.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: { protocol } }));
    found("tcp");
    await advanceTime(10 * GATHERING_SETTLED);
    expect(sdp).toBe(undefined);
    found("udp");
    await tick();
    expect(sdp).toBe(undefined); // another interface may have one, too
    await advanceTime(2 * GATHERING_SETTLED);
    await tick();
    expect(sdp).toBe("offer");
});

test("a STUN server that does not answer delays no more than 2.5 seconds", async () => {
    const { peer } = makePeer();
    let sdp;
    peer.makeOffer().then((result) => (sdp = result));
    await tick();
    await advanceTime(GATHERING_TIMEOUT - 100);
    expect(sdp).toBe(undefined);
    await advanceTime(200);
    await tick();
    expect(sdp).toBe("offer");
});

test("the microphone is silent until it is switched on", () => {
    const { peer, track } = makePeer();
    expect(track.enabled).toBe(false);
    peer.setMicrophone(true);
    expect(track.enabled).toBe(true);
    peer.setMicrophone(false);
    expect(track.enabled).toBe(false);
});

test("no packet leaves before the call is connected, not even one of silence", async () => {
    const { peer, rtc, track } = makePeer();
    peer.makeAnswer("offer");
    await tick();
    rtc.gather("answer");
    await tick();
    expect(rtc.transceiver.direction).toBe("sendrecv");
    expect(rtc.tracks).toEqual([]);
    await peer.startSending();
    expect(rtc.tracks).toEqual([track]);
});

test("a microphone that is replaced while it rings waits for the call, too", async () => {
    const { peer, rtc } = makePeer();
    peer.makeOffer();
    await tick();
    const other = fakeStream();
    await peer.replaceMicrophone(other);
    expect(rtc.tracks).toEqual([]);
    await peer.startSending();
    expect(rtc.tracks).toEqual(other.getTracks());
});

test("a second answer is not applied", async () => {
    const { peer, rtc } = makePeer();
    peer.makeOffer();
    await tick();
    expect(await peer.setAnswer("first")).toBe(true);
    expect(await peer.setAnswer("first")).toBe(false);
    expect(rtc.sent).toEqual(["first"]);
});

test("no sound in time is a failed negotiation", async () => {
    const { peer, rtc } = makePeer();
    peer.makeAnswer("offer");
    await tick();
    rtc.gather("answer");
    await tick();
    await advanceTime(NEGOTIATION_TIMEOUT + 100);
    expect.verifySteps(["failed: negotiation"]);
});

test("a network that comes back in time is no failure", async () => {
    const { rtc } = makePeer();
    rtc.set("connected");
    rtc.set("disconnected");
    await advanceTime(RECONNECT_TIMEOUT - 100);
    rtc.set("connected");
    await advanceTime(RECONNECT_TIMEOUT);
    expect.verifySteps(["connected", "reconnecting", "connected"]);
});

test("a network that stays away is a lost connection", async () => {
    const { rtc } = makePeer();
    rtc.set("connected");
    rtc.set("disconnected");
    await advanceTime(RECONNECT_TIMEOUT + 100);
    expect.verifySteps(["connected", "reconnecting", "failed: connection"]);
});

test("an unplugged microphone is told; our own stop is not", async () => {
    const { peer, stream, track } = makePeer();
    track.dispatchEvent(new Event("ended"));
    expect.verifySteps(["device-lost"]);
    const other = fakeStream();
    await peer.replaceMicrophone(other);
    stream.getTracks()[0].dispatchEvent(new Event("ended"));
    expect.verifySteps([]);
    expect(track.stopped).toBe(true);
});

test("a replaced microphone stays muted when it was", async () => {
    const { peer } = makePeer();
    peer.setMicrophone(false);
    const other = fakeStream();
    await peer.replaceMicrophone(other);
    expect(other.getTracks()[0].enabled).toBe(false);
});

test("close releases the microphone and says nothing any more", () => {
    const { peer, track, rtc } = makePeer();
    peer.close();
    peer.close();
    expect(track.stopped).toBe(true);
    rtc.set("failed");
    expect.verifySteps([]);
});

test("tones wait for the ones before them, and only keys are tones", () => {
    const { peer } = makePeer();
    const inserted = [];
    peer.sender = {
        dtmf: {
            canInsertDTMF: true,
            toneBuffer: "12",
            insertDTMF: (tones) => inserted.push(tones),
        },
    };
    expect(peer.sendTones("3")).toBe(true);
    expect(inserted).toEqual(["123"]);
    expect(peer.sendTones("x")).toBe(false);
    peer.sender.dtmf.canInsertDTMF = false;
    expect(peer.sendTones("3")).toBe(false);
});

onlineTest(
    "two browsers hear each other: Opus only, candidates and fingerprint in the SDP",
    async () => {
        const open = () => {
            const context = new window.AudioContext();
            const { stream } = context.createMediaStreamDestination();
            after(() => context.close());
            return stream;
        };
        const caller = new PeerConnection({ stream: open() });
        const callee = new PeerConnection({ stream: open() });
        after(() => {
            caller.close();
            callee.close();
        });
        const connected = new Promise((resolve) => callee.addEventListener("connected", resolve));
        const offer = await caller.makeOffer();
        const answer = await callee.makeAnswer(offer);
        await caller.setAnswer(answer);
        await connected;
        for (const sdp of [offer, answer]) {
            expect(sdp).toInclude("opus/48000");
            expect(sdp).toInclude("a=candidate:");
            expect(sdp).toInclude("a=fingerprint:");
            expect(sdp).not.toInclude("PCMU");
            expect(sdp).not.toInclude("m=video");
        }
        expect(callee.audio.srcObject).not.toBe(null);
    }
);
