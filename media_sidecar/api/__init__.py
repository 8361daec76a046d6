"""The API of a unit: Odoo asks, the sidecar does it and answers."""
