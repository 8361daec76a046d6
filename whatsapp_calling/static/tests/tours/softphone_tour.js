import { registry } from "@web/core/registry";

/** A page opened while a call rings shows it; declining asks before it ends the call for all. */
registry.category("web_tour.tours").add("whatsapp_calling_ringing_call", {
    steps: () => [
        {
            content: "the call that rang before the page was opened is there",
            trigger: ".o-whatsapp-IncomingCall-name:contains(Eva Berger)",
        },
        {
            trigger: ".o-whatsapp-Systray.o-ringing",
        },
        {
            content: "decline shows what it does first",
            trigger: ".o-whatsapp-IncomingCall-reject",
            run: "click",
        },
        {
            trigger: ".o-whatsapp-IncomingCall-decline:contains(for everyone)",
        },
        {
            trigger: ".o-whatsapp-IncomingCall-declineOnly",
            run: "click",
        },
        {
            trigger: "body:not(:has(.o-whatsapp-IncomingCall))",
        },
    ],
});

/** From a contact's form: the permission is missing, so it is asked for. */
registry.category("web_tour.tours").add("whatsapp_calling_ask_permission", {
    steps: () => [
        {
            content: "a phone field has its button",
            trigger: ".o_field_phone .o-whatsapp-CallButton",
        },
        {
            content: "the chatter has one too",
            trigger: ".o-whatsapp-ChatterButton",
            run: "click",
        },
        {
            trigger: ".o-whatsapp-PermissionDialog textarea",
            run: "edit May we call you about your order?",
        },
        {
            trigger: ".modal-footer .btn-primary:contains(Ask for permission)",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(permission)",
        },
        {
            content: "the phone opens on its keypad and finds people by name",
            trigger: ".o-whatsapp-Systray-button",
            run: "click",
        },
        {
            trigger: ".o-whatsapp-Keypad-input",
            run: "edit Eva Berg",
        },
        {
            trigger: ".o-whatsapp-ContactList-item:contains(Eva Berger)",
        },
    ],
});
