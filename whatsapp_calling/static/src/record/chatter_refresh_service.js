import { registry } from "@web/core/registry";

/**
 * An open chatter is not told of new messages of its record: when the card of a call was posted,
 * the chatters that show the record fetch it.
 */
export const chatterRefreshService = {
    dependencies: ["bus_service", "mail.store"],
    start(env, { bus_service, "mail.store": store }) {
        bus_service.subscribe("whatsapp_calling/posted", ({ model, res_id }) => {
            store.Thread.get({ model, id: res_id })?.fetchNewMessages();
        });
    },
};

registry.category("services").add("whatsapp_calling.chatter_refresh", chatterRefreshService);
