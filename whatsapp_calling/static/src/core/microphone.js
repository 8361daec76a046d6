import { browser } from "@web/core/browser/browser";

/** @typedef {"blocked"|"missing"|"busy"|"insecure"} MicrophoneProblem */

const PROBLEM_OF_ERROR = {
    NotAllowedError: "blocked",
    SecurityError: "blocked",
    NotFoundError: "missing",
    OverconstrainedError: "missing",
    NotReadableError: "busy",
    AbortError: "busy",
};

export class MicrophoneError extends Error {
    /** @param {MicrophoneProblem} problem */
    constructor(problem) {
        super(`microphone: ${problem}`);
        this.problem = problem;
    }
}

/**
 * @param {MediaTrackConstraints} constraints
 * @returns {Promise<MediaStream>} with one audio track
 * @throws {MicrophoneError}
 */
export async function openMicrophone(constraints) {
    if (!browser.navigator.mediaDevices?.getUserMedia) {
        // only pages of a secure context (HTTPS or localhost) may use the microphone
        throw new MicrophoneError("insecure");
    }
    try {
        return await browser.navigator.mediaDevices.getUserMedia({ audio: constraints });
    } catch (error) {
        if (constraints.deviceId && error.name !== "NotAllowedError") {
            // the chosen device may be unplugged: any other microphone beats none
            return openMicrophone({ ...constraints, deviceId: undefined });
        }
        throw new MicrophoneError(PROBLEM_OF_ERROR[error.name] || "blocked");
    }
}

/** @param {MediaStream} [stream] */
export function closeMicrophone(stream) {
    for (const track of stream?.getTracks() || []) {
        track.stop();
    }
}
