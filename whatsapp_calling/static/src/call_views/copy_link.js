import { Component } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ACTIONS_GROUP_NUMBER } from "@web/search/action_menus/action_menus";
import { SharedSearchModel } from "./shared_search";

/** "Copy link to this view": its address, with filters and groupings in it. */
export class CopyLink extends Component {
    static template = "whatsapp_calling.CopyLink";
    static components = { DropdownItem };
    static props = {};

    setup() {
        this.notification = useService("notification");
    }

    async copy() {
        const address = new URL(browser.location.href);
        address.searchParams.delete("debug");
        try {
            await browser.navigator.clipboard.writeText(address.href);
            this.notification.add(
                _t("The link is copied. Who opens it sees the calls they may see."),
                { type: "success" }
            );
        } catch {
            // no secure page, or the browser says no: it can still be copied by hand
            this.notification.add(address.href, {
                title: _t("Copy this link"),
                type: "info",
                sticky: true,
            });
        }
    }
}

registry.category("cogMenu").add(
    "whatsapp_calling.copy_link",
    {
        Component: CopyLink,
        groupNumber: ACTIONS_GROUP_NUMBER,
        isDisplayed: (env) => env.searchModel instanceof SharedSearchModel,
    },
    { sequence: 1 }
);
