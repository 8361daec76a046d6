import { RecordingPlayer } from "@whatsapp_calling/player/recording_player";

import { Component, xml } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** The recording of a call on its form: <widget name="whatsapp_call_recording"/>. */
export class RecordingWidget extends Component {
    static template = xml`
        <RecordingPlayer t-if="props.record.resId" callId="props.record.resId" t-key="props.record.resId"/>
    `;
    static components = { RecordingPlayer };
    static props = { ...standardWidgetProps };
}

registry.category("view_widgets").add("whatsapp_call_recording", { component: RecordingWidget });
