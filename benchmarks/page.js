/*
 * What an operator's page notes for the benchmarks, in epoch milliseconds: when the
 * popup was drawn, Accept was clicked, the customer was first heard, an empty message
 * came over the bus.
 */
(() => {
    const ACCEPT = ".o-whatsapp-IncomingCall-accept";
    const LOUD = 0.01; // of full scale
    const POLL = 4; // ms
    const now = () => performance.timeOrigin + performance.now();
    const notes = (window.benchNotes = {});

    new MutationObserver(() => {
        if (!notes.popup && document.querySelector(ACCEPT)?.checkVisibility()) {
            notes.popup = -1; // seen, to be drawn with the next frame
            requestAnimationFrame(() => (notes.popup = now()));
        }
    }).observe(document, { childList: true, subtree: true });

    document.addEventListener(
        "click",
        (ev) => {
            if (ev.target.closest(ACCEPT)) {
                notes.click = performance.timeOrigin + ev.timeStamp;
            }
        },
        true
    );

    let context;
    const listen = (track) => {
        context ??= new AudioContext();
        const analyser = context.createAnalyser();
        analyser.fftSize = 256;
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        const timer = setInterval(() => {
            analyser.getFloatTimeDomainData(samples);
            if (samples.some((sample) => Math.abs(sample) > LOUD)) {
                notes.sound ||= now();
                clearInterval(timer);
            } else if (track.readyState === "ended") {
                clearInterval(timer);
            }
        }, POLL);
    };
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
        constructor(...args) {
            super(...args);
            this.addEventListener("track", (ev) => listen(ev.track));
        }
    };

    window.benchStart = () => {
        const { bus_service: bus } = window.odoo.__WOWL_DEBUG__.root.env.services;
        bus.subscribe("whatsapp_calling_reference/echo", () => (notes.echo = now()));
    };
    window.benchReset = () => {
        for (const name of Object.keys(notes)) {
            delete notes[name];
        }
    };
})();
