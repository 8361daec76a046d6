"""The log of an Odoo test run says which tests passed: nothing else does."""

from tools import odoo_log
from tools.results import FAILED, PASSED, SKIPPED

STAMP = "2026-01-02 03:04:05,678 4321"
TESTS = "odoo.addons.whatsapp_calling.tests.test_claim"


def outcomes(*lines):
    return odoo_log.read("\n".join(lines)).outcomes


def info(text, logger=TESTS):
    return f"{STAMP} INFO db {logger}: {text}"


def error(text, logger=TESTS):
    return f"{STAMP} ERROR db {logger}: {text}"


def test_a_test_that_started_and_did_not_fail_has_passed():
    assert outcomes(info("Starting TestClaim.test_first_wins ... ")) == {
        "whatsapp_calling/tests/test_claim.py::TestClaim.test_first_wins": PASSED
    }


def test_a_failing_subtest_fails_its_test():
    found = odoo_log.read(
        "\n".join(
            [
                info("Starting TestClaim.test_all ... "),
                error("FAIL: Subtest TestClaim.test_all (state='ringing')"),
                "Traceback (most recent call last):",
                "AssertionError: 1 != 2",
            ]
        )
    )
    name = "whatsapp_calling/tests/test_claim.py::TestClaim.test_all"
    assert found.outcomes == {name: FAILED}
    assert found.why[name].endswith("AssertionError: 1 != 2")


def test_a_class_that_cannot_be_set_up_fails():
    line = error(
        "ERROR: setUpClass (odoo.addons.whatsapp_calling.tests.test_claim.TestClaim)",
    )
    assert list(outcomes(line).values()) == [FAILED]


def test_a_skipped_test_has_not_passed():
    found = outcomes(
        info("Starting TestClaim.test_browser ... "),
        info("skipped TestClaim.test_browser : websocket-client not found"),
    )
    assert list(found.values()) == [SKIPPED]


def test_hoot_tests_are_named_one_by_one():
    browser = f"{TESTS}.TestJs.test_hoot.browser"
    found = outcomes(
        info(
            '[HOOT] Test "@whatsapp_calling/phone/rings once" passed (assertions: 2)',
            browser,
        ),
        error('[HOOT] Test "@whatsapp_calling/phone/stops" failed:', browser),
    )
    assert found == {
        "hoot:@whatsapp_calling/phone/rings once": PASSED,
        "hoot:@whatsapp_calling/phone/stops": FAILED,
    }


def test_an_error_that_no_test_reports_fails_the_run():
    found = outcomes(error("bad query", "odoo.sql_db"))
    assert found == {"odoo:log": FAILED}


def test_a_warning_does_not():
    assert outcomes(f"{STAMP} WARNING db odoo.http: late") == {}
