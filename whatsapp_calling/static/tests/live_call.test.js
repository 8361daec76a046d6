import { click, contains, insertText } from "@mail/../tests/mail_test_helpers";
import { describe, expect, mockSendBeacon, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { getService } from "@web/../tests/web_test_helpers";

import { browser } from "@web/core/browser/browser";

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

async function inCall(values) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    const call = server.add(makeCall(values));
    const softphone = await startSoftphone();
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    return { server, softphone, call, peer: sound.peers[0], ...sound };
}

test("the timer counts mm:ss from the answer, by the server's clock", async () => {
    const { server, softphone, call } = await inCall();
    // this computer is a minute slow
    softphone.clockOffset = 60_000;
    const answered = Date.now() + 60_000 - 65_000;
    server.update(call, { answered });
    await waitUntil(() => softphone.calls.get(call.id).answered === answered);
    await advanceTime(1000);
    expect(".o-whatsapp-OnCall .o-whatsapp-CallTimer").toHaveText(/^01:0[567]$/);
    await advanceTime(10_000);
    expect(".o-whatsapp-OnCall .o-whatsapp-CallTimer").toHaveText(/^01:1[567]$/);
    expect(".o-whatsapp-Systray .o-whatsapp-CallTimer").toHaveText(/^01:1[567]$/);
});

test("mute silences the microphone and the call stays", async () => {
    const { peer, softphone } = await inCall();
    await click(".o-whatsapp-OnCall-mute");
    await contains(".o-whatsapp-OnCall .badge", { text: "You are muted" });
    expect(peer.microphoneEnabled).toBe(false);
    await advanceTime(60_000);
    expect(softphone.live.muted).toBe(true);
    await click(".o-whatsapp-OnCall-mute");
    expect(peer.microphoneEnabled).toBe(true);
});

test("muted before the connection stays muted after it", async () => {
    const server = mockSoftphoneServer();
    const { peers } = mockSound();
    mockAudio();
    const call = server.add(makeCall());
    await startSoftphone();
    await click(".o-whatsapp-IncomingCall-accept");
    await click(".o-whatsapp-OnCall-mute");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[0].microphoneEnabled).toBe(false);
});

test("keys pressed in a call are sent as tones", async () => {
    const { peer } = await inCall();
    await click(".o-whatsapp-OnCall-keypad");
    for (const key of ["1", "2", "#"]) {
        await click(`.o-whatsapp-OnCall .o-whatsapp-DialPad-key[data-key='${key}']`);
    }
    await contains(".o-whatsapp-OnCall-digits", { text: "12#" });
    expect(peer.tones).toBe("12#");
});

test("the quality is shown, with its numbers, and kept on the call", async () => {
    const { server, call, peer, softphone } = await inCall();
    peer.fire("connected");
    peer.quality.add([
        { type: "inbound-rtp", kind: "audio", packetsReceived: 100, packetsLost: 0, jitter: 0.004 },
        { type: "remote-inbound-rtp", kind: "audio", roundTripTime: 0.08, fractionLost: 0 },
    ]);
    peer.fire("quality", {
        rating: "good",
        rtt_ms: 80,
        jitter_ms: 4,
        loss_percent: 0,
        mos: 4.4,
    });
    await contains(".o-whatsapp-Quality.o-good");
    expect(".o-whatsapp-Quality").toHaveAttribute(
        "aria-label",
        "Good connection: delay 80 ms, jitter 4 ms, loss 0%"
    );
    await softphone.hangUp();
    const [[, [id, summary]]] = server.requestsOf("softphone_quality");
    expect(id).toBe(call.id);
    expect(summary.rtt_ms).toBe(80);
    expect(summary.samples).toBe(1);
});

test("notes are saved when the field is left", async () => {
    const { server, call } = await inCall();
    await click(".o-whatsapp-OnCall-notes");
    await insertText(".o-whatsapp-CallNotes", "Wants an offer");
    await click(".o-whatsapp-OnCall-name");
    document.activeElement.blur();
    await animationFrame();
    expect(server.requestsOf("softphone_notes")).toEqual([
        ["softphone_notes", [call.id, "Wants an offer"]],
    ]);
});

test("a candidate is linked with one click", async () => {
    const { server, call } = await inCall({
        candidates: [{ model: "crm.lead", id: 5, name: "New pump", label: "Lead" }],
    });
    await click(".o-whatsapp-OnCall .o-whatsapp-RecordLinks-link");
    expect(server.requestsOf("softphone_link")).toEqual([
        ["softphone_link", [call.id, "crm.lead", 5]],
    ]);
});

test("hang up tells the server and releases the microphone at once", async () => {
    const { server, call, peer } = await inCall();
    await click(".o-whatsapp-OnCall-hangUp");
    expect(peer.closed).toBe(true);
    await contains(".o-whatsapp-EndedCall");
    expect(server.requestsOf("softphone_hang_up")).toEqual([["softphone_hang_up", [call.id]]]);
});

test("the caller hangs up: the panel says why and the microphone is released", async () => {
    const { server, call, peer, softphone } = await inCall();
    server.update(call, endedValues({ reason: "The caller hung up.", duration: 65 }));
    await contains(".o-whatsapp-EndedCall-reason", { text: "The caller hung up." });
    await contains(".o-whatsapp-EndedCall-outcome", { text: "Ended after 01:05" });
    expect(peer.closed).toBe(true);
    expect(softphone.live).toBe(null);
    expect(server.requestsOf("softphone_hang_up")).toEqual([]);
});

test("the tab that holds the call pings every five seconds", async () => {
    const { server, softphone, call } = await inCall();
    server.requests = [];
    await advanceTime(15_500);
    expect(server.requestsOf("softphone_ping")).toEqual(
        Array(3).fill(["softphone_ping", [call.id, softphone.tabId]])
    );
});

test("a ping that is answered with 'not yours' ends the sound in this tab", async () => {
    const { server, peer, softphone } = await inCall();
    server.answers.softphone_ping = { ok: false, state: "connected", version: 9 };
    await advanceTime(5_500);
    expect(peer.closed).toBe(true);
    expect(softphone.live).toBe(null);
});

test("a ping tells about an end that the bus failed to bring", async () => {
    const { call, peer } = await inCall();
    Object.assign(call, { version: call.version + 1, ...endedValues({ reason: "Gone." }) });
    await advanceTime(5_500);
    await contains(".o-whatsapp-EndedCall-reason", { text: "Gone." });
    expect(peer.closed).toBe(true);
});

test("closing the page in a call asks first, and only in a call", async () => {
    const { softphone } = await inCall();
    const unload = () => {
        const ev = new Event("beforeunload", { cancelable: true });
        window.dispatchEvent(ev);
        return ev.defaultPrevented;
    };
    expect(unload()).toBe(true);
    await softphone.hangUp();
    expect(unload()).toBe(false);
});

test("a page that goes sends a beacon that hangs up", async () => {
    const { call, peer, softphone } = await inCall();
    mockSendBeacon((url, blob) => {
        expect.step(url);
        blob.text().then((text) => expect.step(text));
    });
    window.dispatchEvent(new Event("pagehide"));
    await animationFrame();
    expect.verifySteps([
        "/whatsapp_calling/hang_up",
        JSON.stringify({ params: { call_id: call.id, tab: softphone.tabId } }),
    ]);
    expect(peer.closed).toBe(true);
});

test("after a lost tab the next one offers to call again", async () => {
    browser.localStorage.setItem(
        "whatsapp_calling.call",
        JSON.stringify({
            tab: "gone",
            name: "Eva Gruber",
            target: { phone: "+436601112201" },
            at: Date.now() - 20_000,
        })
    );
    const server = mockSoftphoneServer();
    mockSound();
    mockAudio();
    await startSoftphone();
    await contains(".o_notification:contains('Your call with Eva Gruber was cut off')");
    await click(".o_notification button", { text: "Call again" });
    await contains(".o-whatsapp-OnCall-state", { text: "Calling…" });
    expect(server.requestsOf("softphone_dial")[0][1][0].phone).toBe("+436601112201");
});

test("no sound in time: the call is hung up and the reason shown", async () => {
    const { server, peer } = await inCall();
    peer.fire("failed", "negotiation");
    await contains(".o-whatsapp-EndedCall-reason:contains('No sound connection came about.')");
    expect(server.requestsOf("softphone_hang_up")).toHaveLength(1);
});

test("an interrupted network is shown while it is", async () => {
    const { peer } = await inCall();
    peer.fire("reconnecting");
    await contains(".o-whatsapp-OnCall-state", { text: "Reconnecting…" });
    peer.fire("connected");
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
});

test("an unplugged microphone is replaced by another one", async () => {
    const { peer, microphone } = await inCall();
    const { stream } = peer;
    peer.fire("device-lost");
    await animationFrame();
    expect(microphone.asked).toBe(2);
    expect(peer.stream).not.toBe(stream);
});

test("an unplugged microphone without a replacement is told", async () => {
    const { peer, microphone } = await inCall();
    microphone.error = new DOMException("none", "NotFoundError");
    peer.fire("device-lost");
    await contains(".o_notification", {
        text: "The microphone was disconnected — the caller does not hear you.",
    });
    await contains(".o-whatsapp-OnCall .badge", { text: "No microphone" });
});

test("the call goes on while the panel is closed", async () => {
    const { peer } = await inCall();
    await click(".o-whatsapp-Panel-close");
    await contains(".o-whatsapp-Panel", { count: 0 });
    expect(peer.closed).toBe(false);
    await click(".o-whatsapp-Systray-button");
    await contains(".o-whatsapp-OnCall");
});

test("the microphone chosen in Discuss is used, also when it changes in a call", async () => {
    const { microphone, peer } = await inCall();
    const { stream } = peer;
    getService("mail.store").settings.audioInputDeviceId = "other";
    await animationFrame();
    expect(microphone.asked).toBe(2);
    expect(peer.stream).not.toBe(stream);
});
