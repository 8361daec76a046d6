"""The list of calls and the dashboard, among few calls and among a million."""

from benchmarks.figures import in_turns, median
from benchmarks.rows import Row

PAUSE = 0.05  # seconds
LIMIT = 1.5
# what the web client asks for when the menu "Calls" is opened
DOMAIN = [["started_at", ">=", "today -29d"]]
COLUMNS = (
    *("direction", "peer_name", "peer_phone", "started_at", "duration_text"),
    *("state", "reason", "wait_seconds", "error_code", "record_label"),
)
SPECIFICATION = {
    **{name: {} for name in COLUMNS},
    **{
        name: {"fields": {"display_name": {}}}
        for name in ("number_id", "handler_id", "company_id")
    },
}
COUNT_LIMIT = 1001  # of the list view
PAGES = {
    "list of calls": (
        "web_search_read",
        [DOMAIN, SPECIFICATION],
        {"limit": 80, "count_limit": COUNT_LIMIT},
    ),
    "dashboard of 24 hours": ("dashboard", ["24h"], {}),
    "dashboard of 30 days": ("dashboard", ["30d"], {}),
}


def among_a_million(small, large, people, count=30):
    """The same pages on two servers in turns.

    :param people: {role: login}
    """
    for role, login in people.items():
        few, many = small.rpc(login), large.rpc(login)
        for name, (method, arguments, options) in PAGES.items():

            def ask(rpc, method=method, arguments=arguments, options=options):
                return rpc("whatsapp.call", method, *arguments, **options)

            for rpc in (few, many):
                for _warm_up in range(5):
                    ask(rpc)
            samples = in_turns(
                count,
                lambda _i, ask=ask, many=many: ask(many),
                lambda _i, ask=ask, few=few: ask(few),
                PAUSE,
            )
            yield Row(
                f"{name}, {role}, 1,000,000 calls against 1,000, p50 of {count}",
                median(samples[0]),
                LIMIT,
                reference=median(samples[1]),
                relative=True,
            )
