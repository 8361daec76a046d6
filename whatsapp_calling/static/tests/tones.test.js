import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { advanceTime, Deferred, microTick } from "@odoo/hoot-mock";
import { patchWithCleanup } from "@web/../tests/web_test_helpers";

import { tones } from "@whatsapp_calling/core/tones";

describe.current.tags("desktop");

/** Web Audio that writes down what sounds, on which device. */
class FakeContext {
    currentTime = 0;
    destination = {};
    sinkId = "";
    beeps = [];
    state = "running";
    resumed = new Deferred();

    async setSinkId(id) {
        this.sinkId = id;
    }

    async resume() {
        await this.resumed;
        this.state = "running";
    }

    createGain() {
        const ramp = { setValueAtTime() {}, linearRampToValueAtTime() {} };
        return { gain: ramp, connect() {}, disconnect() {} };
    }

    createOscillator() {
        const frequency = {};
        const start = () => this.beeps.push([frequency.value, this.sinkId]);
        return { frequency, start, connect() {}, stop() {} };
    }
}

let context;

beforeEach(() => {
    context = new FakeContext();
    patchWithCleanup(tones, { context, deviceId: "" });
});

async function settle() {
    for (let tick = 0; tick < 10; tick++) {
        await microTick();
    }
}

test("they sound on the chosen speaker", async () => {
    tones.useDevice("s1");
    tones.startRingback();
    await settle();
    expect(context.beeps).toEqual([[425, "s1"]]);
    tones.useDevice("");
    await advanceTime(5_000);
    await settle();
    expect(context.beeps).toEqual([
        [425, "s1"],
        [425, ""],
    ]);
    tones.stopRingback();
});

test("a page that was not touched yet sounds after the first click, once", async () => {
    context.state = "suspended";
    tones.startWaiting();
    await advanceTime(11_000);
    expect(context.beeps).toEqual([]);
    context.resumed.resolve();
    await settle();
    expect(context.beeps).toEqual([[440, ""]]);
    tones.stopWaiting();
});

test("what is over before it may sound never does", async () => {
    context.state = "suspended";
    tones.startRingback();
    await settle();
    tones.stopRingback();
    context.resumed.resolve();
    await settle();
    expect(context.beeps).toEqual([]);
});
