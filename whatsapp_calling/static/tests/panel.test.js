import { click, contains, insertText } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { press } from "@odoo/hoot-dom";
import { advanceTime } from "@odoo/hoot-mock";
import { makeServerError } from "@web/../tests/web_test_helpers";

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

async function openPanel(prepare = () => {}) {
    const server = mockSoftphoneServer();
    mockSound();
    mockAudio();
    prepare(server);
    const softphone = await startSoftphone();
    await click(".o-whatsapp-Systray-button");
    await contains(".o-whatsapp-Panel");
    return { server, softphone };
}

test("the systray shows how many calls were missed, and opens on them", async () => {
    const { server } = await openPanel((server) => {
        server.missedCount = 3;
        server.add(makeCall(endedValues({ state: "missed" })));
    });
    await contains(".o-whatsapp-Recents-item");
    expect(server.requestsOf("softphone_missed_seen")).toHaveLength(1);
    await contains(".o-whatsapp-Systray-missed", { count: 0 });
});

test("the systray is green and shakes while a call rings", async () => {
    const { server } = await openPanel();
    server.ring(makeCall());
    await contains(".o-whatsapp-Systray.o-ringing");
});

test("the panel closes with Escape", async () => {
    await openPanel();
    await press("Escape");
    await contains(".o-whatsapp-Panel", { count: 0 });
});

test("a number is typed with the keys, and the country shown", async () => {
    await openPanel();
    await click(".o-whatsapp-Keypad-plus");
    for (const key of "436") {
        await click(`.o-whatsapp-DialPad-key[data-key='${key}']`);
    }
    await contains(".o-whatsapp-Keypad-input:value('+436')");
    await contains(".o-whatsapp-Keypad-hint", { text: "Austria" });
    await contains(".o-whatsapp-Keypad-flag");
    await contains(".o-whatsapp-Keypad-call:disabled");
});

test("the permission is shown before the number is dialled", async () => {
    const { server } = await openPanel();
    await insertText(".o-whatsapp-Keypad-input", "0043 660 1112201");
    await advanceTime(400);
    await contains(".o-whatsapp-PermissionHint", { text: "May be called" });
    expect(server.requestsOf("softphone_lookup")).toEqual([
        ["softphone_lookup", [{ phone: "+436601112201" }]],
    ]);
    await click(".o-whatsapp-Keypad-call");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0].phone).toBe("+436601112201");
});

test("without permission the keypad offers to ask for it", async () => {
    await openPanel((server) => {
        server.lookupResult = {
            allowed: false,
            reason: "Not agreed to calls.",
            next_step: "request_permission",
            permission: { state: "none", allowed: false, label: "Not asked" },
        };
    });
    await insertText(".o-whatsapp-Keypad-input", "+436601112201");
    await advanceTime(400);
    await click(".o-whatsapp-PermissionHint button", { text: "Ask for permission" });
    await contains(".o-whatsapp-PermissionDialog");
});

test("Enter dials what stands in the field, not what stood there before", async () => {
    const { server } = await openPanel();
    await insertText(".o-whatsapp-Keypad-input", "+436601112201");
    await advanceTime(400);
    await insertText(".o-whatsapp-Keypad-input", "+34612345601", { replace: true });
    await press("Enter");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0].phone).toBe("+34612345601");
});

test("letters find people, and one click calls them", async () => {
    const { server } = await openPanel((server) => {
        server.contacts = [
            { partner_id: 3, name: "Jonas Weber", phone: "+49 1512 3456701" },
            { partner_id: 4, name: "Amelia Clarke", phone: "+44 7400 123401" },
        ];
    });
    await insertText(".o-whatsapp-Keypad-input", "jon");
    await advanceTime(400);
    await contains(".o-whatsapp-ContactList-item", { count: 1, text: "Jonas Weber" });
    await click(".o-whatsapp-ContactList-call");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0]).toEqual({
        phone: "+49 1512 3456701",
        partner_id: 3,
        number_id: 1,
    });
});

test("recent calls are grouped by day, missed ones marked, and called back with one click", async () => {
    const day = 24 * 3600 * 1000;
    const { server } = await openPanel((server) => {
        server.add(makeCall({ ...endedValues({ state: "missed" }), contact_id: 9 }));
        server.add(makeCall({ ...endedValues({ duration: 61 }), created: Date.now() - day }));
    });
    await click(".o-whatsapp-Panel-tabs button[data-tab='recents']");
    await contains(".o-whatsapp-Recents-day", { count: 2 });
    await contains(".o-whatsapp-Recents-day", { text: "Today" });
    await contains(".o-whatsapp-Recents-day", { text: "Yesterday" });
    await contains(".o-whatsapp-Recents-item:first div.text-danger");
    await contains(".o-whatsapp-Recents-item:contains('01:01')");
    await click(".o-whatsapp-Recents-item:first .o-whatsapp-Recents-call");
    await contains(".o-whatsapp-OnCall");
    expect(server.requestsOf("softphone_dial")[0][1][0].contact_id).toBe(9);
});

/** The server fails until `mend` is called. */
function failing(server, method) {
    server.answers[method] = () => {
        throw makeServerError({ message: "Down" });
    };
    return () => delete server.answers[method];
}

test("recent calls that could not be read are read again with one click", async () => {
    const { server } = await openPanel((server) => server.add(makeCall(endedValues())));
    const mend = failing(server, "softphone_history");
    await click(".o-whatsapp-Panel-tabs button[data-tab='recents']");
    await contains(".o-whatsapp-Recents .o-whatsapp-Retry", { text: "Could not be read. Try again" });
    await contains(".o-whatsapp-Recents .fa-spin", { count: 0 });
    mend();
    await click(".o-whatsapp-Retry button");
    await contains(".o-whatsapp-Recents-item");
    await contains(".o-whatsapp-Retry", { count: 0 });
});

test("people who could not be looked for are looked for again with one click", async () => {
    const { server } = await openPanel((server) => {
        server.contacts = [{ partner_id: 3, name: "Jonas Weber", phone: "+49 1512 3456701" }];
    });
    const mend = failing(server, "softphone_contacts");
    await insertText(".o-whatsapp-Keypad-input", "jon");
    await advanceTime(400);
    await contains(".o-whatsapp-ContactList .o-whatsapp-Retry");
    await contains(".o-whatsapp-ContactList .fa-spin", { count: 0 });
    mend();
    await click(".o-whatsapp-Retry button");
    await contains(".o-whatsapp-ContactList-item", { text: "Jonas Weber" });
});

test("a permission that could not be read is read again with one click", async () => {
    const { server } = await openPanel();
    const mend = failing(server, "softphone_lookup");
    await insertText(".o-whatsapp-Keypad-input", "+436601112201");
    await advanceTime(400);
    await contains(".o-whatsapp-Keypad-hint .o-whatsapp-Retry");
    mend();
    await click(".o-whatsapp-Retry button");
    await contains(".o-whatsapp-Keypad-hint", { text: "Eva Gruber" });
});

test("with several numbers the operator chooses the one to call from, for good", async () => {
    const { server, softphone } = await openPanel((server) => {
        server.start.numbers = [
            { id: 1, label: "Support", display: "+43 1", company_id: 1 },
            { id: 2, label: "Sales", display: "+43 2", company_id: 1 },
        ];
    });
    await click(".o-whatsapp-Panel-number");
    softphone.chooseNumber(2);
    await softphone.lookup({ phone: "+436601112201" });
    expect(server.requestsOf("softphone_lookup").at(-1)[1]).toEqual([
        { number_id: 2, phone: "+436601112201" },
    ]);
});

test("an ended call leaves its notes and goes with Done", async () => {
    const { server, softphone } = await openPanel();
    await softphone.dial({ phone: "+436601112201" });
    server.update(server.dialed, endedValues({ state: "unanswered" }));
    await contains(".o-whatsapp-EndedCall .o-whatsapp-CallNotes");
    await click(".o-whatsapp-EndedCall-close");
    await contains(".o-whatsapp-Keypad");
});
