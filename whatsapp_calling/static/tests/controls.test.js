import { click, contains, insertText } from "@mail/../tests/mail_test_helpers";
import { describe, expect, press, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { advanceTime } from "@odoo/hoot-mock";
import { serverState } from "@web/../tests/web_test_helpers";

import { tones } from "@whatsapp_calling/core/tones";

import { Deferred } from "@web/core/utils/concurrency";

import {
    connectedValues,
    defineWhatsappCallingModels,
    fakeStream,
    makeCall,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const ANNA = { id: 101, name: "Anna Adler" };
const BERTA = { id: 102, name: "Berta Braun" };

function transferOf(values = {}) {
    return {
        id: 5,
        kind: "blind",
        state: "ringing",
        from: ANNA,
        to: false,
        target: BERTA.name,
        reason: "",
        until: Date.now() + 20_000,
        talk: false,
        connected: false,
        rings: false,
        ...values,
    };
}

/** A call of this user through the media server, whose server answers what a test says. */
async function inAnchoredCall(values) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    const call = server.add(makeCall({ anchored: true, ...values }));
    const softphone = await startSoftphone();
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    const changes = (changed) => {
        Object.assign(call, { version: call.version + 1 }, changed);
        return { ok: true, message: false, call: structuredClone(call) };
    };
    return { server, softphone, call, changes, peer: sound.peers[0], ...sound };
}

describe("hold", () => {
    test("one click puts the customer on hold, with a timer, and one takes them back", async () => {
        const { server, changes, call } = await inAnchoredCall();
        server.answers.softphone_hold = (id, on) =>
            changes({ on_hold: on, held: on && Date.now() - 42_000 });
        await click(".o-whatsapp-OnCall-hold");
        await contains(".o-whatsapp-HoldBanner", { text: "On hold" });
        expect(".o-whatsapp-HoldBanner-time").toHaveText(/^00:4\d$/);
        expect(".o-whatsapp-OnCall-hold").toHaveAttribute("aria-pressed", "true");
        await click(".o-whatsapp-HoldBanner-resume");
        await contains(".o-whatsapp-HoldBanner", { count: 0 });
        expect(server.requestsOf("softphone_hold")).toEqual([
            ["softphone_hold", [call.id, true]],
            ["softphone_hold", [call.id, false]],
        ]);
    });

    test("Alt, Shift and H do it from anywhere", async () => {
        const { server, changes } = await inAnchoredCall();
        server.answers.softphone_hold = (id, on) => changes({ on_hold: on, held: Date.now() });
        await press(["alt", "shift", "h"]);
        await contains(".o-whatsapp-HoldBanner");
    });

    test("another tab shows it and can take the customer back", async () => {
        const server = mockSoftphoneServer();
        mockSound();
        mockAudio();
        const me = { id: serverState.userId, name: "Mitchell Admin" };
        const held = { on_hold: true, held: Date.now() - 5_000 };
        const call = server.add(
            makeCall({
                anchored: true,
                state: "connected",
                mine: true,
                mine_to_answer: false,
                handler: me,
                handler_tab: "another tab",
                answered: Date.now() - 60_000,
                ...held,
            })
        );
        server.answers.softphone_hold = (id, on) => {
            Object.assign(call, { version: 2, on_hold: on, held: false });
            return { ok: true, call: structuredClone(call) };
        };
        await startSoftphone();
        await click(".o-whatsapp-Systray-button");
        await contains(".o-whatsapp-HoldBanner", { text: "On hold" });
        await click(".o-whatsapp-HoldBanner-resume");
        await contains(".o-whatsapp-HoldBanner", { count: 0 });
    });

    test("a call between browser and WhatsApp has no such buttons", async () => {
        await inAnchoredCall({ anchored: false });
        await contains(".o-whatsapp-OnCall-mute");
        expect(".o-whatsapp-OnCall-hold").toHaveCount(0);
        expect(".o-whatsapp-OnCall-transfer").toHaveCount(0);
    });

    test("why it was refused is said", async () => {
        const { server } = await inAnchoredCall();
        server.answers.softphone_hold = { ok: false, message: "This call is over." };
        await click(".o-whatsapp-OnCall-hold");
        await contains(".o_notification", { text: "This call is over." });
        expect(".o-whatsapp-HoldBanner").toHaveCount(0);
    });
});

describe("transfer", () => {
    const targets = {
        people: [
            { id: 103, name: "Carla", state: "in_call", recent: false },
            { id: 102, name: "Berta Braun", state: "free", recent: true },
        ],
        teams: [
            { key: "helpdesk.ticket.team,3", name: "Billing", label: "Helpdesk team", free: 1, count: 4, recent: false },
        ],
    };

    test("recent ones come first, each with how they are", async () => {
        const { server } = await inAnchoredCall();
        server.answers.softphone_transfer_targets = targets;
        await click(".o-whatsapp-OnCall-transfer");
        await contains(".o-whatsapp-TransferPicker-option", { count: 3 });
        expect(".o-whatsapp-TransferPicker-option:eq(0)").toHaveText(/Berta Braun\s*Free/);
        expect(".o-whatsapp-TransferPicker-option:eq(1)").toHaveText(/Carla\s*In a call/);
        expect(".o-whatsapp-TransferPicker-option:eq(2)").toHaveText(/Helpdesk team · 1 of 4 free/);
    });

    test("by keyboard alone: the name, arrow, Enter, why, and on it goes", async () => {
        const { server, call, changes } = await inAnchoredCall();
        server.answers.softphone_transfer_targets = (id, { query }) => ({
            people: targets.people.filter(({ name }) => name.toLowerCase().includes(query)),
            teams: targets.teams,
        });
        server.answers.softphone_transfer = () => changes({ transfer: transferOf() });
        await press(["alt", "shift", "t"]);
        await contains(".o-whatsapp-TransferPicker-query:focus");
        await contains(".o-whatsapp-TransferPicker-option", { count: 3 });
        await press("ArrowDown");
        await press("Enter");
        await contains(".o-whatsapp-TransferPicker-reason:focus");
        await insertText(".o-whatsapp-TransferPicker-reason", "wants an invoice");
        await click(".o-whatsapp-TransferPicker-blind");
        await contains(".o-whatsapp-TransferStatus-title", { text: "Ringing at Berta Braun…" });
        expect(server.requestsOf("softphone_transfer")).toEqual([
            ["softphone_transfer", [call.id, { user_id: 103 }, "blind", "wants an invoice"]],
        ]);
        expect(".o-whatsapp-TransferPicker").toHaveCount(0);
    });

    test("while it rings the customer can be taken back", async () => {
        const { server, call, changes } = await inAnchoredCall();
        server.answers.softphone_transfer_cancel = () => changes({ transfer: false });
        server.update(call, { transfer: transferOf() });
        await contains(".o-whatsapp-TransferStatus", { text: "20 s" });
        await click(".o-whatsapp-TransferStatus-back");
        await contains(".o-whatsapp-TransferStatus", { count: 0 });
        await contains(".o-whatsapp-OnCall-hold:enabled");
    });

    test("a colleague accepts: at once it is said who has the customer", async () => {
        const { server, call } = await inAnchoredCall();
        const me = { id: serverState.userId, name: "Mitchell Admin" };
        server.update(call, { transfer: transferOf({ from: me }) });
        await contains(".o-whatsapp-TransferStatus");
        server.update(call, {
            mine: false,
            handler: BERTA,
            transfer: transferOf({ from: me, state: "connecting", to: BERTA, until: false }),
        });
        await contains(".o-whatsapp-EndedCall-outcome", { text: "Transferred" });
        await contains(".o-whatsapp-EndedCall-reason", { text: "Berta Braun has the customer now." });
        expect(".o_notification").toHaveCount(0);
    });

    test("nobody took it: it knocks here until the customer is taken back", async () => {
        const { server, call } = await inAnchoredCall();
        server.update(call, { transfer: transferOf({ state: "returning", rings: true }) });
        await contains(".o-whatsapp-TransferStatus-title", { text: "Nobody took it at Berta Braun" });
        expect(tones.knocking).toBe(true);
        expect(".o-whatsapp-IncomingCall").toHaveCount(0);
        server.update(call, { transfer: false });
        await contains(".o-whatsapp-TransferStatus", { count: 0 });
        expect(tones.knocking).toBe(false);
    });

    test("in a consultation one talks to the customer, the colleague or both", async () => {
        const { server, call, changes } = await inAnchoredCall();
        const transfer = transferOf({
            kind: "attended",
            state: "consulting",
            to: BERTA,
            talk: "consult",
            connected: true,
            until: false,
        });
        server.answers.softphone_transfer_talk = (id, talk) =>
            changes({ transfer: { ...transfer, talk } });
        server.answers.softphone_transfer_complete = () =>
            changes({
                transfer: false,
                mine: false,
                handler: BERTA,
                handlers: [
                    { id: serverState.userId, name: "Mitchell Admin", from: 1, until: 2 },
                    { ...BERTA, from: 2, until: false },
                ],
            });
        server.update(call, { transfer });
        await contains(".o-whatsapp-TransferStatus-talk.active", { text: "Berta Braun" });
        await click(".o-whatsapp-TransferStatus-talk[data-who=both]");
        await contains(".o-whatsapp-TransferStatus-detail", { text: "You talk to both of them." });
        await click(".o-whatsapp-TransferStatus-talk[data-who=peer]");
        await contains(".o-whatsapp-TransferStatus-talk.active", { text: "Eva Gruber" });
        await click(".o-whatsapp-TransferStatus-complete");
        await contains(".o-whatsapp-EndedCall-outcome", { text: "Transferred" });
        await contains(".o-whatsapp-EndedCall-reason", { text: "Berta Braun has the customer now." });
        expect(server.requestsOf("softphone_transfer_talk").map(([, args]) => args[1])).toEqual([
            "both",
            "peer",
        ]);
        expect(server.requestsOf("softphone_hang_up")).toEqual([]);
    });
});

describe("being rung for a transfer", () => {
    async function transferred(values = {}) {
        const server = mockSoftphoneServer();
        const sound = mockSound();
        mockAudio();
        const softphone = await startSoftphone();
        const call = server.ring(
            makeCall({
                anchored: true,
                state: "connected",
                answered: Date.now() - 60_000,
                handler: ANNA,
                sdp: false,
                sdp_type: false,
                transfer: transferOf({ reason: "wants an invoice", rings: true, ...values }),
            })
        );
        await contains(".o-whatsapp-IncomingCall");
        return { server, softphone, call, ...sound };
    }

    test("the popup says who hands the call on and why", async () => {
        await transferred();
        await contains(".o-whatsapp-IncomingCall", { text: "Transferred by Anna Adler" });
        await contains(".o-whatsapp-IncomingCall-reason", { text: "wants an invoice" });
        await contains(".o-whatsapp-IncomingCall .o-whatsapp-Countdown", { text: "20 s" });
    });

    test("news of the call while the microphone is asked for do not end the take-over", async () => {
        const { server, call, softphone, microphone } = await transferred();
        const allowed = new Deferred();
        microphone.pending = allowed;
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, { notes: "Invoice 4711" });
        await waitUntil(() => softphone.calls.get(call.id).notes === "Invoice 4711");
        allowed.resolve(fakeStream());
        await waitUntil(() => server.requestsOf("softphone_accept").length);
        expect(softphone.live.callId).toBe(call.id);
    });

    test("a colleague was quicker: it says who", async () => {
        const { server, call } = await transferred();
        server.update(call, { transfer: false, handler: BERTA, mine_to_answer: false });
        await contains(".o-whatsapp-IncomingCall-notice", { text: "Berta Braun has taken it." });
    });

    test("the operator took the customer back: it says so", async () => {
        const { server, call } = await transferred();
        server.update(call, { transfer: false, mine_to_answer: false });
        await contains(".o-whatsapp-IncomingCall-notice", {
            text: "Anna Adler took the customer back.",
        });
    });

    test("to say no takes one click and ends no call", async () => {
        const { server, call } = await transferred();
        await click(".o-whatsapp-IncomingCall-refuse");
        await contains(".o-whatsapp-IncomingCall", { count: 0 });
        expect(server.requestsOf("softphone_decline")).toEqual([
            ["softphone_decline", [call.id, false]],
        ]);
    });

    test("a call that comes back rings anew after it had rung here before", async () => {
        const { server, call, softphone } = await transferred();
        await click(".o-whatsapp-IncomingCall-refuse");
        await contains(".o-whatsapp-IncomingCall", { count: 0 });
        server.update(call, {
            transfer: transferOf({ id: 6, rings: true }),
            mine_to_answer: true,
        });
        await contains(".o-whatsapp-IncomingCall-accept:enabled");
        expect(softphone.waiting.length).toBe(1);
    });
});

describe("asked by a colleague", () => {
    const asked = { kind: "attended", rings: true, reason: "may she cancel?" };

    async function consulting() {
        const server = mockSoftphoneServer();
        const sound = mockSound();
        mockAudio();
        const softphone = await startSoftphone();
        const call = server.ring(
            makeCall({
                anchored: true,
                state: "connected",
                answered: Date.now() - 60_000,
                handler: ANNA,
                sdp: false,
                sdp_type: false,
                transfer: transferOf(asked),
            })
        );
        const consult = {
            ...transferOf({ ...asked, state: "consulting", rings: false, to: BERTA }),
            talk: "consult",
        };
        server.answers.softphone_accept = (id, tab) => {
            Object.assign(call, {
                version: call.version + 1,
                mine_to_answer: false,
                transfer: consult,
                side: { role: "consult", mode: "talk", tab, leg: "leg-1", sdp: false },
            });
            return { ok: true, call: structuredClone(call) };
        };
        await click(".o-whatsapp-IncomingCall-accept");
        await contains(".o-whatsapp-OnSide");
        const side = { ...call.side, sdp: "v=0 answer", sdp_type: "answer" };
        server.update(call, { side });
        await waitUntil(() => sound.peers[0].answers.length);
        sound.peers[0].fire("connected");
        await contains(".o-whatsapp-OnSide-title", { text: "Anna Adler asks you" });
        return { server, softphone, call, peer: sound.peers[0], peers: sound.peers };
    }

    test("they have a connection of their own, and see who, why and where the customer is", async () => {
        const { softphone, peer } = await consulting();
        expect(softphone.live).toBe(null);
        expect(peer.answers).toEqual(["v=0 answer"]);
        expect(peer.microphoneEnabled).toBe(true);
        await contains(".o-whatsapp-OnSide-reason", { text: "may she cancel?" });
        await contains(".o-whatsapp-OnSide-detail", {
            text: "The customer hears music and not you.",
        });
    });

    test("the call becomes theirs over the same connection", async () => {
        const { server, softphone, call, peer, peers } = await consulting();
        server.update(call, { ...connectedValues(), side: false, transfer: false });
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        expect(peers).toHaveLength(1);
        expect(peer.closed).toBe(false);
        expect(softphone.side).toBe(null);
        await advanceTime(5_000);
        expect(server.requestsOf("softphone_ping")).toEqual([
            ["softphone_ping", [call.id, softphone.tabId]],
        ]);
        expect(server.requestsOf("softphone_consult_leave")).toEqual([]);
    });

    test("the operator goes on alone: the connection closes and it is said", async () => {
        const { server, call, peer } = await consulting();
        server.update(call, { side: false, transfer: false });
        await contains(".o_notification", { text: "Anna Adler goes on with Eva Gruber." });
        expect(peer.closed).toBe(true);
    });

    test("to hang up leaves the call to its operator", async () => {
        const { server, call, peer } = await consulting();
        await click(".o-whatsapp-OnSide-leave");
        await contains(".o-whatsapp-OnSide", { count: 0 });
        expect(peer.closed).toBe(true);
        expect(server.requestsOf("softphone_consult_leave", "softphone_hang_up")).toEqual([
            ["softphone_consult_leave", [call.id]],
        ]);
    });
});

describe("listening", () => {
    function talking(values = {}) {
        return makeCall({
            anchored: true,
            state: "connected",
            answered: Date.now() - 60_000,
            handler: ANNA,
            mine_to_answer: false,
            sdp: false,
            sdp_type: false,
            may_monitor: true,
            ...values,
        });
    }

    async function listening(mode = "listen") {
        const server = mockSoftphoneServer();
        const sound = mockSound();
        mockAudio();
        const call = server.add(talking());
        server.calls = { [call.id]: call };
        const changes = (side) => {
            Object.assign(call, { version: call.version + 1, side });
            return { ok: true, message: false, call: structuredClone(call) };
        };
        server.answers.softphone_monitor = (id, tab, sdp, wanted) =>
            changes({ role: "monitor", mode: wanted, tab, leg: "leg-2", sdp: "v=0 answer" });
        server.answers.softphone_monitor_mode = (id, wanted) =>
            changes({ ...call.side, mode: wanted });
        const softphone = await startSoftphone();
        softphone.monitor(structuredClone(call), mode);
        await waitUntil(() => sound.peers[0]?.answers.length);
        sound.peers[0].fire("connected");
        return { server, softphone, call, peer: sound.peers[0] };
    }

    test("who listens is heard by nobody, whatever the microphone does", async () => {
        const { peer, softphone } = await listening();
        await contains(".o-whatsapp-OnSide-title", {
            text: "You listen to Anna Adler; nobody hears you",
        });
        expect(peer.microphoneEnabled).toBe(false);
        softphone.setMuted(false);
        expect(peer.microphoneEnabled).toBe(false);
        await contains(".o-whatsapp-OnSide-mute:disabled");
    });

    test("whisper and join are one click away", async () => {
        const { peer, server, call } = await listening();
        await click(".o-whatsapp-OnSide-mode[data-mode=whisper]");
        await contains(".o-whatsapp-OnSide-title", { text: "Only Anna Adler hears you" });
        expect(peer.microphoneEnabled).toBe(true);
        await click(".o-whatsapp-OnSide-mode[data-mode=join]");
        await contains(".o-whatsapp-OnSide-title", { text: "Both of them hear you" });
        await click(".o-whatsapp-OnSide-mode[data-mode=listen]");
        await waitUntil(() => !peer.microphoneEnabled);
        expect(server.requestsOf("softphone_monitor_mode").map(([, args]) => args)).toEqual([
            [call.id, "whisper"],
            [call.id, "join"],
            [call.id, "listen"],
        ]);
    });

    test("to stop listening ends nobody's call", async () => {
        const { server, peer, call } = await listening();
        await click(".o-whatsapp-OnSide-leave");
        await contains(".o-whatsapp-OnSide", { count: 0 });
        expect(peer.closed).toBe(true);
        expect(server.requestsOf("softphone_monitor_leave", "softphone_hang_up")).toEqual([
            ["softphone_monitor_leave", [call.id]],
        ]);
    });

    test("the operator sees who listens, whispers or has joined, and which keys were pressed", async () => {
        const { server, call } = await inAnchoredCall();
        const maria = { id: 9, name: "Maria" };
        server.update(call, { monitors: [{ ...maria, mode: "listen" }] });
        await contains(".o-whatsapp-InTheCall-monitor", { text: "Maria listens" });
        server.update(call, { monitors: [{ ...maria, mode: "whisper" }], digits: "12#" });
        await contains(".o-whatsapp-InTheCall-monitor", {
            text: "Maria speaks to you; the customer does not hear it",
        });
        await contains(".o-whatsapp-InTheCall-digits", { text: "12#" });
        server.update(call, { monitors: [] });
        await contains(".o-whatsapp-InTheCall-monitor", { count: 0 });
    });
});
