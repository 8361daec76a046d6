"""`make handbook`: pages of docs/ made from the pages of the guide in Odoo.

What the guide says is written once, as QWeb views (whatsapp_calling/views/guide/). A
comment `picture: file.png | what it shows` becomes a picture, a flow a Mermaid
diagram; buttons stay in Odoo.
"""

import re

from lxml import etree

from tools.paths import ROOT
from tools.say import main, say

GUIDE = ROOT / "whatsapp_calling/views/guide"
DOCS = ROOT / "docs"
NOTE = "<!-- Made by `make handbook` from {source}: change that. -->\n"
WRAPPED = {"b": "**", "i": "*", "em": "*", "code": "`", "kbd": "`"}


def handbook():
    for path, text in pages().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            say("handbook", path.relative_to(ROOT))


def pages():
    """{path in docs/: its Markdown} of every page of the guide."""
    made = {}
    for source in sorted(GUIDE.glob("guide_*.xml")):
        template = etree.parse(source).find("template")
        note = NOTE.format(source=source.relative_to(ROOT))
        name = source.stem.removeprefix("guide_")
        made[DOCS / f"{name}.md"] = note + "\n" + "\n\n".join(_blocks(template)) + "\n"
    return made


def _blocks(parent):
    """Markdown paragraphs of a node that holds blocks."""
    for node in parent:
        if node.tag is etree.Comment:
            yield from _picture(node)
        elif node.tag in ("section", "div", "t"):
            flow = "o-whatsapp-Flow" in node.get("class", "")
            yield from [_flow(node)] if flow else _blocks(node)
        elif re.fullmatch(r"h[1-6]", node.tag):
            anchor = parent.get("id") if parent.tag == "section" else ""
            mark = f'<a id="{anchor}"></a>\n\n' if anchor else ""
            yield f"{mark}{'#' * int(node.tag[1])} {_inline(node)}"
        elif node.tag in ("ul", "ol"):
            yield _list(node)
        elif node.tag == "table":
            yield _table(node)
        elif node.tag == "p":
            text = _inline(node)
            if "alert" in node.get("class", ""):
                text = f"> {text}"
            if text:
                yield text


def _picture(comment):
    found = re.fullmatch(r"\s*picture: (\S+) \| (.+?)\s*", comment.text)
    if found:
        yield f"![{found[2]}](pictures/{found[1]})"


def _list(node):
    first = int(node.get("start", 1))
    items = []
    for index, item in enumerate(node.findall("li"), first):
        mark = f"{index}. " if node.tag == "ol" else "- "
        has_blocks = item.find("p") is not None
        blocks = list(_blocks(item)) if has_blocks else [_inline(item)]
        text = "\n\n".join(blocks).replace("\n", "\n" + " " * len(mark))
        items.append(mark + re.sub(r"\n +\n", "\n\n", text))
    loose = any("\n\n" in item for item in items)
    return ("\n\n" if loose else "\n").join(items)


def _table(node):
    rows = [[_inline(cell) for cell in row] for row in node.iter("tr")]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _flow(node):
    lines = ["```mermaid", "sequenceDiagram"]
    for lane in node.iter("li"):
        if lane.get("data-lane"):
            lines.append(f"    participant {lane.get('data-lane')} as {_inline(lane)}")
    for step in node.iter("li"):
        start, end = step.get("data-from"), step.get("data-to")
        text = _inline(step).replace(";", ",")
        if end:
            arrow = "-->>" if step.get("data-answer") is not None else "->>"
            lines.append(f"    {start}{arrow}{end}: {text}")
        elif start:
            lines.append(f"    Note over {start}: {text}")
    return "\n".join([*lines, "```"])


def _inline(node):
    """One line of Markdown; buttons are left out."""
    parts = [node.text or ""]
    for child in node:
        if child.tag != "button" and child.tag is not etree.Comment:
            parts.append(_marked(child))
        parts.append(child.tail or "")
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def _marked(node):
    text = _inline(node)
    if node.tag == "a":
        return f"[{text}]({node.get('href')})"
    if "o-whatsapp-Guide-menu" in node.get("class", ""):
        return f"**{text}**"
    mark = WRAPPED.get(node.tag, "")
    return f"{mark}{text}{mark}"


if __name__ == "__main__":
    main(handbook)
