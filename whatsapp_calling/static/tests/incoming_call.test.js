import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { press, queryFirst, waitUntil } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { getService } from "@web/../tests/web_test_helpers";

import { MainTab } from "@whatsapp_calling/core/main_tab";

import {
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

const RING_FILE = "call-invitation.ogg";
const teammate = { handler: { id: 99, name: "Agent Two" }, mine: false, mine_to_answer: false };

async function startWith(...calls) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    const audio = mockAudio();
    calls.forEach((call) => server.add(call));
    const softphone = await startSoftphone();
    return { server, softphone, audio, ...sound };
}

test("a ringing call pops up with who it is and which number is called", async () => {
    const { server } = await startWith();
    server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall-name", { text: "Eva Gruber" });
    await contains(".o-whatsapp-IncomingCall bdi", { text: "+43 660 1112201" });
    await contains(".o-whatsapp-IncomingCall span", { text: "to Support" });
    expect(".o-whatsapp-IncomingCall").toHaveAttribute("role", "alertdialog");
    expect(".o-whatsapp-IncomingCall [aria-live]").toHaveText(
        /^Incoming WhatsApp call from Eva Gruber/
    );
});

test("the popup links to the open ticket or lead, and to the ones it may belong to", async () => {
    const { server } = await startWith();
    server.ring(
        makeCall({
            record: { model: "helpdesk.ticket", id: 4, name: "Broken pump", label: "Ticket" },
            candidates: [{ model: "crm.lead", id: 5, name: "New pump", label: "Lead" }],
        })
    );
    await contains(".o-whatsapp-RecordLinks-record:contains('Broken pump')");
    await contains(".o-whatsapp-RecordLinks button:contains('New pump')");
});

test("the popup shows the customer once, however many records they may call about", async () => {
    const { server } = await startWith();
    server.ring(
        makeCall({
            record: { model: "helpdesk.ticket", id: 4, name: "Broken pump", label: "Ticket" },
            partner: { id: 7, name: "Eva Gruber" },
            candidates: [{ model: "res.partner", id: 7, name: "Eva Gruber", label: "Contact" }],
        })
    );
    await contains(".o-whatsapp-RecordLinks-record:contains('Broken pump')");
    await contains(".o-whatsapp-RecordLinks button", { count: 2 });
    await contains(".o-whatsapp-RecordLinks button:contains('Eva Gruber')", { count: 1 });
});

test("a reload asks what is ringing, and the popup returns", async () => {
    await startWith(makeCall());
    await contains(".o-whatsapp-IncomingCall-accept");
});

test("a user without an enabled number gets no popup and no systray button", async () => {
    const server = mockSoftphoneServer();
    mockSound();
    server.start = { enabled: false, reason: "No number", calls: [] };
    await startSoftphone();
    server.ring(makeCall());
    await advanceTime(1000);
    expect(".o-whatsapp-IncomingCall").toHaveCount(0);
    expect(".o-whatsapp-Systray").toHaveCount(0);
});

test("a ring replayed by the bus after the call ended is ignored", async () => {
    const { server, softphone } = await startWith();
    const call = server.add(makeCall({ version: 5, ...endedValues({ state: "missed" }) }));
    server.send("ring", { id: call.id, version: 1, server_time: Date.now() - 3600000 });
    await advanceTime(1000);
    expect(softphone.incoming).toHaveLength(0);
    expect(".o-whatsapp-IncomingCall").toHaveCount(0);
});

test("a message with an older version changes nothing", async () => {
    const call = makeCall({ version: 5 });
    const { server, softphone } = await startWith(call);
    await contains(".o-whatsapp-IncomingCall");
    server.requests = [];
    server.announce({ ...call, version: 4, live: false, state: "missed" });
    await advanceTime(100);
    await contains(".o-whatsapp-IncomingCall");
    expect(softphone.calls.get(call.id).state).toBe("ringing");
    expect(server.requestsOf("softphone_calls")).toEqual([]);
});

test("several ringing calls are stacked, the longest ringing first", async () => {
    const { server } = await startWith(makeCall({ created: 1000 }));
    server.ring(makeCall({ name: "Jonas Weber", created: 2000 }));
    await contains(".o-whatsapp-IncomingCall", { count: 2 });
    await contains(
        ".o-whatsapp-IncomingCall:first-child .o-whatsapp-IncomingCall-name:contains('Eva')"
    );
});

test("the popup goes at once when the caller gives up", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    await contains(".o-whatsapp-IncomingCall");
    server.update(call, endedValues({ state: "missed" }));
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
});

test("while a teammate's accept is under way the popup says who is connecting", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    server.update(call, { ...teammate, connecting: true });
    await contains(".o-whatsapp-IncomingCall-connecting", { text: "Agent Two is connecting…" });
    expect(".o-whatsapp-IncomingCall-accept").toHaveCount(0);
    // WhatsApp refused the teammate's answer: it rings on
    server.update(call, { handler: false, connecting: false, mine_to_answer: true });
    await contains(".o-whatsapp-IncomingCall-accept:enabled");
});

test("when a teammate wins, the popup names them and then goes away", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    await contains(".o-whatsapp-IncomingCall");
    server.update(call, { ...teammate, state: "connected", answered: Date.now() });
    await contains(".o-whatsapp-IncomingCall-notice", {
        text: "already accepted by another teammate: Agent Two",
    });
    await advanceTime(7000);
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
});

test("silence hides the popup for me only and tells the server", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    await click(".o-whatsapp-IncomingCall-silence");
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
    expect(server.requestsOf("softphone_silence")).toEqual([["softphone_silence", [call.id]]]);
    expect(server.sent).toEqual([]);
    expect(call.live).toBe(true);
});

test("Escape in the popup silences, it never declines for everyone", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    await contains(".o-whatsapp-IncomingCall");
    queryFirst(".o-whatsapp-IncomingCall-accept").focus();
    await press("Escape");
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
    expect(server.requestsOf("softphone_silence")).toHaveLength(1);
    expect(server.sent).toEqual([]);
});

test("decline says that it ends the call for everyone, before anything is sent", async () => {
    const { server } = await startWith(makeCall());
    await click(".o-whatsapp-IncomingCall-reject");
    await contains(".o-whatsapp-IncomingCall-decline:contains('This ends the call for everyone')");
    expect(server.sent).toEqual([]);
});

test("decline with a quick text sends that text", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    await click(".o-whatsapp-IncomingCall-reject");
    await click(".o-whatsapp-IncomingCall-decline button", { text: "We call you back." });
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
    expect(server.requestsOf("softphone_decline")).toEqual([
        ["softphone_decline", [call.id, "We call you back."]],
    ]);
});

test("decline without a message sends no text", async () => {
    const call = makeCall();
    const { server } = await startWith(call);
    await click(".o-whatsapp-IncomingCall-reject");
    await click(".o-whatsapp-IncomingCall-declineOnly");
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
    expect(server.requestsOf("softphone_decline")).toEqual([
        ["softphone_decline", [call.id, false]],
    ]);
});

test("it rings while a call rings, and stops when it ends", async () => {
    const call = makeCall();
    const { server, audio } = await startWith(call);
    await contains(".o-whatsapp-IncomingCall");
    await waitUntil(() => audio.playing.has(RING_FILE), { timeout: 3_000 });
    server.update(call, endedValues({ state: "missed" }));
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
    expect([...audio.playing]).toEqual([]);
});

test("it rings in the main tab only, and on when another tab becomes the main one", async () => {
    const server = mockSoftphoneServer();
    mockSound();
    const audio = mockAudio();
    const softphone = await startSoftphone();
    const multiTab = getService("multi_tab");
    let main = false;
    softphone.ringer.mainTab = { isHere: async () => main };
    server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall");
    expect([...audio.playing]).toEqual([]);
    main = true;
    multiTab.bus.trigger("become_main_tab");
    await animationFrame();
    expect([...audio.playing]).toEqual([RING_FILE]);
    multiTab.bus.trigger("no_longer_main_tab");
    expect([...audio.playing]).toEqual([]);
});

test("a refused ring tone is no error: the popup says so and it rings after the next touch", async () => {
    const server = mockSoftphoneServer();
    mockSound();
    const audio = mockAudio();
    audio.refuse = true;
    await startSoftphone();
    server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall-blocked");
    audio.refuse = false;
    getService("presence").bus.trigger("presence");
    await contains(".o-whatsapp-IncomingCall-blocked", { count: 0 });
    expect([...audio.playing]).toEqual([RING_FILE]);
});

test("a hotkey goes to the popup without answering", async () => {
    const { server } = await startWith(makeCall());
    await contains(".o-whatsapp-IncomingCall");
    await press(["alt", "shift", "w"]);
    expect(".o-whatsapp-IncomingCall").toBeFocused();
    expect(server.sent).toEqual([]);
});

test("a call that somebody else answered earlier rings for nobody", async () => {
    const { softphone, audio } = await startWith(makeCall({ ...connectedValuesOfTeammate() }));
    await animationFrame();
    expect(softphone.incoming).toHaveLength(0);
    expect([...audio.playing]).toEqual([]);
});

function connectedValuesOfTeammate() {
    return { ...teammate, state: "connected", answered: Date.now() };
}

test("Odoo's answer about the main tab may get lost among several questions: it is asked again", async () => {
    const mainTab = new MainTab();
    const answers = [new Promise(() => {}), true];
    mainTab.setup({ multi_tab: { isOnMainTab: async () => answers.shift() } });
    const first = mainTab.isHere();
    const second = mainTab.isHere();
    await advanceTime(600);
    expect(await first).toBe(true);
    expect(await second).toBe(true);
    expect(answers).toHaveLength(0);
});

test("a caller at the voicemail may still be taken, and the popup says where they are", async () => {
    const { server, softphone } = await startWith();
    const call = server.ring(makeCall({ name: "Eva Gruber" }));
    await contains(".o-whatsapp-IncomingCall-accept");
    server.update(call, { state: "connected", mine_to_answer: false, voicemail: true });
    await contains(".o-whatsapp-IncomingCall-voicemail");
    expect(".o-whatsapp-IncomingCall").toHaveText(/At the voicemail/);
    expect(".o-whatsapp-IncomingCall-reject").toHaveCount(0);
    expect(softphone.waiting).toHaveLength(0);
    expect(".o-whatsapp-IncomingCall [aria-live]").toHaveText("Eva Gruber is at the voicemail.");
    await contains(".o-whatsapp-IncomingCall-accept", { text: "Take the call" });
});

test("the popup of a caller at the voicemail can be closed, and goes with the call", async () => {
    const { server } = await startWith();
    const call = server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall-accept");
    server.update(call, { state: "connected", mine_to_answer: false, voicemail: true });
    await contains(".o-whatsapp-IncomingCall-voicemail");
    server.update(call, { ...endedValues({ state: "missed" }), voicemail: false });
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
});

test("an hour after a missed call one click calls back, and nothing dials by itself", async () => {
    const { server } = await startWith();
    server.send("call_back", { name: "Eva Gruber", target: { contact_id: 7, number_id: 1 } });
    await contains(".o_notification", { text: "It is time to call Eva Gruber back." });
    expect(server.requestsOf("softphone_dial")).toEqual([]);
    await contains(".o_notification button", { text: "Call" });
});
