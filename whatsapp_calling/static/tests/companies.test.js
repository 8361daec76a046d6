import { click, contains, openFormView, startServer } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { patchWithCleanup } from "@web/../tests/web_test_helpers";

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

const REASON = "WhatsApp Calling is switched off for Calls Vienna.";
const OFF = { enabled: false, shown: false, reason: REASON, explained: false };

/** A partner's form in a company, with the phone as `start` says. */
async function openPartner(start) {
    const pyEnv = await startServer();
    const server = mockSoftphoneServer();
    mockSound();
    mockAudio();
    server.start = start;
    const partnerId = pyEnv["res.partner"].create({ name: "Eva", phone: "+43 660 1112201" });
    const softphone = await startSoftphone();
    await openFormView("res.partner", partnerId, {
        arch: `<form><sheet><field name="phone" widget="phone"/></sheet><chatter/></form>`,
    });
    await contains(".o-mail-Chatter");
    return { partnerId, server, softphone };
}

test("where calling is off an operator sees no icon and no button", async () => {
    await openPartner(OFF);
    expect(".o-whatsapp-Systray").toHaveCount(0);
    expect(".o-whatsapp-CallButton, .o-whatsapp-CallButton-off").toHaveCount(0);
    expect(".o-whatsapp-ChatterButton").toHaveCount(0);
});

test("where calling is off a manager reads the reason on icon and buttons", async () => {
    await openPartner({ ...OFF, explained: true });
    expect(".o-whatsapp-Systray-off").toHaveAttribute("title", REASON);
    expect(".o-whatsapp-CallButton-off").toHaveAttribute("title", REASON);
    expect(".o-whatsapp-ChatterButton").toHaveAttribute("title", REASON);
    expect(".o-whatsapp-ChatterButton").toHaveClass("opacity-50");
});

test("a manager's click on what is off asks why, and dials nobody", async () => {
    const { partnerId, server, softphone } = await openPartner({ ...OFF, explained: true });
    const asked = [];
    patchWithCleanup(softphone, { diagnose: (target) => asked.push(target) });
    await click(".o-whatsapp-ChatterButton");
    await waitUntil(() => asked.length === 1);
    await click(".o-whatsapp-CallButton-off");
    const record = { res_model: "res.partner", res_id: partnerId };
    expect(asked).toEqual([record, { phone: "+43 660 1112201", ...record }]);
    expect(server.requestsOf("softphone_dial", "softphone_lookup")).toHaveLength(0);
});

test("a call of another company rings where calling is off", async () => {
    const { server } = await openPartner({ ...OFF, enabled: true });
    expect(".o-whatsapp-Systray").toHaveCount(0);
    const call = server.ring(makeCall());
    await contains(".o-whatsapp-IncomingCall");
    await contains(".o-whatsapp-Systray.o-ringing");
    server.update(call, endedValues());
    await contains(".o-whatsapp-IncomingCall", { count: 0 });
    await contains(".o-whatsapp-Systray", { count: 0 });
});
