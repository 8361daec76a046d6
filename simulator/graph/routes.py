"""Which path of Graph leads to which endpoint."""

from typing import TYPE_CHECKING

from aiohttp import web

from . import (
    accounts,
    apps,
    blocks,
    calls,
    media,
    messages,
    permissions,
    settings,
    templates,
)
from .gate import endpoint

if TYPE_CHECKING:
    from ..world import World

TABLE = [
    ("GET", "debug_token", "debug_token", apps.debug_token),
    ("POST", "{object}/calls", "calls", calls.calls),
    ("GET", "{object}/settings", "settings", settings.get_settings),
    ("POST", "{object}/settings", "settings", settings.post_settings),
    (
        "GET",
        "{object}/call_permissions",
        "call_permissions",
        permissions.call_permissions,
    ),
    ("POST", "{object}/messages", "messages", messages.messages),
    ("POST", "{object}/media", "media", media.upload),
    ("*", "{object}/block_users", "block_users", blocks.block_users),
    ("GET", "{object}/phone_numbers", "phone_numbers", accounts.phone_numbers),
    ("*", "{object}/subscribed_apps", "subscribed_apps", accounts.subscribed_apps),
    ("GET", "{object}/subscriptions", "subscriptions", apps.subscriptions),
    ("GET", "{object}/message_templates", "templates", templates.message_templates),
    ("POST", "{object}/message_templates", "templates", templates.message_templates),
    ("GET", "{object}", "object", accounts.show_object),
    ("DELETE", "{object}", "object", accounts.delete_object),
    ("*", "{rest:.*}", "unknown", accounts.nothing),
]


def add(app: web.Application, world: "World") -> None:
    """Add all of them, with a version in front."""
    for method, path, name, handler in TABLE:
        app.router.add_route(
            method,
            r"/v{version:\d+}.{minor:\d+}/" + path,
            endpoint(world, name, handler),
        )
    app.router.add_get(
        "/whatsapp_business/attachments/",
        endpoint(world, "download", media.download),
    )
