import { Component, useEffect, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

/**
 * Whether the call is recorded, in every tab: paused for card numbers, deleted when the customer does
 * not agree. What the sidecar has not confirmed is not shown as done.
 */
export class RecordingControls extends Component {
    static props = { call: Object, change: Function };
    static template = "whatsapp_calling.RecordingControls";

    setup() {
        super.setup();
        this.state = useState({ busy: false, asking: false });
        this.keep = useRef("keep");
        useEffect(
            (asking) => {
                if (asking) {
                    // the safe answer is the one that a key press gives
                    this.keep.el?.focus();
                }
            },
            () => [this.state.asking]
        );
        useEffect(
            () => {
                this.state.busy = false;
            },
            () => [this.recording.state]
        );
    }

    get recording() {
        return this.props.call.recording;
    }

    get isPaused() {
        return this.recording.state === "paused";
    }

    get mayPause() {
        return ["recording", "paused"].includes(this.recording.state);
    }

    get mayRefuse() {
        return ["planned", "recording", "paused", "failed"].includes(this.recording.state);
    }

    get text() {
        const { state, sound, problem } = this.recording;
        switch (state) {
            case "planned":
                return _t("Recorded after the announcement");
            case "recording":
                return sound ? _t("Recording") : _t("Being written down");
            case "paused":
                return _t("Recording paused");
            case "refused":
                return _t("Not recorded: the customer does not agree");
        }
        return _t("Not recorded: %(problem)s", { problem: problem || _t("the recorder failed") });
    }

    get pauseText() {
        return this.isPaused ? _t("Resume") : _t("Pause");
    }

    get pauseTitle() {
        return this.isPaused
            ? _t("Go on recording")
            : _t("Pause the recording, e.g. for a card number");
    }

    togglePause() {
        return this.ask(this.isPaused ? "resume" : "pause");
    }

    refuse() {
        this.state.asking = false;
        return this.ask("refuse");
    }

    /** @param {"pause"|"resume"|"refuse"} action */
    async ask(action) {
        this.state.busy = true;
        const done = await this.props.change(this.props.call.id, action);
        if (!done) {
            this.state.busy = false;
        }
    }
}
