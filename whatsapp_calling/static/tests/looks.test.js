import { contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame, Deferred } from "@odoo/hoot-mock";
import { Component, xml } from "@odoo/owl";
import {
    defineModels,
    fields,
    getService,
    makeServerError,
    models,
    mountView,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";

import { useLooks } from "@whatsapp_calling/core/looks";

import { ConnectionLostError } from "@web/core/network/rpc";

import {
    defineWhatsappCallingModels,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

class Line extends models.Model {
    calling_enabled = fields.Boolean();
    calling_pending = fields.Selection({ selection: [["on", "On"]] });
    settings_error = fields.Text();
    _records = [{ id: 1, calling_enabled: false, calling_pending: "on" }];
}

describe.current.tags("desktop");
defineWhatsappCallingModels();
defineModels([Line]);

const REFUSED = "Not updated: Odoo refused the request. Reload the page.";
const UNREACHABLE = "Not updated: Odoo cannot be reached. It is tried again.";

/** Something that looks each second; `answer` may be changed. */
async function mountWatcher() {
    const looks = { count: 0, answer: async () => {} };
    class Watcher extends Component {
        static props = [];
        static template = xml`<p class="o-text" t-out="looks.text"/>`;
        setup() {
            this.looks = useLooks(() => {
                looks.count++;
                return looks.answer();
            }, 1000);
            looks.now = this.looks.now;
        }
    }
    await mountWithCleanup(Watcher);
    return looks;
}

test("one look at a time, and what changes meanwhile is looked at afterwards", async () => {
    const looks = await mountWatcher();
    const first = new Deferred();
    looks.answer = () => first;
    await advanceTime(5_500);
    expect(looks.count).toBe(1);
    const later = looks.now();
    looks.now();
    first.resolve();
    await later;
    expect(looks.count).toBe(2);
});

test("a lost connection is told without a dialog and tried again", async () => {
    const looks = await mountWatcher();
    looks.answer = async () => {
        throw new ConnectionLostError("/web");
    };
    await advanceTime(1_000);
    await animationFrame();
    await advanceTime(1_000);
    await animationFrame();
    expect(".o-text").toHaveText(UNREACHABLE);
    expect(looks.count).toBe(2);
    looks.answer = async () => {};
    await advanceTime(1_000);
    await animationFrame();
    expect(".o-text").toHaveText("");
});

test("the page of webhooks stays, says that it is old, and asks no more when refused", async () => {
    mockSoftphoneServer();
    mockSound();
    mockAudio();
    let asked = 0;
    onRpc("whatsapp.calling.health", "fetch_page", () => {
        if (asked++) {
            throw makeServerError({ message: "Session expired" });
        }
        return { accounts: [], strangers: [{ label: "Unknown", amount: 3 }], server_time: 0 };
    });
    await startSoftphone();
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "whatsapp_calling_health",
    });
    await contains(".o-whatsapp-Health", { text: "Unknown" });
    await advanceTime(35_000);
    await contains(".o-whatsapp-Health-outdated", { text: REFUSED });
    await contains(".o-whatsapp-Health", { text: "Unknown" });
    await contains(".o_dialog", { count: 0 });
    expect(asked).toBe(2);
});

test("a form that waits says quietly that its record cannot be read any more", async () => {
    await mountView({
        type: "form",
        resModel: "line",
        resId: 1,
        arch: `<form>
            <widget name="whatsapp_calling_live" while="calling_pending"/>
            <field name="calling_pending" invisible="1"/>
            <field name="calling_enabled" widget="whatsapp_calling_toggle"/>
        </form>`,
    });
    let asked = 0;
    onRpc("line", "web_read", () => {
        asked++;
        throw makeServerError({ message: "Record does not exist or has been deleted." });
    });
    await advanceTime(20_000);
    await contains(".o-whatsapp-LiveRecord", { text: REFUSED });
    await contains(`.o-whatsapp-CallingToggle-outdated[title='${REFUSED}']`);
    await contains(".o_dialog", { count: 0 });
    expect(asked).toBe(2);
});
