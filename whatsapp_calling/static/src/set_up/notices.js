import { Component, onWillStart, onWillUpdateProps, useEffect, useState } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * Banners of what is wrong, each with the button that leads to its fix. Who may not read notices
 * gets none.
 */
export class Notices extends Component {
    static template = "whatsapp_calling.Notices";
    static props = {
        accountId: { type: [Number, Boolean], optional: true },
        numberId: { type: [Number, Boolean], optional: true },
        /** narrow places show titles and buttons only */
        compact: { type: Boolean, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.state = useState({ notices: [] });
        onWillStart(() => this.fetch(this.props));
        onWillUpdateProps((props) => {
            if (
                props.accountId !== this.props.accountId ||
                props.numberId !== this.props.numberId
            ) {
                return this.fetch(props);
            }
        });
        const again = () => this.fetch(this.props);
        useEffect(
            () => {
                this.bus.subscribe("whatsapp_calling/notices", again);
                return () => this.bus.unsubscribe("whatsapp_calling/notices", again);
            },
            () => []
        );
        useBus(this.bus, "BUS:RECONNECT", again);
    }

    async fetch({ accountId, numberId }) {
        this.state.notices = await this.orm.silent.call(
            "whatsapp.calling.notice",
            "fetch_banners",
            [accountId || false, numberId || false]
        );
    }

    async fix(notice) {
        const action = await this.orm.call("whatsapp.calling.notice", "action_fix", [
            [notice.id],
        ]);
        await this.action.doAction(action);
    }
}

/** <widget name="whatsapp_calling_notices"/> on the form of an account or a number. */
export class RecordNotices extends Component {
    static template = "whatsapp_calling.RecordNotices";
    static components = { Notices };
    static props = { ...standardWidgetProps };

    get scope() {
        const { resModel, resId } = this.props.record;
        return { [resModel === "whatsapp.calling.number" ? "numberId" : "accountId"]: resId };
    }
}

registry.category("view_widgets").add("whatsapp_calling_notices", { component: RecordNotices });
