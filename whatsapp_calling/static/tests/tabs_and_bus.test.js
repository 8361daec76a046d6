import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { getService, patchWithCleanup } from "@web/../tests/web_test_helpers";

import {
    connectedValues,
    defineWhatsappCallingModels,
    endedValues,
    makeCall,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

async function startPhone() {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    const softphone = await startSoftphone();
    return { server, softphone, ...sound };
}

/** What the tab with the sound would post. */
function fromOtherTab(softphone, type, data) {
    softphone.tabs.onMessage({ tab: "other", type, ...data });
}

/** Catches what this tab posts to the others. */
function catchPosts(softphone) {
    const posts = [];
    softphone.tabs.channel = { postMessage: (data) => posts.push(data) };
    return posts;
}

test("while the bus is down the server is asked every five seconds", async () => {
    const { server, softphone } = await startPhone();
    server.requests = [];
    getService("bus_service").trigger("BUS:DISCONNECT");
    await contains(".o-whatsapp-Systray.o-offline");
    await advanceTime(10_500);
    expect(server.requestsOf("softphone_poll")).toHaveLength(3);
    server.add(makeCall());
    await advanceTime(5_000);
    await contains(".o-whatsapp-IncomingCall");
    getService("bus_service").trigger("BUS:RECONNECT");
    await animationFrame();
    expect(softphone.online).toBe(true);
    server.requests = [];
    await advanceTime(20_000);
    expect(server.requestsOf("softphone_poll")).toHaveLength(0);
});

test("after a reconnect the server is asked what was missed", async () => {
    const { server } = await startPhone();
    getService("bus_service").trigger("BUS:DISCONNECT");
    await animationFrame();
    server.add(makeCall());
    getService("bus_service").trigger("BUS:RECONNECT");
    await contains(".o-whatsapp-IncomingCall");
});

test("a call that a poll no longer lists is asked for, and its popup goes", async () => {
    const { server, softphone } = await startPhone();
    const call = server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall");
    Object.assign(call, { version: 2, ...endedValues({ state: "missed" }) });
    await softphone.poll();
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
});

test("many ring messages at once share one request", async () => {
    const { server, softphone } = await startPhone();
    server.requests = [];
    const calls = [1, 2, 3].map(() => server.add(makeCall()));
    // a websocket frame brings them together
    calls.forEach(({ id, version }) => softphone.onRing({ id, version }));
    await contains(".o-whatsapp-IncomingCall", { count: 3 });
    expect(server.requestsOf("softphone_calls")).toHaveLength(1);
});

test("a call held by another tab is shown as such", async () => {
    const { server, softphone } = await startPhone();
    const call = server.ring(makeCall(connectedValues({ handler_tab: "other" })));
    fromOtherTab(softphone, "state", { callId: call.id, muted: false, media: "connected" });
    await click(".o-whatsapp-Systray-button");
    await contains(".o-whatsapp-OnCall-elsewhere", { text: "This call is in another tab." });
    expect(".o-whatsapp-OnCall-keypad").toHaveCount(0);
});

test("another tab asks the one with the sound to mute", async () => {
    const { server, softphone } = await startPhone();
    const call = server.ring(makeCall(connectedValues({ handler_tab: "other" })));
    fromOtherTab(softphone, "state", { callId: call.id, muted: false, media: "connected" });
    const posts = catchPosts(softphone);
    await click(".o-whatsapp-Systray-button");
    await click(".o-whatsapp-OnCall-mute:enabled");
    expect(posts).toEqual([
        { type: "action", to: "other", action: "mute", value: true, tab: softphone.tabId },
    ]);
    fromOtherTab(softphone, "state", { callId: call.id, muted: true, media: "connected" });
    await contains(".o-whatsapp-OnCall .badge", { text: "You are muted" });
});

test("another tab may hang up", async () => {
    const { server } = await startPhone();
    const call = server.ring(makeCall(connectedValues({ handler_tab: "other" })));
    await click(".o-whatsapp-Systray-button");
    await click(".o-whatsapp-OnCall-hangUp");
    expect(server.requestsOf("softphone_hang_up")).toEqual([["softphone_hang_up", [call.id]]]);
});

test("on another device there is nothing to mute", async () => {
    const { server } = await startPhone();
    server.ring(makeCall(connectedValues({ handler_tab: "phone" })));
    await click(".o-whatsapp-Systray-button");
    await contains(".o-whatsapp-OnCall-mute:disabled");
});

test("the tab with the sound does what another tab asks for", async () => {
    const { server, softphone, peers } = await startPhone();
    const call = server.ring(makeCall());
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    const posts = catchPosts(softphone);
    fromOtherTab(softphone, "action", { to: softphone.tabId, action: "mute", value: true });
    expect(peers[0].microphoneEnabled).toBe(false);
    expect(posts.at(-1)).toEqual({
        type: "state",
        tab: softphone.tabId,
        callId: call.id,
        muted: true,
        connected: true,
        media: "new",
        quality: null,
    });
});

test("an offer that is used or dismissed in one tab goes in the others", async () => {
    const { server, softphone } = await startPhone();
    const posts = catchPosts(softphone);
    const said = "Eva Gruber allows you to call now.";
    const permission = { contact_id: 7, state: "granted", name: "Eva Gruber" };
    server.send("permission", { ...permission, call: { contact_id: 7 } });
    await contains(".o_notification button", { text: "Call" });
    fromOtherTab(softphone, "action", { to: "all", action: "withdrawOffer", value: said });
    await contains(".o_notification", { count: 0 });
    expect(posts).toEqual([]);
    server.send("message_refused", { kind: "permission", message: "Blocked.", target: false });
    await click(".o_notification_close");
    await contains(".o_notification", { count: 0 });
    expect(posts).toEqual([
        {
            type: "action",
            tab: softphone.tabId,
            to: "all",
            action: "withdrawOffer",
            value: "Blocked.",
        },
    ]);
});

test("what every tab notices is told in the main one and where the user is", async () => {
    const { softphone } = await startPhone();
    let focused = false;
    let main = false;
    patchWithCleanup(document, { hasFocus: () => focused });
    patchWithCleanup(softphone.mainTab, { isHere: async () => main });
    await softphone.warnOnce("Neither.");
    focused = true;
    await softphone.warnOnce("Focused.");
    [focused, main] = [false, true];
    await softphone.warnOnce("Main.");
    await contains(".o_notification", { text: "Main." });
    await contains(".o_notification", { text: "Focused." });
    await contains(".o_notification", { count: 2 });
});

test("a request for another tab is none for this one", async () => {
    const { server, softphone, peers } = await startPhone();
    const call = server.ring(makeCall());
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    fromOtherTab(softphone, "action", { to: "third", action: "mute", value: true });
    expect(peers[0].microphoneEnabled).toBe(true);
});

test("a tab that opens later learns of the running call", async () => {
    const { server, softphone } = await startPhone();
    server.ring(makeCall());
    await click(".o-whatsapp-IncomingCall-accept");
    await contains(".o-whatsapp-OnCall");
    const posts = catchPosts(softphone);
    fromOtherTab(softphone, "hello");
    expect(posts).toHaveLength(1);
    expect(posts[0].type).toBe("state");
});

test("a tab without a sign of life is forgotten", async () => {
    const { softphone } = await startPhone();
    fromOtherTab(softphone, "state", { callId: 1, muted: false });
    expect(softphone.tabs.mirror.tab).toBe("other");
    await advanceTime(13_000);
    expect(softphone.tabs.mirror).toBe(null);
});

test("a bus that never gets through is noticed, and the server asked instead", async () => {
    const { server, softphone } = await startPhone();
    await animationFrame();
    server.requests = [];
    softphone.bus = { workerState: "CONNECTING", addEventListener() {}, subscribe() {} };
    await advanceTime(15_000);
    expect(softphone.online).toBe(false);
    expect(server.requestsOf("softphone_poll").length).toBeGreaterThan(1);
});
