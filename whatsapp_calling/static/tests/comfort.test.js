import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";

import { tones } from "@whatsapp_calling/core/tones";

import {
    connectedValues,
    defineWhatsappCallingModels,
    endedValues,
    makeCall,
    mockAudio,
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

async function startPhone() {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    const audio = mockAudio();
    const notifications = mockNotifications();
    const softphone = await startSoftphone();
    return { server, softphone, audio, notifications, ...sound };
}

async function talk(phone) {
    const call = phone.server.ring(makeCall());
    await click(".o-whatsapp-IncomingCall-accept");
    phone.server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    return call;
}

describe("rung while talking", () => {
    test("a second call knocks softly instead of ringing, and one is told that it waits", async () => {
        const phone = await startPhone();
        await talk(phone);
        expect(tones.knocking).toBe(false);
        phone.server.ring(makeCall({ name: "Jonas Weber" }));
        await contains(".o-whatsapp-OnCall-waiting", { text: "1 waiting" });
        await contains(".o-whatsapp-Systray-waiting", { text: "1" });
        expect(".o-whatsapp-Systray-button").toHaveAttribute(
            "aria-label",
            "WhatsApp phone: in a call, 1 waiting"
        );
        expect(tones.knocking).toBe(true);
        expect([...phone.audio.playing]).not.toInclude(RING_FILE);
    });

    test("its card says that accepting ends the first call, and does so", async () => {
        const phone = await startPhone();
        await talk(phone);
        const second = phone.server.ring(makeCall({ name: "Jonas Weber" }));
        await contains(".o-whatsapp-IncomingCall-waiting", {
            text: "Waiting while you talk. Accepting ends your call with Eva Gruber.",
        });
        await click(".o-whatsapp-IncomingCall-accept", { text: "End current call and accept" });
        await waitUntil(() => phone.softphone.live?.callId === second.id);
        expect(phone.server.sent).toEqual([
            "softphone_accept",
            "softphone_hang_up",
            "softphone_accept",
        ]);
    });

    test("when the first call ends the second one rings in full", async () => {
        const phone = await startPhone();
        const first = await talk(phone);
        phone.server.ring(makeCall());
        await contains(".o-whatsapp-OnCall-waiting");
        phone.server.update(first, endedValues());
        await contains(".o-whatsapp-OnCall", { count: 0 });
        await waitUntil(() => phone.audio.playing.has(RING_FILE), PATIENCE);
        expect(tones.knocking).toBe(false);
    });

    test("the knocking stops when the second caller gives up", async () => {
        const phone = await startPhone();
        await talk(phone);
        const second = phone.server.ring(makeCall());
        await contains(".o-whatsapp-OnCall-waiting");
        phone.server.update(second, endedValues({ state: "missed" }));
        await contains(".o-whatsapp-OnCall-waiting", { count: 0 });
        expect(tones.knocking).toBe(false);
    });
});

describe("wrap-up", () => {
    test("after a talk the phone counts down until one is rung again", async () => {
        const phone = await startPhone();
        const call = await talk(phone);
        phone.server.wrapUpUntil = Date.now() + 31_000;
        phone.server.update(call, endedValues());
        await contains(".o-whatsapp-WrapUp", { text: "Wrap-up: you are not rung." });
        await advanceTime(2_000);
        expect(".o-whatsapp-WrapUp .o-whatsapp-WrapUp-left").toHaveText(/^00:2[789]$/);
        expect(".o-whatsapp-Systray .o-whatsapp-WrapUp-left").toHaveText(/^00:2[789]$/);
        await advanceTime(30_000);
        await contains(".o-whatsapp-WrapUp", { count: 0 });
    });

    test("Ready now ends it", async () => {
        const phone = await startPhone();
        phone.server.wrapUpUntil = Date.now() + 60_000;
        await phone.softphone.poll();
        await click(".o-whatsapp-Systray-button");
        await click(".o-whatsapp-WrapUp-ready");
        await contains(".o-whatsapp-WrapUp", { count: 0 });
        expect(phone.server.requestsOf("softphone_ready")).toHaveLength(1);
    });

    test("ended in another tab it ends here too", async () => {
        const phone = await startPhone();
        phone.server.wrapUpUntil = Date.now() + 60_000;
        await phone.softphone.poll();
        await contains(".o-whatsapp-Systray .o-whatsapp-WrapUp-left");
        phone.server.send("wrap_up", { until: false });
        await contains(".o-whatsapp-Systray .o-whatsapp-WrapUp-left", { count: 0 });
    });
});

describe("out of focus", () => {
    async function startBehindAnotherWindow() {
        const phone = await startPhone();
        phone.softphone.ringNotifications.presence = { isOdooFocused: () => false };
        return phone;
    }

    test("the system tells of the call, once, without a sound of its own", async () => {
        const { server, notifications } = await startBehindAnotherWindow();
        const call = server.ring(makeCall());
        await contains(".o-whatsapp-IncomingCall");
        await waitUntil(() => notifications.shown.length, PATIENCE);
        server.update(call, {});
        await animationFrame();
        expect(notifications.all).toHaveLength(1);
        const [{ title, options }] = notifications.all;
        expect(title).toBe("Incoming WhatsApp call");
        expect(options).toEqual({
            body: "Eva Gruber · +43 660 1112201",
            icon: "/whatsapp_calling/static/description/icon.png",
            tag: `whatsapp-call-${call.id}`,
            requireInteraction: true,
            silent: true,
        });
    });

    test("the notification goes when a teammate answers", async () => {
        const { server, notifications } = await startBehindAnotherWindow();
        const call = server.ring(makeCall());
        await waitUntil(() => notifications.shown.length, PATIENCE);
        server.update(call, {
            state: "connected",
            mine_to_answer: false,
            handler: { id: 99, name: "Agent Two" },
        });
        await waitUntil(() => !notifications.shown.length, PATIENCE);
        expect(notifications.all).toHaveLength(1);
    });

    test("a click on it brings Odoo to the front", async () => {
        const { server, notifications } = await startBehindAnotherWindow();
        server.ring(makeCall());
        await waitUntil(() => notifications.shown.length, PATIENCE);
        notifications.shown[0].onclick();
        expect(notifications.shown).toHaveLength(0);
        await contains(".o-whatsapp-IncomingCall-accept");
    });

    test("none while Odoo is looked at", async () => {
        const { server, softphone, notifications } = await startPhone();
        softphone.ringNotifications.presence = { isOdooFocused: () => true };
        server.ring(makeCall());
        await contains(".o-whatsapp-IncomingCall");
        await animationFrame();
        expect(notifications.all).toHaveLength(0);
    });
});

test("a ring tone that the browser mutes is said so, and one click lets it ring", async () => {
    const { server, softphone, audio } = await startPhone();
    audio.refuse = true;
    server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall-blocked", { text: "Your browser mutes the ring tone." });
    expect(softphone.ringer.blocked).toBe(true);
    audio.refuse = false;
    await click(".o-whatsapp-IncomingCall-unblock");
    await contains(".o-whatsapp-IncomingCall-blocked", { count: 0 });
    expect([...audio.playing]).toInclude(RING_FILE);
    expect(server.sent).toEqual([]);
});
