import { drawFlows } from "@whatsapp_calling/guide/flow_diagram";
import { findSections, readPage } from "@whatsapp_calling/guide/guide_pages";

import {
    Component,
    markup,
    onWillStart,
    useEffect,
    useExternalListener,
    useRef,
    useState,
} from "@odoo/owl";

import { router } from "@web/core/browser/router";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * The guide inside Odoo. Its pages are QWeb views of the server; here they get a menu,
 * a search, buttons that open a screen, and their drawings.
 */
export class Guide extends Component {
    static displayName = _t("Guide");
    static props = { ...standardActionServiceProps };
    static template = "whatsapp_calling.Guide";

    setup() {
        super.setup();
        this.action = useService("action");
        this.orm = useService("orm");
        this.content = useRef("content");
        this.search = useRef("search");
        this.nav = useRef("nav");
        const { page, section } = { ...this.addressed, ...this.props.action.params };
        this.state = useState({ pageId: page, sectionId: section, query: "" });
        this.pages = [];
        onWillStart(async () => {
            const pages = await this.orm.call("whatsapp.calling.guide", "pages", []);
            this.pages = pages.map(({ id, html }) => readPage(id, markup(html)));
        });
        useEffect(
            (page, sectionId, searching) => {
                if (searching) {
                    return;
                }
                drawFlows(this.content.el);
                this.showSection(sectionId);
                const current = this.nav.el.querySelector(".active");
                current?.scrollIntoView({ block: "nearest", inline: "nearest" });
                this.props.updateActionState?.({ page: page.id, section: sectionId });
            },
            () => [this.page, this.state.sectionId, this.isSearching]
        );
        useExternalListener(window, "keydown", (ev) => this.onWindowKeydown(ev));
    }

    /** Page and section of an address that was bookmarked or reloaded. */
    get addressed() {
        const { action, page, section } = router.current;
        return action === this.props.action.path ? { page, section } : {};
    }

    get page() {
        return this.pages.find(({ id }) => id === this.state.pageId) || this.pages[0];
    }

    get isSearching() {
        return Boolean(this.state.query.trim());
    }

    get found() {
        return findSections(this.pages, this.state.query);
    }

    /**
     * @param {string} pageId
     * @param {string} [sectionId] where on the page; its top when not given
     */
    open(pageId, sectionId) {
        Object.assign(this.state, { pageId, sectionId, query: "" });
    }

    showSection(sectionId) {
        const sections = [...this.content.el.querySelectorAll("section[id]")];
        const section = sections.find(({ id }) => id === sectionId);
        if (!section) {
            this.content.el.scrollTop = 0;
            return;
        }
        section.scrollIntoView();
        section.querySelector("h2, h3")?.focus({ preventScroll: true });
    }

    onClickContent(ev) {
        const button = ev.target.closest("[data-action]");
        if (button) {
            this.action.doAction(button.dataset.action);
            return;
        }
        const link = ev.target.closest("[data-page]");
        if (link) {
            this.open(link.dataset.page, link.dataset.section);
        }
    }

    onSearchKeydown(ev) {
        if (ev.key === "Escape" && this.state.query) {
            ev.stopPropagation();
            this.state.query = "";
        } else if (ev.key === "Enter" && this.found.length) {
            this.open(this.found[0].page.id, this.found[0].section.id);
        }
    }

    onWindowKeydown(ev) {
        if (ev.key === "/" && !ev.target.closest("input, textarea, select, [contenteditable]")) {
            ev.preventDefault();
            this.search.el.focus();
        }
    }
}

registry.category("actions").add("whatsapp_calling.guide", Guide);
