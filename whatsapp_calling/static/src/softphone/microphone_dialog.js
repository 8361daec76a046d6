import { Component } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { isBrowserFirefox, isBrowserSafari } from "@web/core/browser/feature_detection";
import { _t } from "@web/core/l10n/translation";

/**
 * What to do about a microphone that the browser does not give.
 *
 * @param {import("@whatsapp_calling/core/microphone").MicrophoneProblem} problem
 */
export function microphoneRemedy(problem) {
    switch (problem) {
        case "missing":
            return _t("Plug in a headset or microphone, then try again.");
        case "busy":
            return _t("Close the other program that uses the microphone, then try again.");
        case "insecure":
            return _t(
                "Browsers give the microphone only to secure pages. Ask your administrator to serve Odoo over HTTPS."
            );
    }
    if (isBrowserFirefox()) {
        return _t(
            "Click the crossed-out microphone in the address bar, remove the block, then try again."
        );
    }
    if (isBrowserSafari()) {
        return _t("Open Safari > Settings for this website, set Microphone to Allow, then try again.");
    }
    return _t(
        "Click the icon at the left of the address bar, set Microphone to Allow, then try again."
    );
}

/** The browser gave no microphone: says so, says how to mend it, and that nothing was sent. */
export class MicrophoneDialog extends Component {
    static components = { Dialog };
    static props = {
        close: Function,
        direction: { type: String, validate: (value) => ["inbound", "outbound"].includes(value) },
        problem: {
            type: String,
            validate: (value) => ["blocked", "missing", "busy", "insecure"].includes(value),
        },
        retry: Function,
    };
    static template = "whatsapp_calling.MicrophoneDialog";

    get title() {
        switch (this.props.problem) {
            case "missing":
                return _t("No microphone found — the caller will not hear you");
            case "busy":
                return _t("The microphone is in use — the caller will not hear you");
            default:
                return _t("Microphone access blocked — the caller will not hear you");
        }
    }

    get consequence() {
        if (this.props.direction === "inbound") {
            return _t("The call was not accepted. It keeps ringing, for your teammates too.");
        }
        return _t("The call was not placed.");
    }

    get remedy() {
        return microphoneRemedy(this.props.problem);
    }

    retry() {
        this.props.close();
        this.props.retry();
    }
}
