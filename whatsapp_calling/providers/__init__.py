"""Providers by name. The rest of the addon asks this table and the flags."""

from .base import (
    Answer,
    Capabilities,
    Credentials,
    ErrorInfo,
    Event,
    PayloadError,
    Peer,
    PermissionReply,
    Provider,
    ProviderError,
)
from .meta import MetaProvider

PROVIDERS: dict[str, Provider] = {
    provider.name: provider for provider in (MetaProvider(),)
}

__all__ = [
    "PROVIDERS",
    "Answer",
    "Capabilities",
    "Credentials",
    "ErrorInfo",
    "Event",
    "PayloadError",
    "Peer",
    "PermissionReply",
    "Provider",
    "ProviderError",
]
