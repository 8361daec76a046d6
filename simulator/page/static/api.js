/* The control API and its events. */

/** Answer of /control/<path>; throws an Error with what the simulator said. */
export async function control(method, path, body) {
    const response = await fetch(`/control/${path}`, {
        method,
        headers: body ? { "Content-Type": "application/json" } : {},
        body: body && JSON.stringify(body),
    });
    const data = await response.json().catch(() => ({}));
    if (!response.ok) {
        throw new Error(data.error || `The simulator answered ${response.status}.`);
    }
    return data;
}

/** Path of an action in a call: a wacid may hold "/", "+" and "=". */
export function callPath(call, action = "") {
    return `calls/${encodeURIComponent(call.id)}${action && "/" + action}`;
}

/**
 * Server-sent events; the browser connects again by itself.
 * @param {Function} onEvent gets each event
 * @param {Function} onState gets true when connected, false when not
 */
export function listen(onEvent, onState) {
    const source = new EventSource("/page/events");
    source.onopen = () => onState(true);
    source.onerror = () => {
        onState(false);
        if (source.readyState === EventSource.CLOSED) {
            setTimeout(() => listen(onEvent, onState), 1000);
        }
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
}
