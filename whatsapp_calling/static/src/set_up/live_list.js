import { useLooks } from "@whatsapp_calling/core/looks";

import { useEffect } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { listView } from "@web/views/list/list_view";

/**
 * A list that is read again when the server says that records of its model changed
 * (`_tell_changed`): <list js_class="whatsapp_calling_live_list">. Rows that are ticked or being
 * typed in stay as they are.
 */
export class LiveListController extends listView.Controller {
    setup() {
        super.setup();
        const bus = useService("bus_service");
        const looks = useLooks(
            () => this.look(),
            0,
            () => [false]
        );
        const onChanged = ({ model }) => {
            if (model === this.props.resModel) {
                looks.now();
            }
        };
        useEffect(
            () => {
                bus.subscribe("whatsapp_calling/record", onChanged);
                return () => bus.unsubscribe("whatsapp_calling/record", onChanged);
            },
            () => []
        );
        useBus(bus, "BUS:RECONNECT", () => looks.now());
    }

    async look() {
        const { editedRecord, selection } = this.model.root;
        if (!editedRecord && !selection?.length) {
            await this.model.load();
        }
    }
}

registry.category("views").add("whatsapp_calling_live_list", {
    ...listView,
    Controller: LiveListController,
});
