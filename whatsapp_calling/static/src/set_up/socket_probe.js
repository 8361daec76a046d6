import { browser } from "@web/core/browser/browser";
import { session } from "@web/session";

/** Milliseconds for a socket to open. */
const PATIENCE = 4000;

/**
 * Why no message comes through: whether /websocket opens at all, and who answers there.
 *
 * @returns {Promise<{opened: boolean, status: number, server: string}>} status 0: nobody answered
 */
export async function askForSocket() {
    return { opened: await opens(), ...(await whoAnswers()) };
}

function opens() {
    return new Promise((resolve) => {
        const { protocol, host } = browser.location;
        const version = session.websocket_worker_version || "";
        const socket = new WebSocket(
            `${protocol.replace("http", "ws")}//${host}/websocket?version=${version}`
        );
        const timer = browser.setTimeout(() => done(false), PATIENCE);
        const done = (opened) => {
            browser.clearTimeout(timer);
            socket.close();
            resolve(opened);
        };
        socket.onopen = () => done(true);
        socket.onerror = () => done(false);
        socket.onclose = () => done(false);
    });
}

/** A proxy that drops the upgrade answers an ordinary request with its own name. */
async function whoAnswers() {
    try {
        const answer = await browser.fetch("/websocket");
        return { status: answer.status, server: answer.headers.get("Server") || "" };
    } catch {
        return { status: 0, server: "" };
    }
}
