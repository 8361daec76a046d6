"""Makes the addon's tools importable without Odoo, as for the providers' tests."""

from tests.providers import conftest  # noqa: F401
