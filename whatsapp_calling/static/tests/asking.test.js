import { click, contains, insertText } from "@mail/../tests/mail_test_helpers";
import { describe, expect, queryOne, select, test } from "@odoo/hoot";
import { defineModels, fields, makeServerError, models, mountView } from "@web/../tests/web_test_helpers";

import {
    defineWhatsappCallingModels,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

class Composer extends models.Model {
    label = fields.Char();
    _records = [{ id: 1, label: "Call us" }];
}

describe.current.tags("desktop");
defineWhatsappCallingModels();
defineModels([Composer]);

const target = { phone: "+436601112201" };
const LIMITED = "Eva Gruber was asked by Anna on Monday.";

async function startPhone(prepare = () => {}) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    server.lookupResult = { allowed: false, reason: "No.", next_step: "request_permission" };
    prepare(server);
    const softphone = await startSoftphone();
    return { server, softphone, ...sound };
}

test("the company's words are there to be changed, and the limits are shown", async () => {
    const { softphone } = await startPhone();
    await softphone.dial(target);
    await contains(".o-whatsapp-PermissionDialog textarea", {
        value: "Can we give you a quick call?",
    });
    await contains(".o-whatsapp-PermissionDialog-limits li", { count: 2 });
    await contains(".o-whatsapp-PermissionDialog-limits", { text: "Requests in 7 days: 0 of 2" });
});

test("what the limits do not allow cannot be sent, and the reason is there", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.askView = { refusal: LIMITED };
    });
    await softphone.dial(target);
    await contains(".o-whatsapp-PermissionDialog-refusal", { text: LIMITED });
    await contains(".modal-footer .btn-primary:disabled", { text: "Ask for permission" });
    await contains(".o-whatsapp-PermissionDialog textarea", { count: 0 });
    expect(server.requestsOf("softphone_request_permission")).toEqual([]);
});

test("after 24 hours a template is chosen and seen before it is sent", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.askView = {
            way: "template",
            templates: [
                { id: 5, name: "may_we_call (de)", text: "Dürfen wir anrufen?" },
                { id: 6, name: "may_we_call (en)", text: "May we call?" },
            ],
            template_id: 5,
        };
        server.answers.softphone_request_permission = { ok: true, message: "Asked." };
    });
    await softphone.dial(target);
    await contains(".o-whatsapp-PermissionDialog-template", { text: "Dürfen wir anrufen?" });
    await click("#o_whatsapp_permission_when");
    await click(".modal-footer button", { text: "Ask for permission" });
    await contains(".o_notification", { text: "Asked." });
    const [[, [, , options]]] = server.requestsOf("softphone_request_permission");
    expect(options).toEqual({ template_id: 5, call_when_allowed: true });
});

test("without a template a manager is led to making one", async () => {
    const { softphone } = await startPhone((server) => {
        server.askView = { way: false, refusal: "No template.", makes_templates: true };
    });
    await softphone.dial(target);
    await contains(".o-whatsapp-PermissionDialog-refusal button", { text: "Make a template" });
});

test("which number asks is shown and can be changed", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.askView = {
            numbers: [
                { id: 1, label: "Vienna", display: "+43 1" },
                { id: 2, label: "Madrid", display: "+34 9" },
            ],
        };
    });
    await softphone.dial(target);
    await contains(".o-whatsapp-NumberSelect option:checked", { text: "Vienna +43 1" });
    await insertSelect(".o-whatsapp-NumberSelect", "2");
    await contains(".o-whatsapp-NumberSelect option:checked", { text: "Madrid +34 9" });
    expect(server.requestsOf("softphone_ask_view").at(-1)).toEqual([
        "softphone_ask_view",
        [{ ...target, number_id: 2 }],
    ]);
});

test("the user's own words stay when another number is chosen", async () => {
    const numbers = [
        { id: 1, label: "Vienna", display: "+43 1" },
        { id: 2, label: "Madrid", display: "+34 9" },
    ];
    const { server, softphone } = await startPhone((server) => {
        server.askView = { numbers };
    });
    await softphone.dial(target);
    server.askView = { numbers, text: "¿Podemos llamarle?" };
    await insertSelect(".o-whatsapp-NumberSelect", "2");
    await contains(".o-whatsapp-PermissionDialog textarea", { value: "¿Podemos llamarle?" });
    await insertText(".o-whatsapp-PermissionDialog textarea", "My words", { replace: true });
    await insertSelect(".o-whatsapp-NumberSelect", "1");
    await contains(".o-whatsapp-NumberSelect option:checked", { text: "Vienna +43 1" });
    await contains(".o-whatsapp-PermissionDialog textarea", { value: "My words" });
});

test("what was not sent stays open with the words that were typed", async () => {
    const { server, softphone } = await startPhone();
    server.answers.softphone_request_permission = { ok: false, message: "Not now." };
    await softphone.dial(target);
    await insertText(".o-whatsapp-PermissionDialog textarea", "My words", { replace: true });
    await click(".modal-footer button", { text: "Ask for permission" });
    await contains(".o_notification", { text: "Not now." });
    await contains(".o-whatsapp-PermissionDialog textarea", { value: "My words" });
    expect.errors(1);
    server.answers.softphone_request_permission = () => {
        throw makeServerError({ message: "Down" });
    };
    await click(".modal-footer button:enabled", { text: "Ask for permission" });
    await contains(".o_error_dialog");
    expect.verifyErrors([/Down/]);
    await contains(".o-whatsapp-PermissionDialog textarea", { value: "My words" });
    await contains(".o-whatsapp-PermissionDialog button:enabled", { text: "Ask for permission" });
});

test("the keypad shows which number calls and calls from another one", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.lookupResult = {
            allowed: true,
            numbers: [
                { id: 1, label: "Vienna", display: "+43 1" },
                { id: 2, label: "Madrid", display: "+34 9" },
            ],
        };
    });
    softphone.openPanel("keypad");
    await insertText(".o-whatsapp-Keypad-input", "+436601112201");
    await contains(".o-whatsapp-Keypad .o-whatsapp-NumberSelect option:checked", {
        text: "Vienna +43 1",
    });
    server.lookupResult.number_id = 2;
    await insertSelect(".o-whatsapp-NumberSelect", "2");
    await contains(".o-whatsapp-Keypad .o-whatsapp-NumberSelect option:checked", {
        text: "Madrid +34 9",
    });
    await click(".o-whatsapp-Keypad-call");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0].number_id).toBe(2);
});

test("before a call that may cost the permission the operator is asked", async () => {
    const { server, softphone, microphone } = await startPhone((server) => {
        server.lookupResult = { allowed: true, confirm: "Two calls were in vain." };
    });
    await softphone.dial(target);
    await contains(".modal-body", { text: "Two calls were in vain." });
    expect(microphone.asked).toBe(0);
    expect(server.requestsOf("softphone_dial")).toEqual([]);
    await click(".modal-footer button", { text: "Call" });
    await contains(".o-whatsapp-OnCall");
    const [[, [dialled]]] = server.requestsOf("softphone_dial");
    expect(dialled).toEqual({ ...target, number_id: 1, confirmed: true });
    expect(softphone.live.target.confirmed).toBe(undefined);
});

test("who agrees is called with one click, never by itself", async () => {
    const { server, softphone } = await startPhone((server) => {
        server.lookupResult = { allowed: true };
    });
    const call = { contact_id: 7, number_id: 1 };
    server.send("permission", { contact_id: 7, state: "granted", name: "Eva Gruber", call });
    await contains(".o_notification", { text: "Eva Gruber allows you to call now." });
    expect(softphone.live).toBe(null);
    expect(server.requestsOf("softphone_dial")).toEqual([]);
    await click(".o_notification button", { text: "Call" });
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0]).toEqual(call);
});

test("a message refused after 24 hours leads to a template", async () => {
    const { server } = await startPhone((server) => {
        server.askView = {
            way: "template",
            templates: [{ id: 5, name: "may_we_call", text: "May we call?" }],
            template_id: 5,
        };
    });
    const message = "Re-engagement message. Send a template instead.";
    server.send("message_refused", { kind: "permission", message, target: { contact_id: 7 } });
    await contains(".o_notification", { text: message });
    await click(".o_notification button", { text: "Send a template" });
    await contains(".o-whatsapp-PermissionDialog-template", { text: "May we call?" });
});

test("any other refusal is shown until it is read", async () => {
    const { server } = await startPhone();
    server.send("message_refused", { kind: "permission", message: "Blocked.", target: false });
    await contains(".o_notification.border-danger, .o_notification", { text: "Blocked." });
    await contains(".o_notification button", { text: "Send a template", count: 0 });
});

test("characters are counted while they are typed", async () => {
    await startPhone();
    await mountView({
        type: "form",
        resModel: "composer",
        resId: 1,
        arch: `<form><field name="label" widget="whatsapp_calling_counted" options="{'max': 20}"/></form>`,
    });
    await contains(".o-whatsapp-CountedField-count", { text: "7 of 20" });
    await insertText(".o_field_widget[name=label] input", "Call us about your order", {
        replace: true,
    });
    await contains(".o-whatsapp-CountedField-count.text-danger", { text: "24 of 20" });
});

async function insertSelect(selector, value) {
    await contains(selector);
    await select(value, { target: queryOne(selector) });
}
