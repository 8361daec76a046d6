import { click, contains } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { getService, patchWithCleanup } from "@web/../tests/web_test_helpers";

import { ConnectionLostError } from "@web/core/network/rpc";

import {
    connectedValues,
    defineWhatsappCallingModels,
    endedValues,
    makeCall,
    mockAudio,
    mockSoftphoneServer,
    mockSound,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const OFF = { enabled: false, shown: false, reason: "Switched off.", explained: false };
const CUT_OFF = "You are signed out or Odoo cannot be reached: calls do not reach you.";

/** A server that answers with an error, e.g. because the session is over. */
const refuse = () => {
    throw new Error("Session expired");
};

async function startPhone(prepare = () => {}) {
    const server = mockSoftphoneServer();
    const sound = mockSound();
    mockAudio();
    prepare(server);
    const softphone = await startSoftphone();
    return { server, softphone, ...sound };
}

/** The server cannot be reached for these requests, though the test's own server could. */
function loseConnection(softphone, ...methods) {
    const { silentRpc } = softphone;
    const lost = { asked: 0 };
    softphone.silentRpc = function (method, args) {
        if (!methods.includes(method)) {
            return silentRpc.call(this, method, args);
        }
        lost.asked++;
        return Promise.reject(new ConnectionLostError("/web"));
    };
    lost.end = () => (softphone.silentRpc = silentRpc);
    return lost;
}

describe("start", () => {
    test("a page that was opened while calling was off rings once it is switched on", async () => {
        const { server } = await startPhone((server) => (server.start = OFF));
        expect(".o-whatsapp-Systray").toHaveCount(0);
        server.start = {};
        server.send("restart", {});
        await contains(".o-whatsapp-Systray-button");
        server.ring(makeCall());
        await contains(".o-whatsapp-IncomingCall");
        await click(".o-whatsapp-IncomingCall-accept");
        await contains(".o-whatsapp-OnCall");
    });

    test("switched off, the phone goes; switched on again, it is there and listens once", async () => {
        const { server } = await startPhone();
        await contains(".o-whatsapp-Systray-button");
        server.start = OFF;
        server.send("restart", {});
        await contains(".o-whatsapp-Systray", { count: 0 });
        server.start = {};
        server.send("restart", {});
        await contains(".o-whatsapp-Systray-button");
        server.requests = [];
        server.ring(makeCall());
        await contains(".o-whatsapp-IncomingCall");
        expect(server.requestsOf("softphone_calls")).toHaveLength(1);
    });

    test("switched off in mid-call, the phone stays until the call is over", async () => {
        const { server, softphone } = await startPhone();
        const call = server.ring(makeCall());
        await click(".o-whatsapp-IncomingCall-accept");
        server.update(call, connectedValues());
        await contains(".o-whatsapp-OnCall-state", { text: "Connected" });
        server.start = OFF;
        server.requests = [];
        server.send("restart", {});
        await waitUntil(() => server.requestsOf("softphone_start").length, { timeout: 3_000 });
        await animationFrame();
        await contains(".o-whatsapp-OnCall-hangUp");
        server.update(call, endedValues());
        await contains(".o-whatsapp-Systray", { count: 0 });
        expect(softphone.enabled).toBe(false);
    });

    test("a start that failed is tried again, whatever the error", async () => {
        const { server, softphone } = await startPhone(
            (server) => (server.answers.softphone_start = refuse)
        );
        expect(softphone.enabled).toBe(false);
        await advanceTime(2_500);
        expect(server.requestsOf("softphone_start")).toHaveLength(2);
        delete server.answers.softphone_start;
        await advanceTime(5_500);
        await contains(".o-whatsapp-Systray-button");
        server.ring(makeCall());
        await contains(".o-whatsapp-IncomingCall");
    });
});

describe("ring", () => {
    test("one request that fails is no lost ring: the server is asked again", async () => {
        const { server, softphone } = await startPhone();
        const lost = loseConnection(softphone, "softphone_calls", "softphone_poll");
        server.ring(makeCall());
        await advanceTime(500);
        await advanceTime(1_000);
        expect(".o-whatsapp-IncomingCall").toHaveCount(0);
        lost.end();
        await advanceTime(2_000);
        await contains(".o-whatsapp-IncomingCall");
    });

    test("what is older than a ring may last is not asked for again", async () => {
        const { server, softphone } = await startPhone();
        loseConnection(softphone, "softphone_calls");
        server.requests = [];
        softphone.onRing({ id: 77, version: 1, server_time: softphone.now() - 61_000 });
        await advanceTime(10_000);
        expect(server.requestsOf("softphone_poll")).toHaveLength(0);
    });
});

describe("cut off", () => {
    test("a session that is over is told, with a way back", async () => {
        const { server, softphone } = await startPhone();
        patchWithCleanup(softphone, { reloadPage: () => expect.step("reload") });
        server.answers.softphone_poll = refuse;
        getService("bus_service").trigger("BUS:DISCONNECT");
        await contains(".o-whatsapp-Systray.o-cutOff");
        expect(".o-whatsapp-Systray-button").toHaveAttribute("aria-label", CUT_OFF);
        await click(".o-whatsapp-Systray-button");
        await contains(".o-whatsapp-Panel-cutOff span", { text: CUT_OFF });
        expect(".o-whatsapp-Panel-offline").toHaveCount(0);
        await click(".o-whatsapp-Panel-cutOff button", { text: "Reload" });
        expect.verifySteps(["reload"]);
    });

    test("of a server that is away the third poll in a row tells, and the next good one ends it", async () => {
        const { softphone } = await startPhone();
        const lost = loseConnection(softphone, "softphone_poll");
        getService("bus_service").trigger("BUS:DISCONNECT");
        await advanceTime(5_500);
        expect(lost.asked).toBe(2);
        expect(softphone.cutOff).toBe(false);
        await advanceTime(5_000);
        expect(softphone.cutOff).toBe(true);
        await contains(".o-whatsapp-Systray.o-cutOff");
        lost.end();
        await advanceTime(5_500);
        await contains(".o-whatsapp-Systray.o-offline");
    });

    test("with a live bus a poll that failed is repeated until one succeeds", async () => {
        const { server, softphone } = await startPhone();
        server.answers.softphone_poll = refuse;
        await softphone.poll().catch(() => {});
        await animationFrame();
        expect(softphone.status).toBe("cutOff");
        delete server.answers.softphone_poll;
        await advanceTime(5_500);
        expect(softphone.status).toBe("idle");
        server.requests = [];
        await advanceTime(10_000);
        expect(server.requestsOf("softphone_poll")).toHaveLength(0);
    });
});
