import { describe, expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryFirst } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { localization } from "@web/core/l10n/localization";
import { WebClient } from "@web/webclient/webclient";

import { defineWhatsappCallingModels } from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const USER = `
    <h1>For operators</h1>
    <section id="receive"><h2>Receive a call</h2><p>It rings on any page.</p></section>
    <section id="devices"><h2>Devices</h2><p>The microphone and the señal.</p>
        <button data-action="whatsapp_calling.whatsapp_call_action">Calls</button>
        <button data-page="flows" data-section="inbound">Flow</button>
    </section>`;
const FLOWS = `
    <h1>How a call works</h1>
    <section id="inbound"><h2>A customer calls</h2>
        <div class="o-whatsapp-Flow">
            <ul><li data-lane="customer">Customer</li><li data-lane="odoo">Odoo</li></ul>
            <ol>
                <li data-from="customer" data-to="odoo">calls</li>
                <li data-from="odoo">decides who rings</li>
            </ol>
        </div>
    </section>`;

async function openGuide(params = {}) {
    onRpc("whatsapp.calling.guide", "pages", () => [
        { id: "user", html: USER },
        { id: "flows", html: FLOWS },
    ]);
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "whatsapp_calling.guide",
        params,
    });
    await animationFrame();
}

test("the guide opens on its first page, or on the one that was asked for", async () => {
    await openGuide();
    expect(".o-whatsapp-Guide-page h1").toHaveText("For operators");
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "whatsapp_calling.guide",
        params: { page: "flows" },
    });
    await animationFrame();
    expect(".o-whatsapp-Guide-page h1").toHaveText("How a call works");
    expect("[data-page=flows].active").toHaveAttribute("aria-current", "page");
});

test("a search finds sections by all words, without regard to case and accents", async () => {
    await openGuide();
    await press("/");
    expect(".o-whatsapp-Guide-search").toBeFocused();
    await contains(".o-whatsapp-Guide-search").edit("SENAL microphone", { confirm: false });
    expect(queryAllTexts(".o-whatsapp-Guide-found .fw-bold")).toEqual(["Devices"]);
    await contains(".o-whatsapp-Guide-search").edit("gatekeeper", { confirm: false });
    expect("[role=status]").toHaveText("Nothing in the guide has all these words.");
});

test("Enter opens the first section found, Escape ends the search", async () => {
    await openGuide();
    await contains(".o-whatsapp-Guide-search").edit("customer", { confirm: false });
    await press("Enter");
    await animationFrame();
    expect(".o-whatsapp-Guide-page h1").toHaveText("How a call works");
    expect(".o-whatsapp-Guide-search").toHaveValue("");
    await contains(".o-whatsapp-Guide-search").edit("rings", { confirm: false });
    await press("Escape");
    await animationFrame();
    expect(".o-whatsapp-Guide-found").toHaveCount(0);
});

test("a button of a page opens its screen, or another page", async () => {
    await openGuide();
    patchWithCleanup(getService("action"), {
        doAction: (action) => expect.step(action),
    });
    await contains("button[data-action]").click();
    expect.verifySteps(["whatsapp_calling.whatsapp_call_action"]);
    await contains(".o-whatsapp-Guide-page button[data-page]").click();
    expect(".o-whatsapp-Guide-page h1").toHaveText("How a call works");
});

test("a flow is drawn, and told as a list with who does what", async () => {
    await openGuide({ page: "flows", section: "inbound" });
    const drawing = queryFirst(".o-whatsapp-Flow svg");
    const texts = [...drawing.querySelectorAll("foreignObject")].map((el) => el.textContent);
    expect(texts).toEqual(["Customer", "Odoo", "calls", "decides who rings"]);
    expect(drawing).toHaveAttribute("aria-hidden", "true");
    const listed = [...document.querySelectorAll(".o-whatsapp-Flow ol li")];
    expect(listed.map((el) => el.textContent)).toEqual([
        "Customer → Odoo: calls",
        "Odoo: decides who rings",
    ]);
});

test("a flow runs from right to left where people read so", async () => {
    await openGuide();
    // after the start, which sets it from the user's language
    patchWithCleanup(localization, { direction: "rtl" });
    await contains(".o-whatsapp-Guide-nav [data-page=flows]").click();
    const [customer, odoo] = document.querySelectorAll(".o-whatsapp-Flow-svg rect");
    expect(Number(customer.getAttribute("x"))).toBeGreaterThan(Number(odoo.getAttribute("x")));
    expect(".o-whatsapp-Flow ol li:first").toHaveText("Customer ← Odoo: calls");
});
