import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { Deferred, advanceTime, animationFrame } from "@odoo/hoot-mock";

import {
    OFFER,
    OUR_ANSWER,
    connectedValues,
    defineWhatsappCallingModels,
    endedValues,
    fakeStream,
    makeCall,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const BLOCKED = "Microphone access blocked — the caller will not hear you";

async function ringing(values) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    const call = server.add(makeCall(values));
    const softphone = await startSoftphone();
    await contains(".o-whatsapp-IncomingCall");
    return { server, softphone, call, ...sound };
}

test("accept asks for the microphone, answers the offer, then claims the call", async () => {
    const { server, softphone, call, peers, microphone } = await ringing();
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall-state", { text: "Connecting…" });
    expect(microphone.asked).toBe(1);
    expect(peers[0].offer).toBe(OFFER);
    expect(server.requestsOf("softphone_accept")).toEqual([
        ["softphone_accept", [call.id, softphone.tabId, OUR_ANSWER]],
    ]);
    expect(".o-whatsapp-IncomingCall").toHaveCount(0);
});

test("nobody is heard before WhatsApp has confirmed the accept", async () => {
    const { server, call, peers } = await ringing();
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall-state", { text: "Connecting…" });
    expect(peers[0].microphoneEnabled).toBe(false);
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[0].microphoneEnabled).toBe(true);
});

test("a refused microphone sends nothing, and the call rings on", async () => {
    const { server, microphone, peers } = await ringing();
    microphone.error = new DOMException("denied", "NotAllowedError");
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".modal-title", { text: BLOCKED });
    await contains(".o-whatsapp-MicrophoneDialog b", {
        text: "The call was not accepted. It keeps ringing, for your teammates too.",
    });
    expect(server.sent).toEqual([]);
    expect(peers).toHaveLength(0);
    expect(".o-whatsapp-IncomingCall-accept").toHaveCount(1);
});

test("the dialog explains the microphone and the customer's permission", async () => {
    const { microphone } = await ringing();
    microphone.error = new DOMException("denied", "NotAllowedError");
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-TwoPermissions li", { count: 2 });
    await contains(".o-whatsapp-TwoPermissions b", { text: "Your microphone:" });
    await contains(".o-whatsapp-TwoPermissions b", { text: "Your customer's permission:" });
});

test("after the microphone was allowed, one click tries again", async () => {
    const { server, microphone } = await ringing();
    microphone.error = new DOMException("denied", "NotAllowedError");
    await click(".o-whatsapp-IncomingCall-accept");
    microphone.error = null;
    await click(".modal-footer button", { text: "Try again" });
    await contains(".o-whatsapp-OnCall");
    expect(server.sent).toEqual(["softphone_accept"]);
});

test("a missing microphone is told apart from a blocked one", async () => {
    const { microphone, server } = await ringing();
    microphone.error = new DOMException("none", "NotFoundError");
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".modal-title", {
        text: "No microphone found — the caller will not hear you",
    });
    expect(server.sent).toEqual([]);
});

test("the loser of two accepts reads who was quicker, and their microphone is released", async () => {
    const { server, peers, softphone, call } = await ringing();
    server.answers.softphone_accept = () => {
        Object.assign(call, {
            version: call.version + 1,
            connecting: true,
            mine_to_answer: false,
            handler: { id: 99, name: "Agent Two" },
        });
        return {
            ok: false,
            reason: "taken",
            message: "already accepted by another teammate: Agent Two",
            call: structuredClone(call),
        };
    };
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-IncomingCall-notice", {
        text: "already accepted by another teammate: Agent Two",
    });
    expect(softphone.live).toBe(null);
    expect(peers[0].closed).toBe(true);
    expect(server.sent).toEqual(["softphone_accept"]);
});

test("when WhatsApp refuses the accept, it rings again and the popup says why", async () => {
    const { server, call, peers } = await ringing();
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall");
    server.update(call, {
        state: "ringing",
        connecting: false,
        mine: false,
        mine_to_answer: true,
        handler: false,
        handler_tab: false,
        reason: "WhatsApp did not take the answer.",
        sdp: OFFER,
        sdp_type: "offer",
    });
    await contains(".o-whatsapp-IncomingCall-notice", {
        text: "WhatsApp did not take the answer.",
    });
    await contains(".o-whatsapp-IncomingCall-accept:enabled");
    expect(peers[0].closed).toBe(true);
    // and once more, with a new connection
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall-state", { text: "Connecting…" });
    expect(peers).toHaveLength(2);
});

test("a bus that is quicker than the answer to our request does no harm", async () => {
    const { server, call, peers, softphone } = await ringing();
    const answer = new Deferred();
    server.answers.softphone_accept = async (id, tab) => {
        const result = server.softphone_accept(id, tab);
        server.update(call, connectedValues());
        await answer;
        return result;
    };
    await click(".o-whatsapp-IncomingCall-accept");
    await advanceTime(100);
    answer.resolve();
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[0].microphoneEnabled).toBe(true);
    expect(softphone.calls.get(call.id).version).toBe(call.version);
});

test("hung up while the browser asks for the microphone: nothing is sent, the device is released", async () => {
    const { server, microphone, softphone } = await ringing();
    microphone.pending = new Deferred();
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall-state", { text: "Waiting for your microphone…" });
    await click(".o-whatsapp-OnCall-hangUp");
    const stream = fakeStream();
    microphone.pending.resolve(stream);
    await animationFrame();
    expect(softphone.live).toBe(null);
    expect(stream.getTracks()[0].stopped).toBe(true);
    expect(server.sent).toEqual([]);
    await contains(".o-whatsapp-IncomingCall-accept");
});

test("the caller gives up while we connect: panel and microphone are freed", async () => {
    const { server, call, peers, softphone } = await ringing();
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall");
    server.update(call, endedValues({ state: "missed", reason: "The caller hung up." }));
    await contains(".o-whatsapp-EndedCall-reason", { text: "The caller hung up." });
    expect(peers[0].closed).toBe(true);
    expect(softphone.live).toBe(null);
});

test("a second call is accepted after the first one was hung up", async () => {
    const { server, call, peers } = await ringing();
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    server.ring(makeCall({ name: "Jonas Weber" }));
    await click(".o-whatsapp-IncomingCall-accept", { text: "End current call and accept" });
    await contains(".o-whatsapp-OnCall-name", { text: "Jonas Weber" });
    expect(server.sent).toEqual(["softphone_accept", "softphone_hang_up", "softphone_accept"]);
    expect(peers[0].closed).toBe(true);
});

test("a server that cannot be reached leaves no half-open call", async () => {
    const { server, peers, softphone } = await ringing();
    server.answers.softphone_accept = () => {
        throw new Error("no connection");
    };
    expect.errors(1);
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-EndedCall-reason", {
        text: "The server could not be reached. Please try again.",
    });
    expect(peers[0].closed).toBe(true);
    expect(softphone.live).toBe(null);
    expect.verifyErrors(["no connection"]);
});

describe("one call at a time", () => {
    const other = { phone: "+436601112299" };

    /** In a call, and a second one rings. */
    async function knocked() {
        const phone = await ringing();
        await click(".o-whatsapp-IncomingCall-accept");
        phone.server.update(phone.call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        const second = phone.server.ring(makeCall({ name: "Jonas Weber" }));
        await contains(".o-whatsapp-IncomingCall-accept");
        return { ...phone, second };
    }

    test("a double click on 'End current call and accept' accepts once", async () => {
        const { server, peers, softphone, second } = await knocked();
        await Promise.all([1, 2, 3].map(() => softphone.accept(second.id)));
        await softphone.accept(second.id);
        expect(server.sent).toEqual(["softphone_accept", "softphone_hang_up", "softphone_accept"]);
        expect(softphone.live.callId).toBe(second.id);
        expect(peers.map(({ closed }) => closed)).toEqual([true, false]);
    });

    test("who accepts while a call is being claimed waits until that one is hung up", async () => {
        const { server, peers, softphone, call } = await ringing();
        const answer = new Deferred();
        server.answers.softphone_accept = async (...args) => {
            await answer;
            return server.softphone_accept(...args);
        };
        const first = softphone.accept(call.id);
        await contains(".o-whatsapp-OnCall-state", { text: "Connecting…" });
        await animationFrame();
        const second = server.ring(makeCall({ name: "Jonas Weber" }));
        await contains(".o-whatsapp-IncomingCall");
        const accepted = softphone.accept(second.id);
        await animationFrame();
        expect(softphone.live.callId).toBe(call.id);
        answer.resolve();
        await Promise.all([first, accepted]);
        expect(server.sent).toEqual(["softphone_accept", "softphone_hang_up", "softphone_accept"]);
        expect(softphone.live.callId).toBe(second.id);
        expect(peers.map(({ closed }) => closed)).toEqual([true, false]);
    });

    test("a ringing call accepted while another one is looked up goes first", async () => {
        const { server, peers, softphone, call } = await ringing();
        const answer = new Deferred();
        server.answers.softphone_lookup = async (target) => {
            await answer;
            return server.softphone_lookup(target);
        };
        const dialling = softphone.dial(other);
        await animationFrame();
        await softphone.accept(call.id);
        answer.resolve();
        await dialling;
        expect(server.sent).toEqual(["softphone_accept"]);
        expect(softphone.live.callId).toBe(call.id);
        expect(peers).toHaveLength(1);
    });

    test("nobody is dialled while a call is being accepted", async () => {
        const { server, softphone, second } = await knocked();
        const accepted = softphone.accept(second.id);
        await softphone.dial(other);
        await accepted;
        expect(server.requestsOf("softphone_dial")).toHaveLength(0);
        expect(softphone.live.callId).toBe(second.id);
    });

    test("a call that goes on keeps its controls, whatever else is begun", async () => {
        const { call, peers, softphone } = await knocked();
        expect(softphone.startLive({ direction: "outbound", target: other })).toBe(null);
        expect(softphone.live.callId).toBe(call.id);
        expect(peers[0].closed).toBe(false);
    });
});
