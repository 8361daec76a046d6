"""Runs the browser tests of the softphone (static/tests, HOOT)."""

from odoo.tests import tagged

from odoo.addons.web.tests.test_js import WebSuite


@tagged("post_install", "-at_install")
class TestSoftphoneJs(WebSuite):
    def get_hoot_filters(self):
        # only our suite: a text filter would match hundreds of foreign tests
        self._test_params = [("+", "@whatsapp_calling")]
        return super().get_hoot_filters()

    def test_softphone(self):
        self.test_unit_desktop()
