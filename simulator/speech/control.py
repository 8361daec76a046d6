"""Control of the speech vendors: what they got, what they are to hear."""

from dataclasses import asdict

from aiohttp import web

from ..control.tools import answer, body_of, world_of


async def show(request: web.Request) -> web.Response:
    """GET /control/speech[?vendor=][&since=]: streams and spoken texts, in order."""
    rows = [asdict(row) for row in world_of(request).speech.connections]
    since = float(request.query.get("since", 0))
    rows = [row for row in rows if row["at"] >= since]
    if vendor := request.query.get("vendor"):
        rows = [row for row in rows if row["vendor"] == vendor]
    return answer(rows)


async def script(request: web.Request) -> web.Response:
    """POST /control/speech {"turns": ["text", ["piece", "piece"]]}: heard next.

    Each utterance takes one of them, whoever says it; when none is left utterances are
    recognised again. An empty list clears.
    """
    data, desk = await body_of(request), world_of(request).speech
    turns = data.get("turns")
    if not isinstance(turns, list):
        raise ValueError("turns must be a list of texts or of lists of texts")
    turns = [[turn] if isinstance(turn, str) else list(turn) for turn in turns]
    if not turns:
        desk.script.clear()
    desk.script.extend(turns)
    return answer({"waiting": len(desk.script)})


ROUTES = [("GET", "speech", show), ("POST", "speech", script)]
