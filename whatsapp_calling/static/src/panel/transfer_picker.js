import { rethrowUnexpected } from "@whatsapp_calling/core/request_errors";
import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { Retry } from "@whatsapp_calling/panel/retry";

import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";

let nextId = 1;

/** Whom to hand the call on to: type, choose with arrows and Enter, ask first or hand on. */
export class TransferPicker extends Component {
    static components = { CallAvatar, Retry };
    static props = { call: Object, close: Function };
    static template = "whatsapp_calling.TransferPicker";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({
            query: "",
            reason: "",
            people: [],
            teams: [],
            chosen: null,
            active: 0,
            loading: true,
            failed: false,
            busy: false,
        });
        this.id = `o_whatsapp_transfer_${nextId++}`;
        this.root = useRef("root");
        this.keepLast = new KeepLast();
        this.searchSoon = useDebounced(() => this.search(), 200);
        onWillStart(() => {
            // not returned: the field is drawn while the server looks who is free
            this.search();
        });
        useEffect(
            () => {
                this.root.el.querySelector(".o-whatsapp-focus").focus();
            },
            () => [Boolean(this.state.chosen)]
        );
        useEffect(
            () => {
                const active = this.root.el.querySelector("[aria-selected=true]");
                active?.scrollIntoView({ block: "nearest" });
            },
            () => [this.state.active]
        );
    }

    async search() {
        Object.assign(this.state, { loading: true, failed: false });
        try {
            const { people, teams } = await this.keepLast.add(
                this.softphone.transferTargets(this.props.call.id, this.state.query.trim())
            );
            Object.assign(this.state, { people, teams, active: 0 });
        } catch (error) {
            Object.assign(this.state, { people: [], teams: [], failed: true });
            rethrowUnexpected(error);
        } finally {
            this.state.loading = false;
        }
    }

    /** People and teams in one row of choices, those of late on top. */
    get options() {
        const people = this.state.people.map((person) => ({
            key: `user-${person.id}`,
            target: { user_id: person.id },
            name: person.name,
            recent: person.recent,
            state: person.state,
            text: this.stateText(person.state),
        }));
        const teams = this.state.teams.map((team) => ({
            key: team.key,
            target: { team: team.key },
            name: team.name,
            recent: team.recent,
            isTeam: true,
            state: team.free ? "free" : "away",
            text: _t("%(kind)s · %(free)s of %(count)s free", {
                kind: team.label,
                free: team.free,
                count: team.count,
            }),
        }));
        const all = [...people, ...teams];
        return [...all.filter(({ recent }) => recent), ...all.filter(({ recent }) => !recent)];
    }

    stateText(state) {
        return {
            free: _t("Free"),
            in_call: _t("In a call"),
            wrap_up: _t("In wrap-up"),
            busy: _t("Do not disturb"),
            away: _t("Away"),
            offline: _t("Offline"),
        }[state];
    }

    optionId(index) {
        return `${this.id}_${index}`;
    }

    choose(option) {
        this.state.chosen = option;
    }

    back() {
        if (this.state.chosen) {
            this.state.chosen = null;
        } else {
            this.props.close();
        }
    }

    get askText() {
        return _t("Ask %(name)s first", { name: this.state.chosen.name });
    }

    /** @param {"blind"|"attended"} kind */
    async transfer(kind) {
        const { chosen, reason } = this.state;
        this.state.busy = true;
        try {
            const ok = await this.softphone.transfer(
                this.props.call.id,
                chosen.target,
                kind,
                reason.trim()
            );
            if (ok) {
                this.props.close();
            }
        } finally {
            this.state.busy = false;
        }
    }

    onKeydown(ev) {
        const { length } = this.options;
        if (ev.key === "Escape") {
            this.back();
        } else if (this.state.chosen || !length) {
            return;
        } else if (ev.key === "ArrowDown") {
            this.state.active = (this.state.active + 1) % length;
        } else if (ev.key === "ArrowUp") {
            this.state.active = (this.state.active + length - 1) % length;
        } else if (ev.key === "Enter") {
            this.choose(this.options[this.state.active]);
        } else {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }
}
