"""Helpers without models. Import the file you need: some of them need Odoo."""
