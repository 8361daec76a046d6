/**
 * @typedef {Object} CallView one call as the server shows it to this user
 * @property {number} id
 * @property {number} version grows with each change; an older one is never taken over
 * @property {"inbound"|"outbound"} direction
 * @property {"dialing"|"ringing"|"connected"|"completed"|"missed"|"rejected"|"unanswered"|"cancelled"|"failed"} state
 * @property {boolean} live
 * @property {boolean} connecting somebody accepted, WhatsApp has not confirmed yet
 * @property {string} name
 * @property {string} phone
 * @property {{id: number, name: string}|false} handler
 * @property {string|false} handler_tab
 * @property {boolean} mine
 * @property {boolean} mine_to_answer
 * @property {boolean} silenced
 * @property {boolean} blocked the other side is blocked: it would not ring
 * @property {boolean} may_block this user may block and unblock the other side
 * @property {{state: string, sound: boolean, text: boolean, problem: string}|false} recording
 * @property {string|false} sdp
 * @property {boolean} [left_message] the customer left a voice message
 * @property {boolean} [anchored] the sound goes through a media server
 * @property {boolean} [fell_back] it should, and none was there
 * @property {string|false} [leg] name of our line to the media server
 * @property {number|false} [reattach_until] no tab holds it: one may be back until then
 */

/** The calls this tab knows of, by id, each in its newest version. */
export class CallStore {
    /** @type {Object<number, CallView>} */
    byId = {};
    /** ids the server did not tell us about: deleted, or not ours to see */
    unknown = {};
    wanted = new Set();

    /**
     * @param {Object} params
     * @param {(ids: number[]) => Promise<CallView[]>} params.fetch
     * @param {(call: CallView, before: CallView|undefined) => void} params.onChange
     */
    setup({ fetch, onChange }) {
        this.fetch = fetch;
        this.onChange = onChange;
    }

    /** @returns {CallView|undefined} */
    get(id) {
        return this.byId[id];
    }

    get all() {
        return Object.values(this.byId);
    }

    /**
     * @param {CallView} view
     * @returns {CallView} what is known now
     */
    insert(view) {
        const known = this.byId[view.id];
        if (known && view.version < known.version) {
            return known;
        }
        const before = known && { ...known };
        if (known) {
            Object.assign(known, view);
        } else {
            this.byId[view.id] = view;
        }
        this.onChange(this.byId[view.id], before);
        return this.byId[view.id];
    }

    /**
     * What a bus message says, at once: the popup of an ended call must not wait for a request.
     * The names and texts follow with load().
     *
     * @returns {boolean} false when it is not newer than what is known
     */
    applyUpdate({ id, version, state, live, connecting, handler_id }, userId) {
        const known = this.byId[id];
        if (!known || version <= known.version) {
            return false;
        }
        const before = { ...known };
        Object.assign(known, { version, state, live, connecting });
        if (handler_id !== (known.handler?.id ?? false)) {
            known.handler = handler_id ? { id: handler_id, name: "" } : false;
            known.mine = handler_id === userId;
            known.mine_to_answer = false;
        }
        this.onChange(known, before);
        return true;
    }

    /**
     * Calls within one tick share one request: a chatter full of calls asks once.
     *
     * @param {number[]} ids
     */
    load(ids) {
        ids.forEach((id) => this.wanted.add(id));
        this.loading ??= Promise.resolve().then(async () => {
            const batch = [...this.wanted];
            this.wanted.clear();
            this.loading = undefined;
            const views = await this.fetch(batch);
            const found = new Set(views.map((view) => view.id));
            for (const id of batch) {
                if (!found.has(id)) {
                    this.unknown[id] = true;
                }
            }
            views.forEach((view) => this.insert(view));
        });
        return this.loading;
    }

    /** For what is drawn in a page: asks only once. */
    async ensure(id) {
        if (!this.byId[id] && !this.unknown[id]) {
            await this.load([id]);
        }
    }
}
