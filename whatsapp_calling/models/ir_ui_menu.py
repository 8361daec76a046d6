"""The menu of calling is there where calling is: for the companies that are ticked."""

from odoo import api, models
from odoo.http import request

ROOT = "whatsapp_calling.whatsapp_calling_menu"


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    @api.model
    def load_menus(self, debug):
        """Without calling where it is off; what Odoo caches knows no companies."""
        menus = super().load_menus(debug)
        root_id = self.env["ir.model.data"]._xmlid_to_res_id(ROOT)
        if root_id not in menus or not self._hides_calling():
            return menus
        # the cached one is everybody's: filtered, not changed
        shown = {
            menu_id: menu
            for menu_id, menu in menus.items()
            if menu_id == "root" or menu["app_id"] != root_id
        }
        apps = [menu_id for menu_id in menus["root"]["children"] if menu_id != root_id]
        return {**shown, "root": {**menus["root"], "children": apps}}

    @api.model
    def load_menus_root(self):
        menus = super().load_menus_root()
        root_id = self.env["ir.model.data"]._xmlid_to_res_id(ROOT)
        if root_id not in menus["all_menu_ids"] or not self._hides_calling():
            return menus
        return {
            **menus,
            "children": [menu for menu in menus["children"] if menu["id"] != root_id],
            "all_menu_ids": [id_ for id_ in menus["all_menu_ids"] if id_ != root_id],
        }

    def _hides_calling(self):
        """Operators see nothing of calling where it is off; managers keep the log."""
        if self.env.user.has_group("whatsapp_calling.group_manager"):
            return False
        # sudo: company - whether calling is on is no secret to its users
        companies = self._ticked_companies().sudo()
        return not any(companies.mapped("whatsapp_calling_enabled"))

    def _ticked_companies(self):
        """The companies of the switcher: menus are loaded without a context."""
        own = self.env.user.company_ids
        if "allowed_company_ids" in self.env.context or not request:
            return self.env.companies
        ticked = (request.cookies.get("cids") or "").replace(",", "-").split("-")
        return own.filtered(lambda company: str(company.id) in ticked) or (
            self.env.user.company_id
        )
