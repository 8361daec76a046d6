import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { press } from "@odoo/hoot-dom";

import {
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

const RECORDING = { state: "recording", sound: true, text: false, problem: "" };

async function startCall(recording = {}) {
    const server = mockSoftphoneServer();
    mockSound();
    mockAudio();
    const softphone = await startSoftphone();
    const call = server.ring(makeCall());
    await click(".o-whatsapp-IncomingCall-accept");
    const change = (values) =>
        server.update(call, { recording: { ...RECORDING, ...values } });
    server.update(call, connectedValues({ recording: { ...RECORDING, ...recording } }));
    await contains(".o-whatsapp-Recording");
    return { call, change, server, softphone };
}

test("a red dot says that the call is recorded", async () => {
    await startCall();
    await contains(".o-whatsapp-Recording.o-recording .o-whatsapp-Recording-text", {
        text: "Recording",
    });
});

test("before the announcement is over it says so, and there is nothing to pause", async () => {
    await startCall({ state: "planned" });
    await contains(".o-whatsapp-Recording", { text: "Recorded after the announcement" });
    await contains(".o-whatsapp-Recording-pause", { count: 0 });
    await contains(".o-whatsapp-Recording-refuse");
});

test("where only the text is kept it does not say that it is recorded", async () => {
    await startCall({ sound: false, text: true });
    await contains(".o-whatsapp-Recording-text", { text: "Being written down" });
});

test("it is paused when the sidecar has paused it, not when one has clicked", async () => {
    const { call, change, server } = await startCall();
    await click(".o-whatsapp-Recording-pause");
    expect(server.requestsOf("softphone_recording")).toEqual([
        ["softphone_recording", [call.id, "pause"]],
    ]);
    await contains(".o-whatsapp-Recording.o-recording");
    await contains(".o-whatsapp-Recording-pause:disabled");
    change({ state: "paused" });
    await contains(".o-whatsapp-Recording.o-paused", { text: "Recording paused" });
    await click(".o-whatsapp-Recording-pause:enabled", { text: "Resume" });
    expect(server.requestsOf("softphone_recording")[1]).toEqual([
        "softphone_recording",
        [call.id, "resume"],
    ]);
});

test("no consent asks before it deletes, and the keyboard begins at keeping", async () => {
    const { call, change, server } = await startCall();
    await click(".o-whatsapp-Recording-refuse");
    await contains(".o-whatsapp-Recording-ask span", {
        text: "Stop recording and delete what was recorded so far? This cannot be undone.",
    });
    await contains(".o-whatsapp-Recording-ask .btn-secondary:focus");
    await press("Enter");
    await contains(".o-whatsapp-Recording-ask", { count: 0 });
    expect(server.requestsOf("softphone_recording")).toHaveLength(0);
    await click(".o-whatsapp-Recording-refuse");
    await click(".o-whatsapp-Recording-delete");
    expect(server.requestsOf("softphone_recording")).toEqual([
        ["softphone_recording", [call.id, "refuse"]],
    ]);
    change({ state: "refused" });
    await contains(".o-whatsapp-Recording", {
        text: "Not recorded: the customer does not agree",
    });
    await contains(".o-whatsapp-Recording button", { count: 0 });
});

test("what the server refuses is told, and can be tried again", async () => {
    const { server } = await startCall();
    server.answers.softphone_recording = { ok: false, message: "The call is over." };
    await click(".o-whatsapp-Recording-pause");
    await contains(".o_notification", { text: "The call is over." });
    await contains(".o-whatsapp-Recording-pause:enabled");
});

test("a recorder that fails says why", async () => {
    await startCall({ state: "failed", problem: "The disk is full" });
    await contains(".o-whatsapp-Recording.o-failed", { text: "Not recorded: The disk is full" });
});

test("a call that is not recorded shows nothing of it", async () => {
    const { call, server } = await startCall();
    server.update(call, { recording: false });
    await contains(".o-whatsapp-OnCall");
    await contains(".o-whatsapp-Recording", { count: 0 });
});
