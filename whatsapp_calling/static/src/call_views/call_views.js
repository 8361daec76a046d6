import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";
import { shareable } from "./shared_search";

registry.category("views").add("whatsapp_call_list", shareable(listView));
registry.category("views").add("whatsapp_call_kanban", shareable(kanbanView));
