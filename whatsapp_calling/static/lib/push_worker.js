/* Part of Odoo's service worker: a click on the push of a call goes to an open Odoo, or opens one. */
self.addEventListener("notificationclick", (event) => {
    const { model, res_id } = event.notification.data || {};
    if (model !== "whatsapp.call") {
        return;
    }
    // ours alone: Odoo's own listener would open another window beside the one that is there
    event.stopImmediatePropagation();
    event.notification.close();
    event.waitUntil(
        self.clients
            .matchAll({ type: "window", includeUncontrolled: true })
            .then(([client]) =>
                client ? client.focus() : self.clients.openWindow(`/odoo/${model}/${res_id}`)
            )
    );
});
