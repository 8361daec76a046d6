import { click, contains, openFormView, startServer } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { hover } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import { MockServer } from "@web/../tests/web_test_helpers";

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

const FORM = `
    <form>
        <sheet><field name="name"/><field name="phone" widget="phone"/></sheet>
        <chatter/>
    </form>`;

async function openPartner({ prepare = () => {}, form = FORM, body } = {}) {
    const pyEnv = await startServer();
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    prepare(server);
    const partnerId = pyEnv["res.partner"].create({ name: "Eva", phone: "+43 660 1112201" });
    if (body) {
        pyEnv["mail.message"].create({
            body: body,
            message_type: body.includes("comment") ? "comment" : "notification",
            model: "res.partner",
            res_id: partnerId,
        });
    }
    const softphone = await startSoftphone();
    await openFormView("res.partner", partnerId, { arch: form });
    return { server, softphone, partnerId, ...sound };
}

function cardOf(call, text = "WhatsApp call") {
    return `<div class="o_whatsapp_call_card" data-oe-type="whatsapp-call"
        data-oe-model="whatsapp.call" data-oe-id="${call.id}">${text}</div>`;
}

test("the button beside a phone number calls that number of that record", async () => {
    const { server, partnerId } = await openPartner();
    await click(".o_field_phone .o-whatsapp-CallButton");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0]).toEqual({
        phone: "+43 660 1112201",
        res_model: "res.partner",
        res_id: partnerId,
        number_id: 1,
    });
});

test("there is one button on a phone field, also when it is read-only", async () => {
    await openPartner({ form: FORM.replace('widget="phone"', 'widget="phone" readonly="1"') });
    await contains(".o_field_phone .o-whatsapp-CallButton", { count: 1 });
});

test("a phone field may go without the button", async () => {
    const options = `widget="phone" options="{'whatsapp_call': false}"`;
    await openPartner({ form: FORM.replace('widget="phone"', options) });
    await contains(".o_field_phone");
    expect(".o-whatsapp-CallButton").toHaveCount(0);
});

test("the button tells on hover whether the customer may be called", async () => {
    await openPartner();
    await hover(".o-whatsapp-CallButton");
    await contains(".o-whatsapp-CallButton[title='May be called']");
});

test("the chatter of any record has a call button that calls the record", async () => {
    const { server, partnerId } = await openPartner();
    await contains(".o-whatsapp-ChatterButton[title='May be called']");
    await click(".o-whatsapp-ChatterButton");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0]).toEqual({
        res_model: "res.partner",
        res_id: partnerId,
        number_id: 1,
    });
});

test("the chatter button says why somebody cannot be called", async () => {
    await openPartner({
        prepare: (server) => {
            server.lookupResult = {
                allowed: false,
                reason: "No phone number on this record.",
                next_step: "add_phone",
            };
        },
    });
    await contains(".o-whatsapp-ChatterButton[title='No phone number on this record.']");
});

test("users without an enabled number see no call buttons", async () => {
    await openPartner({
        prepare: (server) => {
            server.start = { enabled: false, reason: "No number" };
        },
    });
    await contains(".o-mail-Chatter");
    expect(".o-whatsapp-ChatterButton").toHaveCount(0);
    expect(".o-whatsapp-CallButton").toHaveCount(0);
});

test("a call's message is drawn as a card that changes with the call", async () => {
    const call = makeCall({ mine_to_answer: false });
    const { server } = await openPartner({
        prepare: (server) => server.add(call),
        body: cardOf(call),
    });
    await contains(".o-whatsapp-CallCard", { text: "WhatsApp call from Eva Gruber" });
    await contains(".o-whatsapp-CallCard-details", { text: "Ringing…" });
    server.update(call, {
        state: "connected",
        handler: { id: 99, name: "Agent Two" },
        answered: Date.now(),
    });
    await contains(".o-whatsapp-CallCard-details:contains('Connected · Agent Two')");
    server.update(call, endedValues({ duration: 62, handler: { id: 99, name: "Agent Two" } }));
    await contains(".o-whatsapp-CallCard-details", { text: "Ended · 01:02 · Agent Two" });
});

test("the card of a failed call shows the error and what to do", async () => {
    const call = makeCall({
        ...endedValues({ state: "failed" }),
        direction: "outbound",
        error: {
            code: 138006,
            title: "No permission",
            message: "",
            advice: "Ask first.",
            href: "",
        },
    });
    await openPartner({ prepare: (server) => server.add(call), body: cardOf(call) });
    await contains(".o-whatsapp-CallCard .o-whatsapp-CallError:contains('No permission')");
    await contains(".o-whatsapp-CallCard .o-whatsapp-CallError", { text: "Ask first." });
});

test("a call that may not be seen keeps its static text", async () => {
    const { server } = await openPartner({ body: cardOf({ id: 9999 }, "Call with Eva") });
    await contains(".o_whatsapp_call_card", { text: "Call with Eva" });
    await animationFrame();
    expect(".o-whatsapp-CallCard").toHaveCount(0);
    // and is asked for only once
    expect(server.requestsOf("softphone_calls")).toHaveLength(1);
});

test("the card of the own call runs with its timer", async () => {
    const call = makeCall();
    const { server } = await openPartner({
        prepare: (server) => server.add(call),
        body: cardOf(call),
    });
    await click(".o-whatsapp-IncomingCall-accept");
    server.update(call, connectedValues({ answered: Date.now() - 5000 }));
    await contains(".o-whatsapp-CallCard .o-whatsapp-CallTimer", { text: "00:05" });
});

test("a new call of the open record brings its card without a reload", async () => {
    const { server, partnerId } = await openPartner();
    await contains(".o-whatsapp-ChatterButton");
    const call = makeCall({
        record: { model: "res.partner", id: partnerId, name: "Eva", label: "Contact" },
    });
    MockServer.env["mail.message"].create({
        body: cardOf(call),
        message_type: "notification",
        model: "res.partner",
        res_id: partnerId,
    });
    expect(".o-whatsapp-CallCard").toHaveCount(0);
    server.ring(call);
    await contains(".o-whatsapp-IncomingCall");
    server.send("posted", { model: "res.partner", res_id: partnerId });
    await contains(".o-whatsapp-CallCard-details", { text: "Ringing…" });
});
