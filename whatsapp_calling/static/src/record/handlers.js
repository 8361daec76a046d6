import { formatDuration } from "@whatsapp_calling/softphone/call_labels";

import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** Who handled a call that was transferred, from when until when. */
export class Handlers extends Component {
    static props = { handlers: Array };
    static template = "whatsapp_calling.Handlers";

    get items() {
        return this.props.handlers.map(({ id, name, from, until }, index) => ({
            key: `${index}-${id}`,
            name,
            time: this.time(from, until),
        }));
    }

    time(from, until) {
        const at = from && DateTime.fromMillis(from).toLocaleString(DateTime.TIME_SIMPLE);
        if (!at) {
            return "";
        }
        return until
            ? _t("from %(time)s, for %(duration)s", {
                  time: at,
                  duration: formatDuration((until - from) / 1000),
              })
            : _t("since %(time)s", { time: at });
    }
}
