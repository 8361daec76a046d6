import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { select, waitUntil } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import { patchWithCleanup } from "@web/../tests/web_test_helpers";

import { browser } from "@web/core/browser/browser";

import {
    connectedValues,
    defineWhatsappCallingModels,
    HEADSET,
    HEADSET_MICROPHONE,
    LOUDSPEAKER,
    makeCall,
    mockAudio,
    mockDevices,
    mockNotifications,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const RING_FILE = "call-invitation.ogg";
/** A worker tells which tab is the main one. */
const PATIENCE = { timeout: 3_000 };

async function startWith(permission) {
    const devices = mockDevices(HEADSET_MICROPHONE, HEADSET, LOUDSPEAKER);
    const server = mockSoftphoneServer();
    const sound = mockSound();
    const audio = mockAudio();
    mockNotifications(permission);
    const softphone = await startSoftphone();
    await waitUntil(() => softphone.devices.named);
    return { devices, server, softphone, audio, ...sound };
}

async function openCheck() {
    await click(".o-whatsapp-Systray-button");
    await click(".o-whatsapp-Panel-check");
    await contains(".o-whatsapp-ShiftCheck");
}

async function choose(use, deviceId) {
    await contains(`[data-use=${use}] option[value=${deviceId}]`);
    await select(deviceId, { target: `[data-use=${use}] select` });
    await animationFrame();
}

describe("devices", () => {
    test("microphone, speaker and ring device are chosen and used", async () => {
        const { server, softphone, audio, peers, microphone } = await startWith();
        await openCheck();
        await choose("microphone", "m1");
        await choose("speaker", "s1");
        await choose("ring", "s2");
        expect(softphone.settings.audioInputDeviceId).toBe("m1");
        expect(softphone.settings.audioOutputDeviceId).toBe("s1");
        await click(".modal-footer button", { text: "Done" });
        server.ring(makeCall());
        await waitUntil(() => audio.playing.has(RING_FILE), PATIENCE);
        expect(audio.sinks[RING_FILE]).toBe("s2");
        await click(".o-whatsapp-IncomingCall-accept");
        await waitUntil(() => peers.length);
        expect(microphone.constraints.deviceId).toBe("m1");
        expect(peers[0].outputDeviceId).toBe("s1");
    });

    test("what was chosen is there after a reload, for this user in this browser", async () => {
        browser.localStorage.setItem(
            "whatsapp_calling.devices.7",
            JSON.stringify({ microphone: { id: "m1", label: "Headset" }, ring: { id: "s2" } })
        );
        const { softphone } = await startWith();
        expect(softphone.devices.present("microphone")).toBe("m1");
        expect(softphone.settings.audioInputDeviceId).toBe("m1");
        expect(softphone.devices.present("ring")).toBe("s2");
        expect(softphone.ringer.deviceId).toBe("s2");
    });

    test("the speaker changes in mid-call without a new connection", async () => {
        const { server, peers, microphone } = await startWith();
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        await click("button[aria-label='Microphone and speaker']");
        await choose("speaker", "s2");
        expect(peers[0].outputDeviceId).toBe("s2");
        const before = peers[0].stream;
        await choose("microphone", "m1");
        await waitUntil(() => peers[0].stream !== before);
        expect(microphone.constraints.deviceId).toBe("m1");
        expect(peers).toHaveLength(1);
        expect(server.sent).toEqual(["softphone_accept"]);
    });

    test("an unplugged speaker falls back to the default one, says so, and is used again", async () => {
        const { devices, server, softphone, peers } = await startWith();
        softphone.devices.choose("speaker", "s1");
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        devices.plug(HEADSET_MICROPHONE, LOUDSPEAKER);
        await contains(".o_notification", {
            text: "Your speaker is not there (Headset). Calls are heard on the computer's default one until it is back.",
        });
        expect(peers[0].outputDeviceId).toBe("");
        devices.plug(HEADSET_MICROPHONE, HEADSET, LOUDSPEAKER);
        await waitUntil(() => peers[0].outputDeviceId === "s1");
    });

    test("an unplugged microphone is replaced in mid-call, and one is told by which", async () => {
        const { server, peers, microphone } = await startWith();
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        microphone.label = "Built-in microphone";
        peers[0].fire("device-lost");
        await contains(".o_notification", {
            text: "The microphone was unplugged. The call goes on with: Built-in microphone",
        });
    });

    test("the only microphone is unplugged and plugged in again: the caller hears again", async () => {
        const { devices, server, softphone, peers, microphone } = await startWith();
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        microphone.error = new DOMException("none", "NotFoundError");
        peers[0].fire("device-lost");
        await contains(".o-whatsapp-OnCall .badge", { text: "No microphone" });
        devices.plug(LOUDSPEAKER);
        await animationFrame();
        expect(softphone.live.deviceLost).toBe(true);
        const before = peers[0].stream;
        microphone.error = null;
        devices.plug(HEADSET_MICROPHONE, HEADSET, LOUDSPEAKER);
        await contains(".o_notification", {
            text: "There is a microphone again: the caller hears you.",
        });
        expect(peers[0].stream).not.toBe(before);
        await contains(".o-whatsapp-OnCall .badge", { text: "No microphone", count: 0 });
    });

    test("the chosen microphone is used again when it is back", async () => {
        const { devices, server, softphone, peers, microphone } = await startWith();
        softphone.devices.choose("microphone", "m1");
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        peers[0].fire("device-lost");
        devices.plug(HEADSET, LOUDSPEAKER);
        await waitUntil(() => softphone.devices.isLost("microphone"));
        const before = peers[0].stream;
        expect(microphone.constraints.deviceId).toBe(undefined);
        devices.plug(HEADSET_MICROPHONE, HEADSET, LOUDSPEAKER);
        await waitUntil(() => peers[0].stream !== before);
        expect(microphone.constraints.deviceId).toBe("m1");
    });

    test("choosing the same microphone again opens it again", async () => {
        const { server, softphone, peers, microphone } = await startWith();
        softphone.devices.choose("microphone", "m1");
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        microphone.error = new DOMException("busy", "NotReadableError");
        peers[0].fire("device-lost");
        await contains(".o-whatsapp-OnCall .badge", { text: "No microphone" });
        softphone.devices.choose("microphone", "m1");
        await contains(".o_notification", {
            text: "This microphone cannot be used — the caller does not hear you.",
        });
        microphone.error = null;
        softphone.devices.choose("microphone", "m1");
        await waitUntil(() => !softphone.live.deviceLost);
    });

    test("once the microphone was allowed in a call, the devices have names", async () => {
        const { devices, server, softphone } = await startWith();
        const nameless = { kind: "audioinput", deviceId: "", label: "" };
        devices.plug(nameless);
        await waitUntil(() => !softphone.devices.named);
        const call = server.ring(makeCall());
        devices.name(HEADSET_MICROPHONE, HEADSET);
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        await click("button[aria-label='Microphone and speaker']");
        await contains("[data-use=microphone] option[value=m1]");
        expect("[data-use=microphone] option[value=m1]").toHaveText("Headset");
    });

    test("what was chosen stays in the list before the browser names any device", async () => {
        const { devices, softphone } = await startWith();
        softphone.devices.choose("microphone", "m1");
        devices.plug({ kind: "audioinput", deviceId: "", label: "" });
        await waitUntil(() => !softphone.devices.named);
        await openCheck();
        expect("[data-use=microphone] select").toHaveValue("m1");
        expect("[data-use=microphone] option:checked").toHaveText("Headset");
    });

    test("what is not there stays in the list and is called so", async () => {
        const { devices, softphone } = await startWith();
        softphone.devices.choose("ring", "s2");
        devices.plug(HEADSET_MICROPHONE, HEADSET);
        await waitUntil(() => softphone.devices.isLost("ring"));
        await openCheck();
        expect("[data-use=ring] option:checked").toHaveText("Loudspeaker (not there)");
    });

    test("a browser that cannot choose where it sounds says so", async () => {
        await startWith();
        patchWithCleanup(browser, { Audio: class extends EventTarget {} });
        await openCheck();
        expect("[data-use=speaker] select, [data-use=ring] select").toHaveCount(0);
        expect("[data-use=microphone] select").toHaveCount(1);
        expect("[data-use=ring] .o-whatsapp-DeviceChoice-refusal").toHaveText(
            "This browser plays all sound on the computer's default speaker. Choose it in the settings of the computer."
        );
    });

    test("a browser that shows no speakers says so", async () => {
        const { devices, softphone } = await startWith();
        devices.plug(HEADSET_MICROPHONE);
        await waitUntil(() => !softphone.devices.options("speaker").length);
        await openCheck();
        expect("[data-use=speaker] .o-whatsapp-DeviceChoice-refusal").toHaveText(
            "This browser shows no speakers to choose from: the computer's default one is used."
        );
    });

    test("a ring device that is gone rings on the default one", async () => {
        const { devices, server, softphone, audio } = await startWith();
        softphone.devices.choose("ring", "s2");
        devices.plug(HEADSET_MICROPHONE, HEADSET);
        await waitUntil(() => softphone.ringer.deviceId === "");
        server.ring(makeCall());
        await waitUntil(() => audio.playing.has(RING_FILE), PATIENCE);
        expect(audio.sinks[RING_FILE]).toBe("");
    });
});

describe("check", () => {
    test("it is offered once a day and can be put off", async () => {
        await startWith();
        await click(".o-whatsapp-Systray-button");
        await contains(".o-whatsapp-Panel-reminder", {
            text: "Start of your shift? Check sound and devices.",
        });
        await click("button[aria-label='Not today']");
        await contains(".o-whatsapp-Panel-reminder", { count: 0 });
        expect(browser.localStorage.getItem("whatsapp_calling.checked.7")).toBe(
            luxon.DateTime.now().toISODate()
        );
    });

    test("on the next day it is offered again, after the check not until then", async () => {
        browser.localStorage.setItem("whatsapp_calling.checked.7", "2000-01-01");
        await startWith();
        await click(".o-whatsapp-Systray-button");
        await click(".o-whatsapp-Panel-reminderOpen");
        await contains(".o-whatsapp-ShiftCheck");
        await contains(".o-whatsapp-Panel-reminder", { count: 0 });
    });

    test("the meter moves with the voice, and the microphone is freed afterwards", async () => {
        const { meter } = await startWith();
        await openCheck();
        await waitUntil(() => meter.onTic);
        meter.onTic(0.4);
        await contains(".o-whatsapp-LevelMeter [role=meter][aria-valuenow='40']");
        await contains("[data-step=microphone] .o-whatsapp-ShiftCheck-ok");
        await click(".modal-footer button", { text: "Done" });
        await waitUntil(() => meter.stopped);
        expect(meter.track.stopped).toBe(true);
    });

    test("a blocked microphone says what to do", async () => {
        const { microphone } = await startWith();
        microphone.error = new DOMException("no", "NotAllowedError");
        await openCheck();
        await contains(".o-whatsapp-LevelMeter-problem");
        expect(".o-whatsapp-LevelMeter-problem").toHaveText(/set Microphone to Allow/);
    });

    test("speaker and ring are played and the answer counts", async () => {
        const { audio } = await startWith();
        await openCheck();
        await click("[data-step=speaker] .o-whatsapp-ShiftCheck-test");
        await click("[data-step=speaker] .o-whatsapp-ShiftCheck-yes");
        await contains("[data-step=speaker] .o-whatsapp-ShiftCheck-ok");
        await click("[data-step=ring] .o-whatsapp-ShiftCheck-test");
        expect([...audio.playing]).toInclude(RING_FILE);
        await click("[data-step=ring] .o-whatsapp-ShiftCheck-no");
        await contains("[data-step=ring] .o-whatsapp-ShiftCheck-help");
        expect([...audio.playing]).not.toInclude(RING_FILE);
    });

    test("the test ring is as loud as a call and leaves a real ring as it is", async () => {
        const { server, softphone, audio } = await startWith();
        server.ring(makeCall());
        await waitUntil(() => audio.playing.has(RING_FILE), PATIENCE);
        const ringing = audio.elements.find((element) => element.loop);
        await softphone.ringer.test();
        const { testAudio } = softphone.ringer;
        expect(testAudio.volume).toBe(ringing.volume);
        expect(ringing.paused).toBe(false);
        expect(ringing.loop).toBe(true);
        softphone.ringer.stopTest();
        expect(testAudio.paused).toBe(true);
        expect(ringing.paused).toBe(false);
    });

    test("a ring that the browser refuses to play is explained", async () => {
        const { audio } = await startWith();
        await openCheck();
        audio.refuse = true;
        await click("[data-step=ring] .o-whatsapp-ShiftCheck-test");
        await contains("[data-step=ring] .o-whatsapp-ShiftCheck-help");
        expect("[data-step=ring] .o-whatsapp-ShiftCheck-help").toHaveText(
            /^Your browser refused to play it/
        );
    });

    test("notifications, web push and the live connection are told", async () => {
        const { softphone } = await startWith();
        await openCheck();
        await contains(".o-whatsapp-ShiftCheck-line", { text: "Connected: calls ring at once." });
        await contains(".o-whatsapp-ShiftCheck-notifications");
        expect(".o-whatsapp-ShiftCheck-push").toHaveText(/^Off:/);
        expect("[data-step=notice]").toHaveText(/While no Odoo page is open/);
        softphone.setOnline(false);
        await animationFrame();
        expect(".o-whatsapp-ShiftCheck-line").toHaveText(/^Not connected/);
    });
});
