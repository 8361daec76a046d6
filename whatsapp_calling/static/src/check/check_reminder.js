import { browser } from "@web/core/browser/browser";
import { user } from "@web/core/user";

const { DateTime } = luxon;

/** The check is offered once a day, per user and browser, until it was opened or put off. */
export class CheckReminder {
    due = false;

    setup() {
        this.key = `whatsapp_calling.checked.${user.userId}`;
        this.due = browser.localStorage.getItem(this.key) !== DateTime.now().toISODate();
    }

    done() {
        this.due = false;
        browser.localStorage.setItem(this.key, DateTime.now().toISODate());
    }
}
