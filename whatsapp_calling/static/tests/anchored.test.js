import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { advanceTime } from "@odoo/hoot-mock";
import { serverState } from "@web/../tests/web_test_helpers";

import {
    ANSWER,
    OFFER,
    OUR_ANSWER,
    OUR_OFFER,
    connectedValues,
    defineWhatsappCallingModels,
    makeCall,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const ANCHORED = { anchored: true, sdp: false, sdp_type: false };
const ANSWERED = { sdp: ANSWER, sdp_type: "answer" };

function setUp() {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    // as the server does: the tab that asks first has the call, with a line of its own
    server.answers.softphone_reattach = (id, tab) => {
        const call = server.calls[id];
        server.lines = (server.lines || 1) + 1;
        Object.assign(call, {
            version: call.version + 1,
            handler_tab: tab,
            reattach_until: false,
            leg: `leg-${server.lines}`,
            sdp: false,
        });
        return { ok: true, call: structuredClone(call) };
    };
    return { server, ...sound };
}

/** A call through the media server that this tab has answered. */
async function inAnchoredCall() {
    const { server, ...sound } = setUp();
    const call = server.add(makeCall(ANCHORED));
    const softphone = await startSoftphone();
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues({ leg: "leg-1", ...ANSWERED }));
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    return { server, softphone, call, ...sound };
}

/** A call of this user that no tab holds. */
function leftCall(values) {
    return makeCall({
        ...ANCHORED,
        state: "connected",
        mine: true,
        mine_to_answer: false,
        handler: { id: serverState.userId, name: "Mitchell Admin" },
        answered: Date.now() - 60_000,
        reattach_until: Date.now() + 20_000,
        ...values,
    });
}

test("an anchored call is answered with an offer, whoever called", async () => {
    const { server, peers } = setUp();
    const call = server.add(makeCall(ANCHORED));
    const softphone = await startSoftphone();
    await click(".o-whatsapp-IncomingCall-accept");
    await waitUntil(() => server.requestsOf("softphone_accept").length);
    expect(server.requestsOf("softphone_accept")).toEqual([
        ["softphone_accept", [call.id, softphone.tabId, OUR_OFFER, "offer"]],
    ]);
    expect(peers[0].answers).toEqual([]);
});

test("the answer for the line of this tab is taken, another one is not", async () => {
    const { server, peers } = setUp();
    const call = server.add(makeCall({ ...ANCHORED, leg: "leg-1" }));
    const softphone = await startSoftphone();
    await click(".o-whatsapp-IncomingCall-accept");
    await waitUntil(() => softphone.live?.leg === "leg-1");
    server.update(call, connectedValues({ leg: "leg-0", sdp: "old", sdp_type: "answer" }));
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[0].answers).toEqual([]);
    server.update(call, { leg: "leg-1", ...ANSWERED });
    await waitUntil(() => peers[0].answers.length);
    expect(peers[0].answers).toEqual([ANSWER]);
    expect(peers[0].sending).toBe(true);
});

test("that the call goes through the media server is shown, and when it should and does not", async () => {
    const { server, call } = await inAnchoredCall();
    await contains(".o-whatsapp-OnCall-anchored", { text: "Through the media server" });
    server.update(call, { anchored: false, fell_back: true });
    await contains(".o-whatsapp-OnCall-fellBack", { text: "Without the media server" });
});

test("a call whose way changed before the click is answered the other way at once", async () => {
    const { server, peers } = setUp();
    const call = server.add(makeCall(ANCHORED));
    await startSoftphone();
    server.answers.softphone_accept = (id, tab, sdp, kind) => {
        if (kind === "offer") {
            Object.assign(call, { version: call.version + 1, anchored: false });
            Object.assign(call, { sdp: OFFER, sdp_type: "offer" });
            return {
                ok: false,
                reason: "other_way",
                message: "The way has changed.",
                call: structuredClone(call),
            };
        }
        return server.softphone_accept(id, tab);
    };
    await click(".o-whatsapp-IncomingCall-accept");
    await waitUntil(() => server.requestsOf("softphone_accept").length === 2);
    const [, second] = server.requestsOf("softphone_accept");
    expect(second[1].slice(2)).toEqual([OUR_ANSWER]);
    expect(peers[0].closed).toBe(true);
    expect(peers[1].offer).toBe(OFFER);
});

test("a page that opens takes the call back that it lost, by itself", async () => {
    const { server, peers } = setUp();
    const call = server.add(leftCall());
    const softphone = await startSoftphone();
    await advanceTime(10);
    await waitUntil(() => server.requestsOf("softphone_reattach").length);
    expect(server.requestsOf("softphone_reattach")).toEqual([
        ["softphone_reattach", [call.id, softphone.tabId, OUR_OFFER]],
    ]);
    server.update(call, { ...ANSWERED });
    await waitUntil(() => peers[0].answers.length);
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[0].microphoneEnabled).toBe(true);
    expect(softphone.live.callId).toBe(call.id);
});

test("a page that was open all along lets the reloaded one go first", async () => {
    const { server } = setUp();
    const softphone = await startSoftphone();
    await advanceTime(10_000);
    const call = server.add(leftCall());
    server.announce(call);
    await waitUntil(() => softphone.calls.get(call.id));
    await advanceTime(1_000);
    expect(server.requestsOf("softphone_reattach")).toEqual([]);
    server.update(call, { handler_tab: "another", reattach_until: false });
    await waitUntil(() => softphone.calls.get(call.id).handler_tab === "another");
    await advanceTime(10_000);
    expect(server.requestsOf("softphone_reattach")).toEqual([]);
});

test("it takes the call when nobody else does", async () => {
    const { server } = setUp();
    const softphone = await startSoftphone();
    await advanceTime(10_000);
    const call = server.add(leftCall());
    server.announce(call);
    await waitUntil(() => softphone.calls.get(call.id));
    await advanceTime(5_000);
    await waitUntil(() => server.requestsOf("softphone_reattach").length === 1);
    expect(softphone.live.callId).toBe(call.id);
});

test("the slower of two pages shows the call of the other", async () => {
    const { server } = setUp();
    const call = server.add(leftCall());
    server.answers.softphone_reattach = () => {
        Object.assign(call, { version: call.version + 1, handler_tab: "another" });
        call.reattach_until = false;
        return {
            ok: false,
            reason: "taken",
            message: "This call goes on in another window of yours.",
            call: structuredClone(call),
        };
    };
    const softphone = await startSoftphone();
    await advanceTime(10);
    await waitUntil(() => server.requestsOf("softphone_reattach").length);
    await waitUntil(() => !softphone.live);
    expect(softphone.elsewhere.id).toBe(call.id);
});

test("a line that broke is made anew in the same call", async () => {
    const { server, call, peers, softphone } = await inAnchoredCall();
    server.update(call, { reattach_until: Date.now() + 20_000 });
    await waitUntil(() => server.requestsOf("softphone_reattach").length);
    await waitUntil(() => softphone.live.leg === "leg-2");
    expect(peers.length).toBe(2);
    expect(peers[0].closed).toBe(true);
    server.update(call, { ...ANSWERED });
    await waitUntil(() => peers[1].answers.length);
    expect(peers[1].sending).toBe(true);
    expect(server.sent).toEqual(["softphone_accept"]);
});

test("a lost sound connection renews the line instead of ending the call", async () => {
    const { server, peers } = await inAnchoredCall();
    peers[0].fire("failed", "connection");
    await waitUntil(() => server.requestsOf("softphone_reattach").length === 1);
    expect(server.sent).toEqual(["softphone_accept"]);
});

test("muted stays muted on the new line", async () => {
    const { server, call, peers } = await inAnchoredCall();
    await click(".o-whatsapp-OnCall-mute");
    server.update(call, { reattach_until: Date.now() + 20_000 });
    await waitUntil(() => server.requestsOf("softphone_reattach").length);
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[1].microphoneEnabled).toBe(false);
});
