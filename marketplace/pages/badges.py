"""`/badges/<name>/<what>.svg`: how a plugin stands, as a picture for READMEs anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from marketplace.outlets.answer import respond
from marketplace.outlets.badges import Badge, draw_badge
from marketplace.templatetags.plugport import short_number
from marketplace.words import TRUST
from plugport.spec.errors import MissingError
from registry.errors import UnknownPluginError
from registry.models import Plugin
from registry.queries import get_plugin

_SECONDS = 300
# Soon there may be one of that name.
_MISSING_SECONDS = 30
# What stands on the right, and its colour where it has one.
Said: TypeAlias = tuple[str] | tuple[str, str]
_BLOCKED = ("blocked", "blocked")


@require_safe
def show_badge(request: HttpRequest, name: str, what: str) -> HttpResponseBase:
    """A badge: 1 query. Of a name that is not here it says so, with status 404.

    Raises `MissingError` for a badge that there is not: nobody sees that in a README for long.
    """
    if what not in _BADGES:
        kinds = ", ".join(f"`{kind}`" for kind in _BADGES)
        raise MissingError(f"There is no badge of that name; there are {kinds}.")
    try:
        badge, status = _describe(get_plugin(name), what), 200
    except UnknownPluginError:
        badge, status = Badge("plugport", "not found", "missing"), 404
    return respond(
        request,
        draw_badge(badge),
        content_type="image/svg+xml; charset=utf-8",
        seconds=_SECONDS if status == 200 else _MISSING_SECONDS,
        status=status,
    )


def _describe(plugin: Plugin, what: str) -> Badge:
    """The badge. Of a plugin that is blocked every one says so, and nothing of its author's."""
    label, read = _BADGES[what]
    if not plugin.is_listed:
        return Badge(label, *_BLOCKED)
    return Badge(label, *read(plugin))


def _read_version(plugin: Plugin) -> Said:
    version = plugin.document.get("latestVersion")
    if not version:
        return _BLOCKED
    if plugin.document.get("deprecated"):
        return f"v{version}, deprecated", "deprecated"
    return (f"v{version}",)


def _read_trust(plugin: Plugin) -> Said:
    return TRUST[plugin.trust].label.lower(), plugin.trust


def _read_downloads(plugin: Plugin) -> Said:
    return (f"{short_number(plugin.weekly_downloads)} a week",)


def _read_licence(plugin: Plugin) -> Said:
    return (plugin.license,) if plugin.license else ("none named", "missing")


_BADGES: dict[str, tuple[str, Callable[[Plugin], Said]]] = {
    "version": ("plugport", _read_version),
    "trust": ("trust", _read_trust),
    "downloads": ("downloads", _read_downloads),
    "licence": ("licence", _read_licence),
    "license": ("licence", _read_licence),
}
