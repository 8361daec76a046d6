import { browser } from "@web/core/browser/browser";

/**
 * Whether calls could use the microphone, without asking for it.
 *
 * @returns {Promise<"granted"|"prompt"|"denied"|"missing"|"insecure"|"unknown">}
 */
export async function microphoneState() {
    const { mediaDevices, permissions } = browser.navigator;
    if (!mediaDevices) {
        return "insecure";
    }
    const devices = await mediaDevices.enumerateDevices();
    if (!devices.some((device) => device.kind === "audioinput")) {
        return "missing";
    }
    try {
        return (await permissions.query({ name: "microphone" })).state;
    } catch {
        // Firefox before 131 does not know the name
        return "unknown";
    }
}
