import {
    click,
    contains,
    insertText,
    openFormView,
    startServer,
} from "@mail/../tests/mail_test_helpers";
import { describe, expect, press, queryAllTexts, queryOne, test } from "@odoo/hoot";
import { waitUntil } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import {
    makeServerError,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";

import { RecordingPlayer } from "@whatsapp_calling/player/recording_player";
import { pieces, spoken } from "@whatsapp_calling/player/transcript";
import { outline } from "@whatsapp_calling/player/waveform";

import { browser } from "@web/core/browser/browser";

import {
    defineWhatsappCallingModels,
    endedValues,
    makeCall,
    mockAudio,
    mockSoftphoneServer,
    startSoftphone,
} from "./whatsapp_calling_test_helpers";

describe.current.tags("desktop");
defineWhatsappCallingModels();

const CALL = 7;
const TURNS = [
    { id: 1, speaker: "agent", name: "Anna Berger", start_ms: 500, end_ms: 3000, text: "Good morning." },
    { id: 2, speaker: "caller", name: "Eva Gruber", start_ms: 4000, end_ms: 9000, text: "The lift stands still. The LIFT!" },
    { id: 3, speaker: "agent", name: "Anna Berger", start_ms: 20000, end_ms: 25000, text: "Somebody is on the way." },
];

function track(id, name) {
    return { id, track: name, url: `/audio/${id}`, duration_ms: 60_000, peaks: [0, 128, 255, 64] };
}

function recording(values = {}) {
    return {
        tracks: [track(1, "mix"), track(2, "agent"), track(3, "caller")],
        turns: TURNS,
        why: "",
        may_download: true,
        pending: false,
        ...values,
    };
}

/** A media element without media: it is where it is told to be. */
class FakeAudio extends EventTarget {
    paused = true;
    ended = false;
    readyState = 0;
    currentTime = 0;
    playbackRate = 1;
    duration = NaN;
    error = null;
    /** addresses that were fetched */
    fetched = [];

    set src(url) {
        this._src = url;
    }

    get src() {
        return this._src;
    }

    load() {
        if (this._src) {
            Object.assign(this, { currentTime: 0, readyState: 0, paused: true });
            this.fetched.push(this._src);
        }
    }

    async play() {
        this.paused = false;
        this.readyState = 4;
        this.dispatchEvent(new Event("loadedmetadata"));
        this.dispatchEvent(new Event("play"));
        this.dispatchEvent(new Event("playing"));
    }

    pause() {
        this.paused = true;
        this.dispatchEvent(new Event("pause"));
    }

    /** Time passes while it plays. */
    async at(seconds) {
        this.currentTime = seconds;
        await advanceTime(100);
        await animationFrame();
    }

    removeAttribute() {
        this._src = "";
    }
}

/** @returns {FakeAudio[]} those that are made from now on */
function mockPlayers() {
    const audios = [];
    patchWithCleanup(browser, {
        Audio: function Audio() {
            audios.push(new FakeAudio());
            return audios.at(-1);
        },
    });
    return audios;
}

async function open(view = recording(), props = {}) {
    const server = mockSoftphoneServer();
    mockAudio();
    await startSoftphone();
    const audios = mockPlayers();
    server.view = view;
    server.answers.recording_view = () => {
        if (server.view instanceof Error) {
            throw server.view;
        }
        return structuredClone(server.view);
    };
    await mountWithCleanup(RecordingPlayer, { props: { callId: CALL, ...props } });
    await animationFrame();
    return { server, audio: audios[0] };
}

const time = () => queryOne(".o-whatsapp-Player-time").textContent;

test("play really plays, and the time moves with the sound", async () => {
    const { audio } = await open();
    expect(time()).toBe("00:00 / 01:00");
    await click("[aria-label='Play']");
    await contains("[aria-label='Pause']");
    await audio.at(12.4);
    expect(time()).toBe("00:12 / 01:00");
    expect("[role='slider']").toHaveAttribute("aria-valuenow", "12");
    expect("[role='slider']").toHaveAttribute("aria-valuetext", "00:12 of 01:00");
    await click("[aria-label='Pause']");
    expect(audio.paused).toBe(true);
});

test("nothing is fetched before somebody wants to hear it", async () => {
    const { audio } = await open();
    expect(audio.preload).toBe("none");
    await press("ArrowRight");
    queryOne("[role='slider']").focus();
    await press("ArrowRight");
    expect(audio.fetched).toEqual([]);
    await click("[aria-label='Play']");
    expect(audio.fetched).toEqual(["/audio/1"]);
    expect(audio.currentTime).toBe(5);
});

test("which track is heard changes in the middle, from the same moment and still playing", async () => {
    const { audio } = await open();
    await click("[aria-label='Play']");
    await audio.at(31);
    await click("[role='radio']:contains('Customer')");
    await animationFrame();
    expect(audio.src).toBe("/audio/3");
    expect(audio.currentTime).toBe(31);
    expect(audio.paused).toBe(false);
    expect("[role='radio'][aria-checked='true']").toHaveText("Customer");
    expect("a[aria-label='Download']").toHaveAttribute("href", "/audio/3?download=1");
});

test("a click and a drag on the waveform seek", async () => {
    const { audio } = await open();
    await click("[aria-label='Play']");
    const line = queryOne(".o-whatsapp-Waveform-line");
    const { left, width } = line.getBoundingClientRect();
    const point = async (type, share) => {
        line.dispatchEvent(new PointerEvent(type, { clientX: left + width * share }));
        await animationFrame();
    };
    await point("pointerdown", 0.5);
    await point("pointerup", 0.5);
    expect(audio.currentTime).toBeCloseTo(30);
    await point("pointerdown", 0.5);
    await point("pointermove", 0.75);
    expect(".o-whatsapp-Waveform-time").toHaveText("00:45");
    expect(audio.currentTime).toBeCloseTo(30, { message: "while it is dragged" });
    await point("pointerup", 0.75);
    expect(audio.currentTime).toBeCloseTo(45);
});

test("the keyboard alone is enough", async () => {
    const { audio } = await open();
    queryOne("[role='slider']").focus();
    await press(" ");
    await animationFrame();
    expect(audio.paused).toBe(false);
    await press("ArrowRight");
    await press("ArrowRight");
    expect(audio.currentTime).toBe(10);
    await press("ArrowLeft");
    expect(audio.currentTime).toBe(5);
    await press("PageUp");
    expect(audio.currentTime).toBe(35);
    await press("End");
    expect(audio.currentTime).toBe(60);
    await press("ArrowRight");
    expect(audio.currentTime).toBe(60);
    await press("Home");
    expect(audio.currentTime).toBe(0);
    await press(">");
    await press(">");
    expect(audio.playbackRate).toBe(1.5);
    await press("<");
    expect(audio.playbackRate).toBe(1.25);
    await press("2");
    await animationFrame();
    expect("[role='radio'][aria-checked='true']").toHaveText("Our side");
    await press(" ");
    await animationFrame();
    expect(audio.paused).toBe(true);
});

test("the two buttons skip five seconds", async () => {
    const { audio } = await open();
    await click("[aria-label='Play']");
    await audio.at(20);
    await click("[aria-label='Back 5 seconds']");
    expect(audio.currentTime).toBe(15);
    await click("[aria-label='Forward 5 seconds']");
    expect(audio.currentTime).toBe(20);
});

test("the speed is chosen and stays chosen", async () => {
    const first = await open();
    const speed = queryOne("select[aria-label='Speed']");
    expect(queryAllTexts("select[aria-label='Speed'] option")).toEqual([
        "0.75×",
        "1×",
        "1.25×",
        "1.5×",
        "1.75×",
        "2×",
    ]);
    speed.value = "1.75";
    speed.dispatchEvent(new Event("change"));
    await animationFrame();
    await click("[aria-label='Play']");
    expect(first.audio.playbackRate).toBe(1.75);
    expect(browser.localStorage.getItem("whatsapp_calling.player_speed")).toBe("1.75");
});

test("the line being spoken is marked, and a click on a line plays from there", async () => {
    const { audio } = await open();
    await click("[aria-label='Play']");
    await audio.at(5);
    expect("[aria-current='true']").toHaveText(/Eva Gruber\s*00:04\s*The lift stands still/);
    await audio.at(15);
    expect("[aria-current='true']").toHaveCount(0);
    await click("[aria-label='Pause']");
    await click("button:contains('Somebody is on the way.')");
    await animationFrame();
    expect(audio.currentTime).toBe(20);
    expect(audio.paused).toBe(false);
    expect("[aria-current='true']").toHaveCount(1);
});

test("what was said can be searched, and the search keeps its keys", async () => {
    const { audio } = await open();
    await insertText("input[type='search']", "lift");
    await contains(".o-whatsapp-Transcript-line", { count: 1 });
    expect(queryAllTexts(".o-whatsapp-Transcript mark")).toEqual(["lift", "LIFT"]);
    await press(" ");
    await press("ArrowRight");
    expect(audio.paused).toBe(true);
    await insertText("input[type='search']", "x", { replace: true });
    await contains("li", { text: "Nobody said that." });
    await press("Escape");
    await contains(".o-whatsapp-Transcript-line", { count: 3 });
});

test("without sound it says why, and has no player", async () => {
    await open(recording({ tracks: [], turns: [], why: "The number records nothing." }));
    await contains("[role='status']", { text: "The number records nothing." });
    expect("[aria-label='Play']").toHaveCount(0);
    expect(".o-whatsapp-Transcript").toHaveCount(0);
});

test("a text without sound is read, not clicked", async () => {
    await open(recording({ tracks: [], why: "The recording was deleted on 1 November." }));
    await contains(".o-whatsapp-Transcript-line", { count: 3 });
    expect("button.o-whatsapp-Transcript-line").toHaveCount(0);
    await contains("[role='status']", { text: "The recording was deleted on 1 November." });
});

test("lines of a running call appear by themselves", async () => {
    const live = { tracks: [], turns: [], pending: true, why: "The call is being recorded." };
    const { server } = await open(recording(live));
    await contains("[role='status']", { text: "The call is being recorded." });
    server.view = recording({ ...live, turns: TURNS.slice(0, 1) });
    server.send("turn", { id: CALL + 1, turn_id: 1 });
    server.send("turn", { id: CALL, turn_id: 1 });
    await contains(".o-whatsapp-Transcript-line", { text: "Good morning." });
    // the sound comes after the call
    server.view = recording();
    server.send("update", { id: CALL, version: 9, state: "completed", live: false });
    await contains("[aria-label='Play']");
});

test("sound that is awaited is looked for without the bus too", async () => {
    const { server } = await open(
        recording({ tracks: [], pending: true, why: "The recording is still being uploaded." })
    );
    server.view = recording();
    await advanceTime(10_000);
    await contains("[aria-label='Play']");
    const asked = server.requestsOf("recording_view").length;
    await advanceTime(60_000);
    expect(server.requestsOf("recording_view").length).toBe(asked);
});

test("news during the play stop nothing", async () => {
    const { server, audio } = await open();
    await click("[aria-label='Play']");
    await audio.at(8);
    server.send("update", { id: CALL, version: 9, state: "completed", live: false });
    await waitUntil(() => server.requestsOf("recording_view").length === 2);
    await animationFrame();
    expect(audio.fetched).toEqual(["/audio/1"]);
    expect(audio.paused).toBe(false);
    expect(time()).toBe("00:08 / 01:00");
});

test("a sound that cannot be had shows what the server said", async () => {
    const { audio } = await open();
    onRpc("/audio/1", () => new Response("The recording is gone.", { status: 404 }), {
        pure: true,
    });
    await click("[aria-label='Play']");
    audio.error = { code: 4 };
    audio.paused = true;
    audio.dispatchEvent(new Event("error"));
    await contains("[role='alert']", { text: "The recording is gone." });
    await contains("[aria-label='Play']");
    // and once more
    await click("[aria-label='Play']");
    expect(audio.fetched).toEqual(["/audio/1", "/audio/1"]);
    await contains("[role='alert']", { count: 0 });
});

test("a view that cannot be had is said and asked for again", async () => {
    const { server } = await open(
        makeServerError({ message: "This call belongs to another company." })
    );
    await contains("[role='alert']", { text: "This call belongs to another company." });
    server.view = recording();
    await click("button:contains('Try again')");
    await contains("[role='radiogroup']");
});

test("in a chatter one line is enough", async () => {
    await open(recording({ tracks: [track(3, "caller")], turns: TURNS.slice(1, 2) }), {
        compact: true,
    });
    await contains("[aria-label='Play']");
    expect("[role='radiogroup']").toHaveCount(0);
    expect(".o-whatsapp-Transcript").toHaveCount(0);
    expect(".o-whatsapp-Player-said").toHaveText("The lift stands still. The LIFT!");
});

async function openPartner(records) {
    const pyEnv = await startServer();
    const partnerId = pyEnv["res.partner"].create({ name: "Eva" });
    records(pyEnv, partnerId);
    mockAudio();
    await startSoftphone();
    mockPlayers();
    await openFormView("res.partner", partnerId, {
        arch: `<form><sheet><field name="name"/></sheet><chatter/></form>`,
    });
}

test("a voice message can be heard on the card of its call", async () => {
    const server = mockSoftphoneServer();
    const call = server.add(makeCall({ ...endedValues(), id: CALL, left_message: true }));
    server.answers.recording_view = () =>
        recording({ tracks: [track(3, "caller")], turns: TURNS.slice(1, 2) });
    await openPartner((pyEnv, res_id) =>
        pyEnv["mail.message"].create({
            body: `<div class="o_whatsapp_call_card" data-oe-type="whatsapp-call"
                data-oe-model="whatsapp.call" data-oe-id="${call.id}">WhatsApp call</div>`,
            message_type: "notification",
            model: "res.partner",
            res_id,
        })
    );
    await contains(".o-whatsapp-CallCard [aria-label='Play']");
    await contains(".o-whatsapp-CallCard .o-whatsapp-Player-said", {
        text: "The lift stands still. The LIFT!",
    });
});

test("a reminder of a voice message has a player, other reminders have none", async () => {
    const server = mockSoftphoneServer();
    server.answers.recording_view = (id) => {
        expect(id).toBe(CALL);
        return recording({ tracks: [track(3, "caller")] });
    };
    const link = `<p><a href="/odoo/whatsapp.call/${CALL}">Open the call</a></p>`;
    await openPartner((pyEnv, res_id) =>
        ["<div class='o_whatsapp_voicemail'>" + link + "</div>", link].forEach((note) =>
            pyEnv["mail.activity"].create({ note, res_id, res_model: "res.partner" })
        )
    );
    await contains(".o-mail-Activity", { count: 2 });
    await contains(".o-mail-Activity [aria-label='Play']");
    // its words stand in the reminder already
    expect(".o-mail-Activity .o-whatsapp-Player-said").toHaveCount(0);
});

test("who may not download has no link for it", async () => {
    await open(recording({ may_download: false }));
    await contains("[aria-label='Play']");
    expect("a[aria-label='Download']").toHaveCount(0);
});

test("of two who speak at once the later one is marked", () => {
    const turns = [
        { id: 1, start_ms: 0, end_ms: 5000 },
        { id: 2, start_ms: 3000, end_ms: 4000 },
    ];
    expect(spoken(turns, 3.5).id).toBe(2);
    expect(spoken(turns, 4.9).id).toBe(1);
    expect(spoken(turns, 9)).toBe(undefined);
});

test("a text is cut where the search was found", () => {
    expect(pieces("Ja, ja.", "ja")).toEqual([
        { text: "Ja", hit: true },
        { text: ", ", hit: false },
        { text: "ja", hit: true },
        { text: ".", hit: false },
    ]);
    expect(pieces("Nein.", "")).toEqual([{ text: "Nein.", hit: false }]);
    // small letters that are longer than the capital
    expect(pieces("İşte", "te")).toEqual([{ text: "İşte", hit: false }]);
});

test("an outline has as many bars as there are peaks, and no more than fit", () => {
    const bars = (peaks) => outline(peaks, 255).split("z").length - 1;
    expect(bars([1, 2, 3])).toBe(3);
    expect(bars(new Array(6000).fill(9))).toBe(220);
    expect(bars([])).toBe(1);
});
