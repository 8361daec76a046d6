import { click, contains, insertText } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";

import { tones } from "@whatsapp_calling/core/tones";
import {
    ANSWER,
    OUR_OFFER,
    connectedValues,
    defineWhatsappCallingModels,
    endedValues,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const target = { phone: "+436601112201" };

async function startPhone(prepare = () => {}) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    prepare(server);
    const softphone = await startSoftphone();
    return { server, softphone, ...sound };
}

test("dialling looks up the permission, asks for the microphone, then sends the offer", async () => {
    const { server, softphone, microphone } = await startPhone();
    await softphone.dial(target);
    expect(microphone.asked).toBe(1);
    const methods = server.requests.map(([method]) => method);
    expect(methods.indexOf("softphone_lookup")).toBeLessThan(methods.indexOf("softphone_dial"));
    expect(server.requestsOf("softphone_dial")).toEqual([
        ["softphone_dial", [{ ...target, number_id: 1 }, softphone.tabId, OUR_OFFER]],
    ]);
    await contains(".o-whatsapp-OnCall-state", { text: "Calling…" });
});

test("without the customer's permission nothing is dialled, not even the microphone asked", async () => {
    const { server, softphone, microphone } = await startPhone((server) => {
        server.lookupResult = {
            allowed: false,
            reason: "Eva Gruber has not agreed to calls.",
            next_step: "request_permission",
            permission: { state: "none", allowed: false, label: "Not asked" },
        };
    });
    await softphone.dial(target);
    await contains(".o-whatsapp-PermissionDialog p", {
        text: "Eva Gruber has not agreed to calls.",
    });
    await contains(".o-whatsapp-TwoPermissions li", { count: 2 });
    expect(microphone.asked).toBe(0);
    expect(server.sent).toEqual([]);
});

test("the next step asks the customer, with the operator's words", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.lookupResult = { allowed: false, reason: "No.", next_step: "request_permission" };
        server.answers.softphone_request_permission = { ok: true, message: "Asked." };
    });
    await softphone.dial(target);
    await insertText(".o-whatsapp-PermissionDialog textarea", "May we call?", { replace: true });
    await click(".modal-footer button", { text: "Ask for permission" });
    await contains(".o_notification", { text: "Asked." });
    expect(server.requestsOf("softphone_request_permission")).toEqual([
        [
            "softphone_request_permission",
            [target, "May we call?", { template_id: false, call_when_allowed: false }],
        ],
    ]);
    await contains(".modal", { count: 0 });
});

test("a refusal without a next step is only explained", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.lookupResult = { allowed: false, reason: "Blacklisted.", next_step: false };
    });
    await softphone.dial(target);
    await contains(".o_notification", { text: "Blacklisted." });
    expect(server.sent).toEqual([]);
});

test("a refused microphone places no call and says what to do", async () => {
    const { server, softphone, microphone } = await startPhone();
    microphone.error = new DOMException("denied", "NotAllowedError");
    await softphone.dial(target);
    await contains(".modal-title", {
        text: "Microphone access blocked — the caller will not hear you",
    });
    await contains(".o-whatsapp-MicrophoneDialog b", { text: "The call was not placed." });
    expect(server.sent).toEqual([]);
});

test("the answer is applied once, also when the webhook came twice", async () => {
    const { server, softphone, peers } = await startPhone();
    await softphone.dial(target);
    server.update(server.dialed, { state: "ringing", sdp: ANSWER, sdp_type: "answer" });
    await contains(".o-whatsapp-OnCall-state", { text: "Ringing…" });
    server.update(server.dialed, {});
    await animationFrame();
    expect(new Set(peers[0].answers)).toEqual(new Set([ANSWER]));
    expect(softphone.live.connected).toBe(false);
});

test("with the answer it stays on ringing until the customer picked up", async () => {
    const { server, softphone, peers } = await startPhone();
    await softphone.dial(target);
    server.update(server.dialed, { state: "ringing", sdp: ANSWER, sdp_type: "answer" });
    await contains(".o-whatsapp-OnCall-state", { text: "Ringing…" });
    peers[0].fire("connected");
    await animationFrame();
    expect(".o-whatsapp-OnCall-state span:first").toHaveText("Ringing…");
    expect(".o-whatsapp-CallTimer").toHaveCount(0);
    expect(peers[0].microphoneEnabled).toBe(false);
    expect(tones.ringing).toBe(true);
    server.update(server.dialed, connectedValues({ sdp: ANSWER, sdp_type: "answer" }));
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    expect(peers[0].microphoneEnabled).toBe(true);
    expect(tones.ringing).toBe(false);
});

test("hung up while the request is on its way: what it brings is hung up", async () => {
    const { server, softphone } = await startPhone();
    let answer;
    server.answers.softphone_dial = async (...args) => {
        await new Promise((resolve) => (answer = resolve));
        return server.softphone_dial(...args);
    };
    const dialing = softphone.dial(target);
    await contains(".o-whatsapp-OnCall-state", { text: "Calling…" });
    await click(".o-whatsapp-OnCall-hangUp");
    answer();
    await dialing;
    expect(server.sent).toEqual(["softphone_dial", "softphone_hang_up"]);
    expect(softphone.live).toBe(null);
});

test("a refused call shows what WhatsApp said and what to do", async () => {
    const { server, softphone } = await startPhone();
    await softphone.dial(target);
    server.update(
        server.dialed,
        endedValues({
            state: "failed",
            error: {
                code: 138012,
                title: "Call limit reached",
                message: "10 calls in 24 hours",
                advice: "Next call possible at 14:05.",
                href: "https://developers.facebook.com/docs/whatsapp",
            },
        })
    );
    await contains(".o-whatsapp-CallError:contains('Call limit reached')");
    await contains(".o-whatsapp-CallError", { text: "Next call possible at 14:05." });
    await contains(".o-whatsapp-CallError a[href*='facebook']");
});

test("a dial that the server refuses shows its message", async () => {
    const { softphone } = await startPhone((server) => {
        server.answers.softphone_dial = {
            ok: false,
            reason: "disabled",
            message: "Calling is switched off for this number.",
            next_step: false,
        };
    });
    await softphone.dial(target);
    await contains(".o-whatsapp-EndedCall-reason", {
        text: "Calling is switched off for this number.",
    });
    expect(softphone.live).toBe(null);
});

test("one click dials the same person again", async () => {
    const { server, softphone } = await startPhone();
    await softphone.dial(target);
    server.update(server.dialed, endedValues({ state: "unanswered", reason: "No answer." }));
    await click(".o-whatsapp-EndedCall-redial");
    await contains(".o-whatsapp-OnCall-state", { text: "Calling…" });
    const [first, second] = server.requestsOf("softphone_dial");
    expect(second).toEqual(first);
});

test("to call again right after hanging up waits for the hang-up", async () => {
    const { server, softphone } = await startPhone();
    await softphone.dial(target);
    let hungUp;
    server.answers.softphone_hang_up = async (...args) => {
        await new Promise((resolve) => (hungUp = resolve));
        return server.softphone_hang_up(...args);
    };
    softphone.hangUp();
    const again = softphone.dial(target);
    await animationFrame();
    expect(server.requestsOf("softphone_dial")).toHaveLength(1);
    hungUp();
    await again;
    expect(server.requestsOf("softphone_dial")).toHaveLength(2);
});

test("a second click while the first one is at work does not dial twice", async () => {
    const { server, softphone } = await startPhone();
    await Promise.all([softphone.dial(target), softphone.dial(target)]);
    await advanceTime(100);
    expect(server.sent).toEqual(["softphone_dial"]);
});

test("the answer of a customer to a request is told", async () => {
    const { server } = await startPhone();
    server.send("permission", { contact_id: 7, state: "granted", name: "Eva Gruber" });
    await contains(".o_notification", { text: "Eva Gruber allows you to call now." });
});
