"""Which path is answered by which handler."""

from aiohttp import web

from . import calls, messages, objects
from .server import handler

VERSION = r"/{version:v\d+\.\d+}"
EDGES = [
    ("GET", "settings", objects.get_settings),
    ("POST", "settings", objects.post_settings),
    ("POST", "calls", calls.post_calls),
    ("GET", "call_permissions", calls.get_permissions),
    ("POST", "messages", messages.post_messages),
    ("POST", "media", objects.post_media),
    ("GET", "block_users", objects.block_users),
    ("POST", "block_users", objects.block_users),
    ("DELETE", "block_users", objects.block_users),
    ("GET", "phone_numbers", objects.get_phone_numbers),
    ("GET", "subscribed_apps", objects.get_subscribed_apps),
    ("POST", "subscribed_apps", objects.post_subscribed_apps),
    ("DELETE", "subscribed_apps", objects.delete_subscribed_apps),
    ("GET", "message_templates", objects.get_templates),
    ("POST", "message_templates", objects.post_templates),
]


def add_routes(app: web.Application) -> None:
    """Put Graph's paths into an aiohttp application."""
    router = app.router
    router.add_route("GET", f"{VERSION}/debug_token", handler(objects.debug_token))
    for method, edge, function in EDGES:
        path = f"{VERSION}/{{object}}/{edge}"
        router.add_route(method, path, handler(function))
    router.add_route("GET", f"{VERSION}/{{object}}", handler(objects.get_object))
    router.add_route("DELETE", f"{VERSION}/{{object}}", handler(objects.delete_object))
    router.add_route("GET", "/media/{object}", handler(objects.download))
