"""The one error the API answers with, and what its codes mean."""


class ApiError(Exception):
    """A refusal: an HTTP `status`, a `code` for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict:
        """As the API and Odoo both write it."""
        return {"error": {"code": self.code, "message": self.message}}


class ConfigError(Exception):
    """What is wrong in the configuration, and what to write instead."""


class OdooAway(Exception):
    """Odoo gave no answer at all: refused, timed out, or cut off."""
