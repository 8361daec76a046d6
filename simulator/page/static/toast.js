/* A short line at the bottom: what went wrong, what was done. */

let timer = null;

export function toast(text) {
    const element = document.getElementById("toast");
    element.textContent = text;
    element.classList.add("shown");
    clearTimeout(timer);
    timer = setTimeout(() => element.classList.remove("shown"), 5000);
}

/** Run `action`; its failure becomes a toast. */
export async function attempt(action) {
    try {
        return await action();
    } catch (error) {
        toast(error.message);
        return null;
    }
}
