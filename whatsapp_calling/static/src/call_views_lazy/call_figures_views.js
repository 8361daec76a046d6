import { registry } from "@web/core/registry";
import { graphView } from "@web/views/graph/graph_view";
import { pivotView } from "@web/views/pivot/pivot_view";
import { shareable } from "@whatsapp_calling/call_views/shared_search";

registry.category("views").add("whatsapp_call_graph", shareable(graphView));
registry.category("views").add("whatsapp_call_pivot", shareable(pivotView));
