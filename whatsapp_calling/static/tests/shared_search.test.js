import { describe, expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    defineModels,
    editSearch,
    fields,
    mockService,
    models,
    mountView,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
    toggleMenuItem,
    toggleSearchBarMenu,
    validateSearch,
} from "@web/../tests/web_test_helpers";

import { getDefaultConfig } from "@web/views/view";

import { decode, encode, SharedSearchModel } from "@whatsapp_calling/call_views/shared_search";
import { Dashboard } from "@whatsapp_calling/dashboard/dashboard";
import { defineWhatsappCallingModels } from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

class Call extends models.Model {
    _name = "call";
    name = fields.Char();
    state = fields.Selection({
        selection: [
            ["missed", "Missed"],
            ["completed", "Completed"],
        ],
    });
    _records = [
        { id: 1, name: "Eva", state: "missed" },
        { id: 2, name: "Jonas", state: "completed" },
    ];
    _views = {
        list: `<list js_class="whatsapp_call_list"><field name="name"/></list>`,
        search: `
            <search>
                <field name="name"/>
                <filter name="missed" string="Missed" domain="[('state', '=', 'missed')]"/>
                <filter name="completed" string="Completed" domain="[('state', '=', 'completed')]"/>
                <filter name="group_state" string="Status" context="{'group_by': 'state'}"/>
            </search>`,
    };
}
defineModels([Call]);

/** A search model of a list that is open. */
async function openList(props = {}) {
    const told = [];
    await mountView({
        type: "list",
        resModel: "call",
        updateActionState: (state) => told.push(state.filters),
        ...props,
    });
    return told;
}

describe("shared search", () => {
    test("names of filters are written plainly, all else as JSON", () => {
        const search = { field: "name", value: "Eva", label: "Eva", operator: "ilike" };
        for (const [items, text] of [
            [["last_30_days", "missed"], "last_30_days,missed"],
            [[], "none"],
            [["missed", search], JSON.stringify(["missed", search])],
        ]) {
            expect(encode(items)).toBe(text);
            expect(decode(text)).toEqual(items);
        }
    });

    test("an address that makes no sense says nothing", () => {
        for (const text of [undefined, "", "[{", "[nonsense]"]) {
            expect(decode(text)).toBe(null);
        }
        expect(decode("a,,b")).toEqual(["a", "b"]);
    });

    test("the address keeps in step with filters, groupings and words", async () => {
        const told = await openList({ context: { search_default_missed: 1 } });
        expect(told.at(-1)).toBe("missed");
        await toggleSearchBarMenu();
        await toggleMenuItem("Completed");
        expect(told.at(-1)).toBe("missed,completed");
        await toggleMenuItem("Status");
        expect(told.at(-1)).toBe("missed,completed,group_state");
        await contains(".o_facet_remove:first").click();
        expect(told.at(-1)).toBe("group_state");
        await contains(".o_facet_remove:first").click();
        expect(told.at(-1)).toBe("none");
        await editSearch("Eva");
        await validateSearch();
        expect(decode(told.at(-1))).toEqual([
            { field: "name", value: "Eva", label: "Eva", operator: "ilike" },
        ]);
    });

    test("items of an address become the facets they came from; unknown ones are left out", async () => {
        let model;
        patchWithCleanup(SharedSearchModel.prototype, {
            setup() {
                super.setup(...arguments);
                model = this;
            },
        });
        await openList();
        model.query = [];
        const items = [
            "missed",
            "gone",
            { field: "name", value: "Eva", label: "Eva", operator: "ilike" },
            { field: "gone", value: 1 },
            { group: "state" },
            { group: "gone" },
            { domain: "[('name', '!=', 'Berta')]", label: "No Berta" },
            { domain: "[('secret', '!=', 1)]", label: "Unknown field" },
            { domain: "not a domain", label: "Nonsense" },
        ];
        items.forEach((item) => model.activateShared(item));
        expect(model.facets.map(({ values }) => values.join())).toEqual([
            "Missed",
            "Eva",
            "State",
            "No Berta",
        ]);
        const shared = model.sharedItems;
        expect(shared).toEqual([
            "missed",
            { field: "name", value: "Eva", label: "Eva", operator: "ilike" },
            { group: "state" },
            { domain: `[("name", "!=", "Berta")]`, label: "No Berta" },
        ]);
    });
});

describe("dashboard", () => {
    const rate = (part, whole, filters) => ({
        part,
        whole,
        percent: whole ? Math.round((100 * part) / whole) : false,
        filters,
    });
    const figures = (values = {}) => ({
        scope: "own",
        period: "24h",
        empty: false,
        cards: [
            { key: "total", value: 5, filters: ["last_24_hours", "mine"] },
            { key: "live", value: 0, filters: [] },
            { key: "missed", value: 2, filters: ["last_24_hours", "mine", "missed"] },
        ],
        rates: { pickup: rate(3, 4, ["over"]), reached: rate(0, 0, ["over"]) },
        wait: 75,
        minutes: 12,
        minutes_filters: ["last_24_hours", "answered"],
        filters: ["last_24_hours", "mine"],
        hours: [{ id: 9, total: 2, inbound: 1, outbound: 1 }],
        numbers: [],
        agents: [{ id: 7, name: "Anna", total: 4, answered: 2, missed: 1, minutes: 3 }],
        refused: 1,
        health: false,
        ...values,
    });

    async function open(values) {
        const opened = [];
        onRpc("whatsapp.call", "dashboard", ({ args }) =>
            figures({ period: args[0], ...values })
        );
        onRpc("whatsapp.calling.notice", "fetch_banners", () => []);
        mockService("action", {
            loadAction: async (name) => ({ name, context: { search_default_x: 1 } }),
            doAction: (action) => opened.push([action.name, action.context]),
        });
        await mountWithCleanup(Dashboard, {
            componentEnv: { config: getDefaultConfig() },
            props: { action: {}, actionId: 1, className: "" },
        });
        return opened;
    }

    test("each card opens the calls it counts, and no default filter with them", async () => {
        const opened = await open();
        await contains("[data-card=missed]").click();
        await animationFrame();
        await contains("[data-row=agent7]").click();
        await animationFrame();
        expect(opened).toEqual([
            [
                "whatsapp_calling.whatsapp_call_action",
                {
                    search_default_last_24_hours: 1,
                    search_default_mine: 1,
                    search_default_missed: 1,
                },
            ],
            [
                "whatsapp_calling.whatsapp_call_action",
                {
                    search_default_last_24_hours: 1,
                    search_default_mine: 1,
                    search_default_handler_id: 7,
                },
            ],
        ]);
    });

    test("rates, times and what there is nothing of are written for people", async () => {
        await open();
        const value = (name) => `[data-card=${name}] .o-whatsapp-DashboardCard-value`;
        expect(value("pickup")).toHaveText("75 %");
        expect(value("reached")).toHaveText("–");
        expect(value("wait")).toHaveText("1:15");
        expect("[data-card=live]").toHaveCount(0);
        expect("[data-card=health]").toHaveCount(0);
    });

    test("a chosen period is asked for and remembered", async () => {
        await open();
        await contains("button[data-period='30d']").click();
        expect(".o-whatsapp-Dashboard").toHaveAttribute("data-period", "30d");
        expect("button[data-period='30d']").toHaveAttribute("aria-pressed", "true");
        expect(localStorage.getItem("whatsapp_calling.dashboard.period")).toBe("30d");
    });

    test("without any call it says how the first one comes", async () => {
        await open({ empty: true });
        expect(".o-whatsapp-Dashboard-empty h2").toHaveText("No calls yet");
        expect(".o-whatsapp-DashboardCard").toHaveCount(0);
    });
});
