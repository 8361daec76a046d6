import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { animationFrame, runAllTimers } from "@odoo/hoot-mock";
import { queryAllTexts } from "@odoo/hoot-dom";
import { patchTranslations, patchWithCleanup } from "@web/../tests/web_test_helpers";

import { gather, rtc } from "@whatsapp_calling/core/media_test";
import { MediaTest } from "@whatsapp_calling/check/media_test";

import {
    defineWhatsappCallingModels,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const STUN = { urls: "stun:stun.example.com:3478" };
const TURN = { urls: "turn:turn.example.com:3478", username: "u", credential: "c" };

/** Finds the candidates of a script, by the server that is asked. */
class FakeConnection extends EventTarget {
    constructor({ iceServers }, script) {
        super();
        this.script = script[iceServers[0]?.urls || "none"] || {};
    }
    addTransceiver() {}
    async createOffer() {
        return {};
    }
    async setLocalDescription() {
        for (const type of ["host", ...(this.script.types || [])]) {
            this.emit("icecandidate", { candidate: { candidate: "candidate:1", type } });
        }
        if (this.script.error) {
            this.emit("icecandidateerror", { errorCode: 701, errorText: this.script.error });
        }
        if (!this.script.silent) {
            this.emit("icecandidate", { candidate: null });
        }
    }
    emit(name, values) {
        this.dispatchEvent(Object.assign(new Event(name), values));
    }
    close() {
        this.closed = true;
    }
}

function mockConnections(script) {
    const made = [];
    patchWithCleanup(rtc, {
        make(config) {
            made.push(new FakeConnection(config, script));
            return made.at(-1);
        },
    });
    return made;
}

test("each server is told by the kinds of addresses it brings", async () => {
    const made = mockConnections({ [STUN.urls]: { types: ["srflx"] }, [TURN.urls]: { types: ["srflx", "relay"] } });
    expect(await gather()).toEqual({ types: ["host"], error: "" });
    expect(await gather(STUN)).toEqual({ types: ["host", "srflx"], error: "" });
    expect(await gather(TURN)).toEqual({ types: ["host", "srflx", "relay"], error: "" });
    expect(made.every(({ closed }) => closed)).toBe(true);
});

test("a server that does not answer is waited for five seconds", async () => {
    mockConnections({ [STUN.urls]: { silent: true } });
    const gathered = gather(STUN);
    await animationFrame();
    await runAllTimers();
    expect(await gathered).toEqual({ types: ["host"], error: "" });
});

/** Runs the test of the check screen with servers that answer by a script. */
async function runTest(iceServers, script, sound) {
    const server = mockSoftphoneServer();
    server.start = { ice_servers: iceServers };
    mockSound();
    mockAudio();
    mockConnections(script);
    patchWithCleanup(MediaTest.prototype, { loopback: async () => sound });
    await startSoftphone();
    await click(".o-whatsapp-Systray-button");
    await click(".o-whatsapp-Panel-check");
    await click(".o-whatsapp-MediaTest-run");
    await contains(".o-whatsapp-MediaTest-advice");
    return {
        lines: queryAllTexts(".o-whatsapp-MediaTest-line"),
        advice: queryAllTexts(".o-whatsapp-MediaTest-advice")[0],
    };
}

const SOUND = { connected: true, codec: "audio/opus", level: 0.31, heard: true };

test("with a TURN server that lends an address all is well", async () => {
    const { lines, advice } = await runTest(
        [STUN, TURN],
        { [STUN.urls]: { types: ["srflx"] }, [TURN.urls]: { types: ["relay"] } },
        SOUND
    );
    expect(lines).toEqual([
        "This computer's own network (host)\nFound.",
        "stun:stun.example.com:3478\nTells this computer its public address (srflx).",
        "turn:turn.example.com:3478\nLends an address that is reachable from everywhere (relay).",
        "Sound through a connection of this browser with itself\nThe test tone came back (audio/opus, loudness 31 of 100).",
    ]);
    expect(advice).toBe("All is well: calls work here, behind a strict firewall too.");
});

test("a server that refuses is shown with the browser's words and what to do", async () => {
    const { lines, advice } = await runTest(
        [TURN],
        { [TURN.urls]: { error: "TURN allocate request timed out." } },
        SOUND
    );
    expect(lines[1]).toBe(
        "turn:turn.example.com:3478\nDid not help. The browser says: 701 TURN allocate request timed out."
    );
    expect(advice).toMatch(/^No server answered\./);
});

test("what works is told without colours too, in the user's language", async () => {
    patchTranslations({
        whatsapp_calling: { Works: "Geht", "Does not work": "Geht nicht" },
    });
    await runTest([TURN], { [TURN.urls]: { error: "TURN allocate request timed out." } }, SOUND);
    expect(".o-whatsapp-MediaTest-line:eq(0) [role=img]").toHaveAttribute("aria-label", "Geht");
    expect(".o-whatsapp-MediaTest-line:eq(1) [role=img]").toHaveAttribute("aria-label", "Geht nicht");
});

test("without sound the advice is about the browser, not about servers", async () => {
    const silent = { connected: true, codec: "audio/opus", level: 0, heard: false };
    const { lines, advice } = await runTest([], {}, silent);
    expect(lines[1]).toMatch(/Connected, but the test tone did not come back\.$/);
    expect(advice).toMatch(/^Calls would have no sound\./);
});

test("without servers it says when one is needed", async () => {
    const { advice } = await runTest([], {}, SOUND);
    expect(advice).toMatch(/^No STUN or TURN server is set up\./);
});
