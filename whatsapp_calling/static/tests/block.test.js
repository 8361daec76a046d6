import { click, contains, insertText } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { getService } from "@web/../tests/web_test_helpers";

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

async function startWith(values) {
    const server = mockSoftphoneServer();
    mockSound();
    mockAudio();
    const call = server.add(makeCall(values));
    const softphone = await startSoftphone();
    return { server, softphone, call };
}

test("the popup offers to block to those who may", async () => {
    await startWith({ may_block: true });
    await contains(".o-whatsapp-IncomingCall-block");
});

test("the popup does not offer it to others", async () => {
    await startWith({ may_block: false });
    await contains(".o-whatsapp-IncomingCall-silence");
    expect(".o-whatsapp-IncomingCall-block").toHaveCount(0);
});

test("blocking sends reason, time and report, and says what became of it", async () => {
    const { server, call } = await startWith({ may_block: true });
    await click(".o-whatsapp-IncomingCall-block");
    await contains(".modal-title", { text: "Block Eva Gruber?" });
    await insertText("#o_whatsapp_block_reason", "Insults");
    await click("#o_whatsapp_block_report");
    await click(".o-whatsapp-BlockDialog-block");
    await contains(".o_notification", { text: "Blocked: this caller rings nobody here." });
    expect(server.requestsOf("softphone_block")).toEqual([
        ["softphone_block", [call.id, { reason: "Insults", until: false, report: true }]],
    ]);
});

test("what was not done stays open with the reason that was typed", async () => {
    const { server } = await startWith({ may_block: true });
    await click(".o-whatsapp-IncomingCall-block");
    await insertText("#o_whatsapp_block_reason", "Insults");
    server.answers.softphone_block = { ok: false, message: "Not now." };
    await click(".o-whatsapp-BlockDialog-block");
    await contains(".o_notification", { text: "Not now." });
    await contains("#o_whatsapp_block_reason", { value: "Insults" });
    delete server.answers.softphone_block;
    await click(".o-whatsapp-BlockDialog-block:enabled");
    await contains(".modal", { count: 0 });
});

test("nothing is sent before one confirms", async () => {
    const { server } = await startWith({ may_block: true });
    await click(".o-whatsapp-IncomingCall-block");
    await click(".modal-footer button", { text: "Cancel" });
    await contains(".modal", { count: 0 });
    expect(server.requestsOf("softphone_block")).toEqual([]);
});

test("after a call the panel blocks and unblocks", async () => {
    const { server, call } = await startWith({ may_block: true });
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues());
    await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
    await click(".o-whatsapp-OnCall-hangUp");
    await click(".o-whatsapp-EndedCall-block");
    await click(".o-whatsapp-BlockDialog-block");
    await contains(".modal", { count: 0 });
    await click(".o-whatsapp-EndedCall-unblock");
    await contains(".o-whatsapp-EndedCall-block");
    expect(server.requestsOf("softphone_unblock")).toEqual([["softphone_unblock", [call.id]]]);
});

test("the log opens the same dialog", async () => {
    const { server, call } = await startWith({ may_block: true });
    getService("action").doAction({
        type: "ir.actions.client",
        tag: "whatsapp_calling.block",
        params: { call_id: call.id, name: "Eva Gruber" },
    });
    await click(".o-whatsapp-BlockDialog-block");
    await contains(".o_notification", { text: "Blocked: this caller rings nobody here." });
    expect(server.requestsOf("softphone_block")).toHaveLength(1);
});
