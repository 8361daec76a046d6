"""What Graph's refusals and failures mean, and whether it may have been done."""

import json
import logging
import socket
import traceback

import pytest

from tests.providers.payloads import CUSTOMER, NUMBER, WACID, sdp
from whatsapp_calling.providers import PROVIDERS, Credentials, ProviderError

meta = PROVIDERS["meta"]
TOKEN = "EAAdemoTokenThatMustNotShow123"
APP_SECRET = "demo-app-secret-1"
SDP = sdp("chromium_offer")
PAYLOADS = {
    "connect": {"to": CUSTOMER, "sdp": SDP},
    "accept": {"call_ref": WACID, "sdp": SDP},
    "pre_accept": {"call_ref": WACID, "sdp": SDP},
    "terminate": {"call_ref": WACID},
    "reject": {"call_ref": WACID},
    "check": {},
}


def refused(graph=None, action="connect", url=None, timeout=(1, 5)):
    """The ProviderError of an action."""
    known = Credentials(TOKEN, APP_SECRET, url or graph.url, "v25.0", timeout)
    with pytest.raises(ProviderError) as caught:
        meta.send(known, action, NUMBER, PAYLOADS[action])
    return caught.value


def said(code, message="(#1) It did not work", **members):
    return {
        "error": {"message": message, "code": code, "type": "OAuthException"} | members
    }


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 190, "auth"),
        (401, 0, "auth"),
        (403, 10, "rights"),
        (403, 200, "rights"),
        (403, 299, "rights"),
        (400, 131044, "rights"),
        (401, 138006, "permission"),
        (400, 138012, "limit"),
        (400, 138009, "limit"),
        (429, 138002, "limit"),
        (429, 138005, "limit"),
        (429, 613, "rate"),
        (429, 130429, "rate"),
        (400, 131056, "rate"),
        (400, 4, "rate"),
        (400, 80007, "rate"),
        (401, 138000, "refused"),
        (400, 138001, "refused"),
        (400, 138003, "refused"),
        (400, 138008, "refused"),
        (400, 138017, "refused"),
        (400, 131047, "refused"),
        (400, 131055, "refused"),
        (400, 100, "refused"),
        (400, 999999, "refused"),
    ],
)
def test_the_code_decides_and_a_4xx_was_not_carried_out(graph, status, code, kind):
    graph.answers = [(status, {}, said(code))]
    error = refused(graph)
    assert (error.kind, error.code, error.http_status) == (kind, code, status)
    assert error.certain


@pytest.mark.parametrize(
    ("code", "kind", "certain"),
    [
        (1, "unavailable", False),
        (2, "unavailable", False),
        (131000, "unavailable", False),
        (131016, "unavailable", False),
        (138004, "unavailable", False),
        (138007, "unavailable", False),
        (999999, "unavailable", False),
        (None, "unavailable", False),
        (138006, "permission", True),
        (138012, "limit", True),
        (100, "refused", True),
    ],
)
def test_a_5xx_may_have_been_carried_out_unless_the_code_says_refused(
    graph, code, kind, certain
):
    graph.answers = [(500, {}, said(code))]
    error = refused(graph)
    assert (error.kind, error.certain) == (kind, certain)


def test_the_error_says_what_whatsapp_said(graph):
    answer = said(
        138006,
        "(#138006) No approved call permission from the recipient",
        error_subcode=2390008,
        error_data={"messaging_product": "whatsapp", "details": "No permission."},
        error_user_title="Not allowed",
        error_user_msg="Ask first.",
    )
    graph.answers = [(401, {"Retry-After": "30"}, answer)]
    error = refused(graph)
    assert error.message == "(#138006) No approved call permission from the recipient"
    assert str(error) == error.message
    assert error.details == "No permission. Not allowed Ask first."
    assert (error.subcode, error.retry_after) == (2390008, 30.0)


@pytest.mark.parametrize(
    "extra",
    [
        {"next_allowed_time": 1790604850},
        {"next_allowed_time": "1790604850"},
        {"next_allowed_time": "2026-09-28T14:14:10Z"},
        {"next_allowed_time": "2026-09-28T16:14:10+02:00"},
        {"details": "Limit reached. Next call allowed at 1790604850."},
        {"details": "Limit reached until 2026-09-28T14:14:10+0000, sorry"},
        {"limits": [{"limit_expiration_time": 1790604850}, {"max_allowed": 100}]},
        "Try again after 2026-09-28 14:14:10",
    ],
    ids=str,
)
def test_138012_tells_when_the_next_call_is_allowed(graph, extra):
    graph.answers = [(400, {}, said(138012, error_data=extra))]
    assert refused(graph).next_allowed_at == 1790604850.0


@pytest.mark.parametrize("extra", [None, {}, [], 5, {"details": "100 of 100, 24h"}])
def test_without_a_time_none_is_invented(graph, extra):
    graph.answers = [(400, {}, said(138012, error_data=extra))]
    assert refused(graph).next_allowed_at is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0.0), ("120", 120.0), ("Thu, 01 Jan 2015 00:00:00 GMT", 0.0), ("x", None)],
)
def test_retry_after_is_seconds_or_a_date(graph, header, seconds):
    graph.answers = [(429, {"Retry-After": header}, said(130429))]
    assert refused(graph).retry_after == seconds


# ---- the call is over

UNKNOWN_CALL = said(
    100,
    f"Unsupported post request. Object with ID '{WACID}' does not exist, cannot be "
    "loaded due to missing permissions, or does not support this operation.",
    error_subcode=33,
)
ENDINGS = {
    "user has ended it": (400, said(100, "User has already terminated the call")),
    "several states": (400, said(100, "Call already in progress, completed or failed")),
    "reject runs": (400, said(100, "Reject already in progress")),
    "unknown call": (400, UNKNOWN_CALL),
    "in the details": (
        400,
        said(100, "Invalid parameter", error_data={"details": "Call has ended"}),
    ),
    "not found": (404, said(100, "Nothing here")),
    "not found without code": (404, said(None, "Nothing here")),
}


@pytest.mark.parametrize("action", ["terminate", "reject"])
@pytest.mark.parametrize("name", ENDINGS)
def test_to_end_a_call_that_is_over_is_as_good_as_done(graph, action, name):
    status, answer = ENDINGS[name]
    graph.answers = [(status, {}, answer)]
    assert refused(graph, action).kind == "ended"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(100, "User has already terminated the call"), "ended"),
        (UNKNOWN_CALL, "ended"),
        (said(100, "Accept already in progress"), "in_progress"),
        (said(100, "Call already in progress, completed or failed"), "in_progress"),
        (said(100, "Invalid SDP"), "refused"),
    ],
)
@pytest.mark.parametrize("action", ["accept", "pre_accept"])
def test_an_accept_that_is_under_way_is_not_over(graph, action, answer, kind):
    if kind == "in_progress" and action == "pre_accept":
        kind = "refused"  # it only helps: nothing follows from it
    graph.answers = [(400, {}, answer)]
    assert refused(graph, action).kind == kind


def test_a_call_is_not_over_when_it_is_our_number_that_is_unknown(graph):
    text = f"Unsupported post request. Object with ID '{NUMBER}' does not exist"
    graph.answers = [(400, {}, said(100, text, error_subcode=33))]
    assert refused(graph, "terminate").kind == "refused"


@pytest.mark.parametrize("code", [190, 138000, 131055])
def test_other_refusals_of_an_end_are_no_success(graph, code):
    graph.answers = [(400, {}, said(code, "User has already terminated the call"))]
    assert refused(graph, "terminate").kind != "ended"


def test_connect_is_never_over(graph):
    graph.answers = [(404, {}, said(100, "does not exist"))]
    assert refused(graph, "connect").kind == "refused"


# ---- no answer, or none of Graph's


@pytest.mark.parametrize(
    ("status", "content", "kind", "certain"),
    [
        (200, b"<html>Welcome</html>", "nonsense", False),
        (200, b"", "nonsense", False),
        (200, b"[]", "nonsense", False),
        (200, b'{"success": true}', "nonsense", False),  # connect without an id
        (200, b'{"calls": [{"id": 5}]}', "nonsense", False),
        (302, b"", "nonsense", True),
        (400, b"<html>", "nonsense", True),
        (404, b'{"error": "not here"}', "nonsense", True),
        (401, b"", "auth", True),
        (429, b"slow down", "rate", True),
        (500, b"", "unavailable", False),
        (502, b"<html>Bad gateway</html>", "unavailable", False),
        (503, b'["x"]', "unavailable", False),
    ],
)
def test_an_answer_that_is_not_graph_s(graph, status, content, kind, certain):
    graph.answers = [(status, {"Location": "http://elsewhere.example/"}, content)]
    error = refused(graph)
    assert (error.kind, error.certain, error.http_status) == (kind, certain, status)
    assert error.code is None
    assert len(graph.asked) == 1


def test_an_error_within_a_200_is_an_error(graph):
    graph.answers = [(200, {}, said(138006))]
    assert refused(graph).kind == "permission"


def test_no_answer_in_time_may_have_been_carried_out(graph):
    graph.answers = [(None, {}, {})]
    error = refused(graph, timeout=(1, 0.2))
    assert (error.kind, error.certain) == ("timeout", False)


def test_a_connection_that_breaks_off_may_have_been_carried_out(graph):
    graph.answers = [(0, {}, {})]
    error = refused(graph)
    assert (error.kind, error.certain) == ("unreachable", False)


def test_an_answer_that_breaks_off_may_have_been_carried_out(graph):
    graph.answers = [(200, {"Content-Length": "1000", "Connection": "close"}, {})]
    error = refused(graph, timeout=(1, 0.2))
    assert not error.certain
    assert error.kind in ("nonsense", "timeout")


def test_a_refused_connection_was_not_carried_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        error = refused(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (error.kind, error.certain) == ("unreachable", True)


def test_a_connection_that_is_not_made_in_time_was_not_carried_out():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _each in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        try:
            error = refused(
                url=f"http://127.0.0.1:{full.getsockname()[1]}", timeout=(0.2, 1)
            )
        finally:
            for each in waiting:
                each.close()
    assert (error.kind, error.certain) == ("timeout", True)


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://", "ftp://x"])
def test_an_address_that_leads_nowhere_was_not_carried_out(url, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    error = refused(url=url)
    assert (error.kind, error.certain) == ("unreachable", True)


def test_something_without_tls_behind_https_was_not_carried_out(graph):
    error = refused(url=graph.url.replace("http:", "https:"))
    assert (error.kind, error.certain) == ("unreachable", True)


# ---- discretion


@pytest.mark.parametrize(
    "answer",
    [
        (400, {}, said(190, f"Malformed access token {TOKEN}")),
        (400, {}, said(100, f"Bad SDP: {SDP}", error_data={"details": SDP})),
        (400, {}, said(100, f"Bad: {json.dumps({'sdp': SDP})}")),
        (200, {}, f"<html>{TOKEN} {SDP}</html>".encode()),
        (0, {}, {}),
    ],
    ids=["token", "SDP", "SDP as JSON", "page", "broken off"],
)
def test_no_token_and_no_sdp_in_errors_tracebacks_and_logs(graph, answer, caplog):
    graph.answers = [answer]
    with caplog.at_level(logging.DEBUG, logger="whatsapp_calling"):
        error = refused(graph)
    # What a caught error may end up as, without the source lines of this test.
    shown = "".join(traceback.format_exception_only(error)) + repr(vars(error))
    shown += repr([error.__cause__, error.__context__])
    shown += "".join(record.getMessage() for record in caplog.records)
    for secret in (TOKEN, APP_SECRET, "ice-pwd", "LONxB0BJDa9F", "appsecret_proof"):
        assert secret not in shown


def test_a_request_is_logged_with_path_status_and_time(graph, caplog):
    graph.answers = [(400, {}, said(100))]
    with caplog.at_level(logging.INFO, logger="whatsapp_calling"):
        refused(graph)
    (record,) = [each for each in caplog.records if "whatsapp" in each.name]
    assert record.getMessage().startswith(f"POST /v25.0/{NUMBER}/calls: 400 in ")
