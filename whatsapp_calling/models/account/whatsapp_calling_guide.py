"""The pages of the in-app guide: QWeb views, so that each sentence is translated whole.

The pages are also the source of the handbook in docs/ (tools/handbook.py).
"""

from odoo import api, models
from odoo.exceptions import AccessError

# in the order of the menu of pages; each is the view whatsapp_calling.guide_<name>
PAGES = (
    "user",
    "manager",
    "administrator",
    "connect",
    "troubleshooting",
    "flows",
)


class WhatsappCallingGuide(models.AbstractModel):
    _name = "whatsapp.calling.guide"
    _description = "WhatsApp Calling Guide"

    @api.model
    def pages(self):
        """All pages in the user's language.

        :return: [{"id": "user", "html": "<h1>…</h1>…"}]; a button that opens a
            screen is left out for those who may not open it
        """
        if not self.env.user.has_group("whatsapp_calling.group_operator"):
            raise AccessError(self.env._("The guide is for users of WhatsApp Calling."))
        render = self.env["ir.qweb"]._render
        return [
            {"id": page, "html": render(f"whatsapp_calling.guide_{page}")}
            for page in PAGES
        ]
