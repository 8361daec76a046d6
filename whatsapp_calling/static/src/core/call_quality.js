/**
 * How good the sound of a call is, from the reports of RTCPeerConnection.getStats().
 *
 * @typedef {Object} QualitySample
 * @property {number} rtt_ms round trip
 * @property {number} jitter_ms
 * @property {number} loss_percent the worse one of the two ways
 * @property {number} mos 1 to 5, estimated
 * @property {"good"|"fair"|"poor"} rating
 */

/**
 * The E-model (ITU-T G.107) reduced to delay and loss, with the constants in common use for Opus.
 *
 * @returns {number} mean opinion score from 1 (bad) to 4.5 (best)
 */
export function estimateMos({ rtt_ms, jitter_ms, loss_percent }) {
    const delay = rtt_ms / 2 + 2 * jitter_ms + 10;
    const impairment = delay < 160 ? delay / 40 : (delay - 120) / 10;
    const r = Math.min(100, Math.max(0, 93.2 - impairment - 2.5 * loss_percent));
    return Math.round((1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r)) * 100) / 100;
}

/** @returns {"good"|"fair"|"poor"} */
export function rate({ rtt_ms, jitter_ms, loss_percent }) {
    if (rtt_ms > 500 || jitter_ms > 60 || loss_percent > 5) {
        return "poor";
    }
    if (rtt_ms > 250 || jitter_ms > 30 || loss_percent > 2) {
        return "fair";
    }
    return "good";
}

export class CallQuality {
    samples = 0;
    sums = { rtt_ms: 0, jitter_ms: 0, loss_percent: 0 };
    lastInbound = { received: 0, lost: 0 };

    /**
     * @param {Iterable<Object>} reports the values of an RTCStatsReport
     * @returns {QualitySample|undefined} nothing before sound has arrived
     */
    add(reports) {
        let inbound, remote, pair;
        for (const report of reports) {
            if (report.type === "inbound-rtp" && report.kind === "audio") {
                inbound = report;
            } else if (report.type === "remote-inbound-rtp" && report.kind === "audio") {
                remote = report;
            } else if (report.type === "candidate-pair" && report.nominated) {
                pair = report;
            }
        }
        if (!inbound) {
            return undefined;
        }
        const received = inbound.packetsReceived || 0;
        const lost = inbound.packetsLost || 0;
        const newReceived = received - this.lastInbound.received;
        const newLost = Math.max(0, lost - this.lastInbound.lost);
        this.lastInbound = { received, lost };
        const inboundLoss = newReceived + newLost ? newLost / (newReceived + newLost) : 0;
        const rtt = remote?.roundTripTime ?? pair?.currentRoundTripTime ?? 0;
        const sample = {
            rtt_ms: Math.round(rtt * 1000),
            jitter_ms: Math.round((inbound.jitter || 0) * 1000),
            loss_percent: Math.round(Math.max(inboundLoss, remote?.fractionLost || 0) * 1000) / 10,
        };
        this.samples++;
        for (const key in this.sums) {
            this.sums[key] += sample[key];
        }
        return { ...sample, mos: estimateMos(sample), rating: rate(sample) };
    }

    /** @returns {Object|undefined} averages of the whole call, as the server keeps them */
    summary() {
        if (!this.samples) {
            return undefined;
        }
        const mean = (key) => Math.round((this.sums[key] / this.samples) * 10) / 10;
        const averages = {
            rtt_ms: Math.round(mean("rtt_ms")),
            jitter_ms: Math.round(mean("jitter_ms")),
            loss_percent: mean("loss_percent"),
        };
        return { ...averages, mos: estimateMos(averages), samples: this.samples };
    }
}
