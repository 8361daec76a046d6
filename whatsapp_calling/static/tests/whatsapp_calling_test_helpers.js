import { mailModels, start } from "@mail/../tests/mail_test_helpers";
import { after } from "@odoo/hoot";
import {
    MockServer,
    defineModels,
    getService,
    onRpc,
    patchWithCleanup,
    serverState,
} from "@web/../tests/web_test_helpers";

import { monitor } from "@whatsapp_calling/check/level_meter";
import { CallQuality } from "@whatsapp_calling/core/call_quality";
import { peerConnections } from "@whatsapp_calling/core/peer_connection";
import { ticker } from "@whatsapp_calling/core/ticker";
import { tones } from "@whatsapp_calling/core/tones";

import { browser } from "@web/core/browser/browser";

export function defineWhatsappCallingModels() {
    return defineModels(mailModels);
}

export const OFFER = "v=0 offer of WhatsApp";
export const ANSWER = "v=0 answer of WhatsApp";
export const OUR_OFFER = "v=0 our offer";
export const OUR_ANSWER = "v=0 our answer";

let nextId = 1;

/** A CallView, as the server makes them: by default an inbound call that rings for us. */
export function makeCall(values = {}) {
    return {
        id: nextId++,
        version: 1,
        direction: "inbound",
        state: "ringing",
        live: true,
        connecting: false,
        is_video: false,
        name: "Eva Gruber",
        phone: "+43 660 1112201",
        contact_id: 7,
        partner: false,
        number: { id: 1, label: "Support", display: "+43 720 880100" },
        company_id: 1,
        created: Date.now(),
        answered: false,
        ended: false,
        duration: 0,
        handler: false,
        handler_tab: false,
        mine: false,
        silenced: false,
        blocked: false,
        may_block: false,
        mine_to_answer: true,
        record: false,
        candidates: [],
        reason: "",
        error: false,
        notes: "",
        recording: false,
        sdp: OFFER,
        sdp_type: "offer",
        on_hold: false,
        held: false,
        transfer: false,
        side: false,
        monitors: [],
        handlers: [],
        digits: "",
        ...values,
    };
}

/** The changes that make a call ours and connected. */
export function connectedValues(values = {}) {
    return {
        state: "connected",
        connecting: false,
        mine: true,
        mine_to_answer: false,
        handler: { id: serverState.userId, name: "Mitchell Admin" },
        handler_tab: getService("whatsapp_calling.softphone").tabId,
        answered: Date.now(),
        ...values,
    };
}

export function endedValues(values = {}) {
    return { state: "completed", live: false, connecting: false, mine_to_answer: false, ...values };
}

/** The backend of the softphone: holds calls, answers requests and remembers them. */
export class FakeServer {
    /** @type {Object<number, Object>} */
    calls = {};
    /** what was asked: [method, args] */
    requests = [];
    start = {};
    contacts = [];
    missedCount = 0;
    wrapUpUntil = false;
    lookupResult = {};
    /** answers by method, a value or a function of the arguments */
    answers = {};

    add(call) {
        this.calls[call.id] = call;
        return call;
    }

    /** What the server's answer to a request was asked with, without polls and look-ups. */
    requestsOf(...methods) {
        return this.requests.filter(([method]) => methods.includes(method));
    }

    get sent() {
        return this.requestsOf(
            "softphone_accept",
            "softphone_dial",
            "softphone_decline",
            "softphone_hang_up"
        ).map(([method]) => method);
    }

    get current() {
        return Object.values(this.calls).filter(
            (call) => call.live && (call.state === "ringing" || call.mine)
        );
    }

    handle(method, args) {
        this.requests.push([method, args]);
        if (method in this.answers) {
            const answer = this.answers[method];
            return typeof answer === "function" ? answer(...args) : answer;
        }
        return this[method]?.(...args) ?? { ok: true, message: "" };
    }

    softphone_start() {
        return {
            enabled: true,
            shown: this.start.enabled ?? true,
            reason: "",
            explained: false,
            user_id: serverState.userId,
            numbers: [{ id: 1, label: "Support", display: "+43 720 880100", company_id: 1 }],
            ice_servers: [],
            ping_interval: 5,
            poll_interval: 5,
            quick_texts: ["We call you back."],
            ...this.softphone_poll(),
            ...this.start,
        };
    }

    softphone_poll() {
        return {
            calls: structuredClone(this.current),
            missed_count: this.missedCount,
            wrap_up_until: this.wrapUpUntil,
            server_time: Date.now(),
        };
    }

    softphone_calls(ids) {
        return structuredClone(ids.map((id) => this.calls[id]).filter(Boolean));
    }

    softphone_accept(id, tab) {
        const call = this.calls[id];
        Object.assign(call, {
            version: call.version + 1,
            connecting: true,
            mine: true,
            mine_to_answer: false,
            handler: { id: serverState.userId, name: "Mitchell Admin" },
            handler_tab: tab,
            sdp: false,
        });
        return { ok: true, call: structuredClone(call) };
    }

    softphone_dial(target, tab) {
        const call = this.add(
            makeCall({
                direction: "outbound",
                state: "dialing",
                name: this.lookupResult.name ?? "Eva Gruber",
                mine: true,
                mine_to_answer: false,
                handler: { id: serverState.userId, name: "Mitchell Admin" },
                handler_tab: tab,
                sdp: false,
                sdp_type: false,
            })
        );
        this.dialed = call;
        return { ok: true, call: structuredClone(call) };
    }

    softphone_lookup(target) {
        return {
            name: "Eva Gruber",
            phone: target.phone || "+436601112201",
            phone_raw: target.phone || "+436601112201",
            contact_id: 7,
            partner_id: false,
            record: false,
            numbers: [],
            number_id: 1,
            allowed: true,
            reason: "",
            next_step: false,
            permission: { state: "granted", allowed: true, label: "May be called" },
            ...this.lookupResult,
        };
    }

    softphone_ask_view(target) {
        return {
            name: "Eva Gruber",
            number_id: target.number_id || 1,
            numbers: [],
            refusal: "",
            way: "message",
            text: "Can we give you a quick call?",
            templates: [],
            template_id: false,
            limits: ["Requests in 24 hours: 0 of 1", "Requests in 7 days: 0 of 2"],
            makes_templates: false,
            ...this.askView,
        };
    }

    softphone_ping(id) {
        const call = this.calls[id];
        return { ok: true, state: call.state, version: call.version };
    }

    softphone_hang_up(id) {
        Object.assign(this.calls[id], { version: this.calls[id].version + 1, ...endedValues() });
        return { ok: true, message: "" };
    }

    softphone_history() {
        const calls = Object.values(this.calls).sort((a, b) => b.created - a.created);
        return { calls: structuredClone(calls), total: calls.length };
    }

    softphone_contacts({ query }) {
        return this.contacts.filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()));
    }

    softphone_ready() {
        this.wrapUpUntil = false;
        return { wrap_up_until: false };
    }

    softphone_block(id) {
        Object.assign(this.calls[id], { version: this.calls[id].version + 1, blocked: true });
        return { ok: true, message: "Blocked: this caller rings nobody here." };
    }

    softphone_unblock(id) {
        Object.assign(this.calls[id], { version: this.calls[id].version + 1, blocked: false });
        return { ok: true, message: "This caller can ring again." };
    }

    softphone_missed_seen() {
        this.missedCount = 0;
        return { missed_count: 0 };
    }

    //--------------------------------------------------------------------------
    // Bus
    //--------------------------------------------------------------------------

    send(type, payload) {
        const [user] = MockServer.env["res.users"].browse(serverState.userId);
        const [partner] = MockServer.env["res.partner"].browse(user.partner_id);
        MockServer.env["bus.bus"]._sendone(partner, `whatsapp_calling/${type}`, payload);
    }

    ring(call) {
        this.add(call);
        this.send("ring", { id: call.id, version: call.version, server_time: Date.now() });
        return call;
    }

    /** The call changes and everybody concerned is told. */
    update(call, values) {
        Object.assign(call, { version: call.version + 1 }, values);
        this.announce(call);
    }

    announce(call) {
        this.send("update", {
            id: call.id,
            version: call.version,
            state: call.state,
            live: call.live,
            connecting: call.connecting,
            handler_id: call.handler ? call.handler.id : false,
            server_time: Date.now(),
        });
    }
}

/** Registers the fake backend; call it before startSoftphone(). */
export function mockSoftphoneServer() {
    const server = new FakeServer();
    onRpc("whatsapp.call", "*", ({ method, args }) => server.handle(method, args));
    return server;
}

/** Stands in for the sound of a call. */
export class FakePeer extends EventTarget {
    quality = new CallQuality();
    answers = [];
    tones = "";
    microphoneEnabled = false;
    closed = false;

    constructor({ stream, iceServers, outputDeviceId }) {
        super();
        this.stream = stream;
        this.iceServers = iceServers;
        this.outputDeviceId = outputDeviceId;
    }

    async makeOffer() {
        return OUR_OFFER;
    }

    async makeAnswer(offer) {
        this.offer = offer;
        return OUR_ANSWER;
    }

    async setAnswer(answer) {
        this.answers.push(answer);
    }

    startNegotiationTimer() {}

    setMicrophone(enabled) {
        this.microphoneEnabled = enabled;
    }

    async startSending() {
        this.sending = true;
    }

    setOutputDevice(deviceId) {
        this.outputDeviceId = deviceId;
    }

    async replaceMicrophone(stream) {
        this.stream = stream;
    }

    sendTones(tone) {
        this.tones += tone;
        return true;
    }

    fire(name, detail) {
        this.dispatchEvent(new CustomEvent(name, { detail }));
    }

    close() {
        this.closed = true;
        this.stream.getTracks().forEach((track) => track.stop());
    }
}

/** A microphone without a device. */
export function fakeStream(label = "") {
    const track = new EventTarget();
    Object.assign(track, { enabled: true, stopped: false, stop: () => (track.stopped = true) });
    track.label = label;
    return { getTracks: () => [track], getAudioTracks: () => [track] };
}

/**
 * Puts fakes in place of microphone, peer connections, sounds and the worker's clock.
 *
 * @returns {{peers: FakePeer[], microphone: Object, meter: Object}}
 */
export function mockSound() {
    const peers = [];
    const microphone = { error: null, asked: 0, label: "" };
    patchWithCleanup(peerConnections, {
        make(params) {
            const peer = new FakePeer(params);
            peers.push(peer);
            return peer;
        },
    });
    patchWithCleanup(browser.navigator.mediaDevices, {
        async getUserMedia({ audio }) {
            microphone.asked++;
            microphone.constraints = audio;
            if (microphone.error) {
                throw microphone.error;
            }
            return microphone.pending ? await microphone.pending : fakeStream(microphone.label);
        },
    });
    const meter = {};
    patchWithCleanup(monitor, {
        async start(track, { onTic }) {
            Object.assign(meter, { track, onTic });
            return () => (meter.stopped = true);
        },
    });
    patchWithCleanup(ticker, {
        start(callback, interval) {
            const id = browser.setInterval(callback, interval);
            return () => browser.clearInterval(id);
        },
    });
    patchWithCleanup(tones, {
        startRingback() {
            this.ringing = true;
        },
        stopRingback() {
            this.ringing = false;
        },
        startWaiting() {
            this.knocking = true;
        },
        stopWaiting() {
            this.knocking = false;
        },
        playKey() {},
    });
    return { peers, microphone, meter };
}

export const HEADSET_MICROPHONE = { kind: "audioinput", deviceId: "m1", label: "Headset" };
export const HEADSET = { kind: "audiooutput", deviceId: "s1", label: "Headset" };
export const LOUDSPEAKER = { kind: "audiooutput", deviceId: "s2", label: "Loudspeaker" };

/** The devices of the computer; `plug` says what there is from now on. */
export function mockDevices(...devices) {
    const bus = new EventTarget();
    patchWithCleanup(browser.navigator.mediaDevices, {
        enumerateDevices: async () => devices,
        addEventListener: (...args) => bus.addEventListener(...args),
    });
    return {
        /** The browser says only from now on what there is. */
        name(...there) {
            devices = there;
        },
        plug(...there) {
            this.name(...there);
            bus.dispatchEvent(new Event("devicechange"));
        },
    };
}

/** The system's notifications; `shown` are those that are there. */
export function mockNotifications(permission = "granted") {
    const notifications = { shown: [], all: [] };
    class FakeNotification {
        static permission = permission;
        constructor(title, options) {
            Object.assign(this, { title, options });
            notifications.shown.push(this);
            notifications.all.push(this);
        }
        close() {
            notifications.shown = notifications.shown.filter((other) => other !== this);
        }
    }
    patchWithCleanup(browser, { Notification: FakeNotification });
    return notifications;
}

/** Records what the page plays; play() may be made to refuse. */
export function mockAudio() {
    const audio = { playing: new Set(), refuse: false, plays: 0, sinks: {}, elements: [] };
    class FakeAudio {
        constructor() {
            audio.elements.push(this);
        }
        paused = true;
        sinkId = "";
        canPlayType() {
            return "maybe";
        }
        async setSinkId(id) {
            this.sinkId = id;
        }
        async play() {
            audio.plays++;
            if (audio.refuse) {
                throw new DOMException("play() needs a click first", "NotAllowedError");
            }
            this.paused = false;
            audio.sinks[this.src.split("/").pop()] = this.sinkId;
            audio.playing.add(this.src.split("/").pop());
        }
        pause() {
            this.paused = true;
            audio.playing.delete(this.src.split("/").pop());
        }
    }
    patchWithCleanup(browser, { Audio: FakeAudio });
    return audio;
}

/** Starts the web client and waits until the softphone has asked the server. */
export async function startSoftphone(options) {
    const env = await start(options);
    const softphone = env.services["whatsapp_calling.softphone"];
    await softphone.ready;
    after(() => softphone.live?.close());
    return softphone;
}
