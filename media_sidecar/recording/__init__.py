"""The sound of calls, kept: written as it comes, encrypted, handed over to Odoo."""
