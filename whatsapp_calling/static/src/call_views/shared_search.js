import { Domain } from "@web/core/domain";
import { router, routerBus } from "@web/core/browser/router";
import { useBus } from "@web/core/utils/hooks";
import { SearchModel } from "@web/search/search_model";

/**
 * Filters in the address of a list of calls, so that it can be shared.
 *
 * Odoo's addresses name an action and forget what was searched. Here the query string
 * keeps it: `?filters=last_30_days,missed` names filters and groupings of the search
 * view; what has no name there is written as JSON. Relative periods and "my calls"
 * mean those of whoever opens the address, with that person's rights.
 */

export const KEY = "filters";
// an address from which somebody has removed every filter
const NOTHING = "none";

/**
 * @typedef {string | {name: string, options: string[]} | {field: string, value: any,
 *  label: string, operator: string} | {group: string, interval?: string} |
 *  {domain: string, label: string}} SharedItem
 */

/**
 * @param {SharedItem[]} items
 * @returns {string} value of the address's key
 */
export function encode(items) {
    if (!items.length) {
        return NOTHING;
    }
    const plain = items.every((item) => typeof item === "string");
    return plain ? items.join(",") : JSON.stringify(items);
}

/**
 * @param {any} text from an address: anybody may have written it
 * @returns {SharedItem[] | null} null when it says nothing
 */
export function decode(text) {
    const value = String(text ?? "");
    if (!value) {
        return null;
    }
    if (value === NOTHING) {
        return [];
    }
    if (!value.startsWith("[")) {
        return value.split(",").filter(Boolean);
    }
    try {
        return JSON.parse(value).filter(Boolean);
    } catch {
        return null;
    }
}

// What the page was opened with: only the view that it leads to takes it up, and once.
let pending = null;
function look() {
    const { action, model, [KEY]: text } = router.current;
    pending = text === undefined ? null : { target: action ?? model, text };
}
look();
routerBus.addEventListener("ROUTE_CHANGE", look);

function takePending() {
    const { action, model } = router.current;
    const found = pending && pending.target === (action ?? model) ? pending.text : null;
    pending = null;
    return found;
}

export class SharedSearchModel extends SearchModel {
    async load(config) {
        await super.load(config);
        const items = config.state ? null : decode(takePending());
        if (items) {
            this.blockNotification = true;
            this.query = [];
            for (const item of items) {
                this.activateShared(item);
            }
            this.blockNotification = false;
            this._reset();
        }
    }

    /** @param {SharedItem} item one that the search view does not know is left out */
    activateShared(item) {
        if (typeof item === "string") {
            this.activateNamed(item);
        } else if (item.name) {
            this.activateNamed(item.name, item.options);
        } else if (item.field) {
            const found = this.findItem((each) => each.fieldName === item.field, "field");
            if (found) {
                const { value, label, operator } = item;
                this.addAutoCompletionValues(found.id, {
                    value,
                    label: String(label ?? value),
                    operator: operator || "ilike",
                });
            }
        } else if (item.group in this.searchViewFields) {
            this.createNewGroupBy(item.group, { interval: item.interval });
        } else if (item.domain && this.knowsFieldsOf(item.domain)) {
            const { domain, label } = item;
            this.createNewFilters([
                { description: String(label || domain), domain, invisible: "True" },
            ]);
        }
    }

    activateNamed(name, options) {
        const item = this.findItem((each) => each.name === name);
        if (item?.type === "dateFilter") {
            const chosen = options || item.defaultGeneratorIds;
            this.query.push(
                ...chosen.map((generatorId) => ({ searchItemId: item.id, generatorId }))
            );
        } else if (item?.type === "dateGroupBy") {
            for (const interval of options || [item.defaultIntervalId]) {
                this.toggleDateGroupBy(item.id, interval);
            }
        } else if (item && item.type !== "field") {
            this.toggleSearchItem(item.id);
        }
    }

    findItem(predicate, type) {
        return Object.values(this.searchItems).find(
            (item) => (!type || item.type === type) && predicate(item)
        );
    }

    knowsFieldsOf(domain) {
        try {
            return new Domain(domain)
                .toList(this.domainEvalContext)
                .filter(Array.isArray)
                .every(([path]) => String(path).split(".")[0] in this.searchViewFields);
        } catch {
            return false;
        }
    }

    /** @returns {SharedItem[]} what is searched and grouped by now */
    get sharedItems() {
        const shared = new Map();
        for (const element of this.query) {
            const item = this.searchItems[element.searchItemId];
            for (const [key, value] of this.shareElement(item, element)) {
                const known = shared.get(key);
                if (known?.options) {
                    known.options.push(...value.options);
                } else {
                    shared.set(key, value);
                }
            }
        }
        return [...shared.values()];
    }

    shareElement(item, { autocompleteValue, generatorId, intervalId }) {
        const { id, name, fieldName: field } = item;
        if (autocompleteValue) {
            const { value, label, operator } = autocompleteValue;
            return [[`${id} ${value}`, { field, value, label, operator }]];
        }
        if (generatorId) {
            return [[name, { name, options: [generatorId] }]];
        }
        if (intervalId) {
            return name
                ? [[name, { name, options: [intervalId] }]]
                : [[`${id} ${intervalId}`, { group: field, interval: intervalId }]];
        }
        if (item.type === "groupBy") {
            return [[id, name || { group: field }]];
        }
        if (item.type === "filter" && name) {
            return [[id, name]];
        }
        const label = item.description;
        const domain = new Domain(item.domain || "[]").toString();
        const groups = (item.groupBys || []).map((groupBy, index) => {
            const [group, interval] = groupBy.split(":");
            return [`${id} ${index}`, { group, interval }];
        });
        return [[id, { domain, label }], ...groups];
    }
}

/**
 * Keep the address of a view in step with what it shows.
 *
 * @param {Object} env of the controller, with its search model
 * @param {Object} props of the controller
 */
export function useSharedSearch({ env, props }) {
    const tell = () =>
        props.updateActionState?.({ [KEY]: encode(env.searchModel.sharedItems) });
    tell();
    useBus(env.searchModel, "update", tell);
}

/**
 * @param {Object} view a description of the views registry
 * @returns {Object} the same view with its filters in the address
 */
export function shareable(view) {
    return {
        ...view,
        SearchModel: SharedSearchModel,
        Controller: class extends view.Controller {
            setup() {
                super.setup();
                useSharedSearch(this);
            }
        },
    };
}
