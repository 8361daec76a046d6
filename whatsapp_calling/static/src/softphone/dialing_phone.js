import { PermissionDialog } from "@whatsapp_calling/softphone/permission_dialog";
import { RingingPhone } from "@whatsapp_calling/softphone/ringing_phone";
import { MicrophoneDialog } from "@whatsapp_calling/softphone/microphone_dialog";
import { TabSync } from "@whatsapp_calling/softphone/tab_sync";

import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";

const NUMBER_KEY = "whatsapp_calling.number";

/** Calling somebody: whether they may be called, from which number, and what a refusal means. */
export class DialingPhone extends RingingPhone {
    /** the business number the user chose to dial from; false: as the server sees fit */
    numberId = false;
    /** what is offered in each of the user's tabs, by its text: how to take it away here */
    offers = new Map();
    /** this user's other tabs in this browser */
    tabs = new TabSync();

    setup(services) {
        super.setup(services);
        this.action = services.action;
        this.dialog = services.dialog;
    }

    onNumbers() {
        super.onNumbers();
        const chosen = Number(browser.localStorage.getItem(NUMBER_KEY));
        this.numberId = this.numbers.some(({ id }) => id === chosen) ? chosen : false;
    }

    /** @returns {Promise<Object>} who that is and whether they may be called */
    lookup(target) {
        return this.silentRpc("softphone_lookup", [this.withNumber(target)]);
    }

    withNumber(target) {
        return this.numberId ? { number_id: this.numberId, ...target } : { ...target };
    }

    chooseNumber(id) {
        this.numberId = id;
        if (id) {
            browser.localStorage.setItem(NUMBER_KEY, id);
        } else {
            browser.localStorage.removeItem(NUMBER_KEY);
        }
        this.permissionVersion++;
    }

    /**
     * One click on any call button: calls, or says why not and what to do about it.
     *
     * @param {Object} target {phone?, res_model?, res_id?, contact_id?, partner_id?, number_id?}
     * @param {Object} [options]
     * @param {boolean} [options.confirmed] the user has said yes to the server's question
     */
    async dial(target, { confirmed = false } = {}) {
        if (this.busyHere || this.dialing || this.accepting) {
            this.openPanel();
            this.notify(_t("You are already in a call."), "warning");
            return;
        }
        this.dialing = true;
        try {
            await Promise.resolve(this.hangingUp).catch(() => {});
            const info = await this.rpc("softphone_lookup", [this.withNumber(target)]);
            if (this.busyHere || this.accepting) {
                // a ringing call was accepted meanwhile: who calls goes first
                return;
            }
            if (!info.allowed) {
                this.explainRefusal(target, info);
                return;
            }
            if (info.confirm && !confirmed) {
                this.confirmDial(target, info.confirm);
                return;
            }
            const live = this.startLive({
                direction: "outbound",
                target: { ...target, number_id: info.number_id },
                confirmed,
                name: info.name || info.phone,
                phone: info.phone,
            });
            await live?.dial();
        } finally {
            this.dialing = false;
        }
    }

    /** WhatsApp takes the permission back from who calls too often in vain: is this call worth it? */
    confirmDial(target, question) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Call once more?"),
            body: question,
            confirmLabel: _t("Call"),
            confirm: () => {
                this.dial(target, { confirmed: true });
            },
            cancel: () => {},
        });
    }

    /** Before dialling, by the permission; the microphone was not even asked for. */
    explainRefusal(target, info) {
        if (info.next_step === "request_permission") {
            this.dialog.add(PermissionDialog, { softphone: this, target, info });
        } else {
            this.notify(info.reason, "warning");
        }
    }

    /** Opens "Why is there no call button?", for managers: each condition and how to meet it. */
    diagnose(target = {}) {
        return this.action.doAction("whatsapp_calling.whatsapp_call_diagnosis_action", {
            additionalContext: {
                default_phone: target.phone,
                default_res_model: target.res_model,
                default_res_id: target.res_id,
            },
        });
    }

    /** After dialling, by the server. */
    onDialRefused(target, result) {
        if (result.next_step === "request_permission") {
            const info = { ...result, name: this.ended?.name, reason: result.message };
            this.ended = null;
            this.dialog.add(PermissionDialog, { softphone: this, target, info });
        } else if (result.next_step === "confirm") {
            this.ended = null;
            this.confirmDial(target, result.message);
        }
    }

    onMicrophoneRefused(problem, live) {
        this.ended = null;
        this.dialog.add(MicrophoneDialog, {
            problem,
            direction: live.direction,
            retry: () => {
                if (live.retry) {
                    return live.retry();
                }
                return live.callId ? this.accept(live.callId) : this.dial(live.target);
            },
        });
    }

    /** @returns {Promise<Object>} what one should know before asking; see softphone_ask_view */
    askView(target) {
        return this.rpc("softphone_ask_view", [this.withNumber(target)]);
    }

    /** @param {Object} [options] {template_id?, call_when_allowed?} */
    async requestPermission(target, text = false, options = {}) {
        const result = await this.rpc("softphone_request_permission", [
            this.withNumber(target),
            text,
            options,
        ]);
        this.permissionVersion++;
        this.notify(result.message, result.ok ? "success" : "warning");
        return result.ok;
    }

    /** Opens the dialog for a permission request or a call button. */
    async compose(target, kind = "permission") {
        const action = await this.orm.call("whatsapp.calling.send", "open_for", [[target], kind]);
        return this.action.doAction(action, { onClose: () => this.permissionVersion++ });
    }

    makeTemplate() {
        return this.action.doAction("whatsapp_calling.whatsapp_calling_template_action");
    }

    /** A customer agreed, and the user wanted to call then: one click, no call by itself. */
    offerCall(name, target) {
        this.offer(
            _t("%(name)s allows you to call now.", { name }),
            { type: "success", label: _t("Call") },
            () => this.dial(target)
        );
    }

    /** Nobody answered an hour ago, and this user is to call back: a click dials, nothing else. */
    onCallBack({ name, target }) {
        this.offer(
            _t("It is time to call %(name)s back.", { name }),
            { type: "info", label: _t("Call") },
            () => this.dial(target)
        );
    }

    /** A message did not reach the customer; after 24 hours a template may. */
    onMessageRefused({ message, target }) {
        this.permissionVersion++;
        if (!target) {
            this.offer(message, { type: "danger" });
            return;
        }
        this.offer(message, { type: "danger", label: _t("Send a template") }, async () => {
            this.explainRefusal(target, await this.lookup(target));
        });
    }

    /** Stays until it is used or dismissed, in whichever tab: all were told. */
    offer(text, { type, label }, onClick) {
        this.withdrawOffer(text);
        const close = this.notification.add(text, {
            type,
            sticky: true,
            onClose: () => {
                if (this.offers.delete(text)) {
                    this.tabs.tell("withdrawOffer", text);
                }
            },
            buttons: label
                ? [
                      {
                          name: label,
                          primary: true,
                          onClick: () => {
                              close();
                              onClick();
                          },
                      },
                  ]
                : [],
        });
        this.offers.set(text, close);
    }

    withdrawOffer(text) {
        const close = this.offers.get(text);
        this.offers.delete(text);
        close?.();
    }

    redial() {
        const { target } = this.ended;
        this.ended = null;
        return this.dial(target);
    }
}
