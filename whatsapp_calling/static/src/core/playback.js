import { browser } from "@web/core/browser/browser";
import { url } from "@web/core/utils/urls";

/**
 * @param {string} path of a sound without its extension
 * @returns {HTMLAudioElement}
 */
export function makeAudio(path) {
    const audio = new browser.Audio();
    const extension = audio.canPlayType("audio/ogg; codecs=vorbis") ? ".ogg" : ".mp3";
    audio.src = url(path + extension);
    return audio;
}

/**
 * Lets something sound on one device. A device that is gone leaves it where it was.
 *
 * @param {HTMLAudioElement|AudioContext} source
 * @param {string} deviceId "" is the computer's default
 * @returns {Promise<void>}
 */
export async function playOn(source, deviceId) {
    // Firefox before 116 and Safari know no choice of output
    if (source.setSinkId && (source.sinkId || "") !== deviceId) {
        await source.setSinkId(deviceId).catch(() => {});
    }
}
