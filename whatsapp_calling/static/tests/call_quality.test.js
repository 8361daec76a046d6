import { describe, expect, test } from "@odoo/hoot";

import { CallQuality, estimateMos, rate } from "@whatsapp_calling/core/call_quality";

describe.current.tags("headless");

const inbound = (values) => ({ type: "inbound-rtp", kind: "audio", ...values });
const remote = (values) => ({ type: "remote-inbound-rtp", kind: "audio", ...values });

test("loss is that of the last interval, of the worse way", () => {
    const quality = new CallQuality();
    quality.add([inbound({ packetsReceived: 100, packetsLost: 50, jitter: 0.01 })]);
    const sample = quality.add([
        inbound({ packetsReceived: 199, packetsLost: 51, jitter: 0.01 }),
        remote({ roundTripTime: 0.1, fractionLost: 0.04 }),
    ]);
    expect(sample.loss_percent).toBe(4);
    expect(sample.rtt_ms).toBe(100);
    expect(sample.jitter_ms).toBe(10);
    expect(sample.rating).toBe("fair");
});

test("without a report of the other side the round trip of the path counts", () => {
    const sample = new CallQuality().add([
        inbound({ packetsReceived: 10, packetsLost: 0, jitter: 0 }),
        { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.25 },
    ]);
    expect(sample.rtt_ms).toBe(250);
});

test("nothing is said before sound arrived", () => {
    const quality = new CallQuality();
    expect(quality.add([remote({ roundTripTime: 0.1 })])).toBe(undefined);
    expect(quality.summary()).toBe(undefined);
});

test("the summary holds the averages of the call", () => {
    const quality = new CallQuality();
    quality.add([
        inbound({ packetsReceived: 100, packetsLost: 0, jitter: 0.01 }),
        remote({ roundTripTime: 0.1, fractionLost: 0 }),
    ]);
    quality.add([
        inbound({ packetsReceived: 200, packetsLost: 0, jitter: 0.03 }),
        remote({ roundTripTime: 0.3, fractionLost: 0.02 }),
    ]);
    expect(quality.summary()).toEqual({
        rtt_ms: 200,
        jitter_ms: 20,
        loss_percent: 1,
        mos: estimateMos({ rtt_ms: 200, jitter_ms: 20, loss_percent: 1 }),
        samples: 2,
    });
});

test("delay, jitter and loss each make a call fair or poor", () => {
    const good = { rtt_ms: 80, jitter_ms: 5, loss_percent: 0 };
    expect(rate(good)).toBe("good");
    expect(rate({ ...good, rtt_ms: 300 })).toBe("fair");
    expect(rate({ ...good, jitter_ms: 100 })).toBe("poor");
    expect(rate({ ...good, loss_percent: 8 })).toBe("poor");
    expect(estimateMos(good)).toBeGreaterThan(4.2);
    expect(estimateMos({ ...good, loss_percent: 15 })).toBeLessThan(3.5);
});
