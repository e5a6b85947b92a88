"""`/badges/<name>/<what>.svg`: facts about a plugin as an image for READMEs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.labels import TRUST
from marketplace.syndication.badges import Badge, render_badge
from marketplace.syndication.http_cache import build_cacheable_response
from marketplace.templatetags.plugport import short_number
from plugport.spec.errors import MissingError
from registry.errors import UnknownPluginError
from registry.models import Plugin
from registry.queries.catalog import get_plugin
from registry.queries.visible import EVERYBODY

# READMEs elsewhere load badges through caches. A blocked plugin must show within minutes.
_MAX_AGE_SECONDS = 300
# The plugin may be published soon: authors add the badge to the README first.
_NOT_FOUND_MAX_AGE_SECONDS = 30
# The text on the right, and its color if it is not the default one.
BadgeValue: TypeAlias = tuple[str] | tuple[str, str]
_BLOCKED = ("blocked", "blocked")


@require_safe
@cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
def serve_badge(request: HttpRequest, name: str, what: str) -> HttpResponseBase:
    """Serve a badge: 1 query. An unknown plugin gets a badge "not found" with status 404.

    Raises `MissingError` for an unknown kind of badge, which is a mistake in the README's link.
    """
    if what not in _BADGES:
        kinds = ", ".join(f"`{kind}`" for kind in _BADGES)
        raise MissingError("There is no such badge.", hint=f"Use one of {kinds}.")
    try:
        badge, status = _build_badge(get_plugin(name, EVERYBODY), what), 200
    except UnknownPluginError:
        badge, status = Badge("plugport", "not found", "missing"), 404
    return build_cacheable_response(
        request,
        render_badge(badge),
        content_type="image/svg+xml; charset=utf-8",
        seconds=_MAX_AGE_SECONDS if status == 200 else _NOT_FOUND_MAX_AGE_SECONDS,
        status=status,
    )


def _build_badge(plugin: Plugin, what: str) -> Badge:
    """Build the badge. A blocked plugin shows that it is blocked and none of its author's texts."""
    label, get_value = _BADGES[what]
    if not plugin.is_listed:
        return Badge(label, *_BLOCKED)
    return Badge(label, *get_value(plugin))


def _get_version_value(plugin: Plugin) -> BadgeValue:
    version = plugin.document.get("latestVersion")
    if not version:
        return _BLOCKED
    if plugin.document.get("deprecated"):
        return f"v{version}, deprecated", "deprecated"
    return (f"v{version}",)


def _get_trust_value(plugin: Plugin) -> BadgeValue:
    return TRUST[plugin.trust].label.lower(), plugin.trust


def _get_downloads_value(plugin: Plugin) -> BadgeValue:
    return (f"{short_number(plugin.weekly_downloads)} a week",)


def _get_license_value(plugin: Plugin) -> BadgeValue:
    return (plugin.license,) if plugin.license else ("not declared", "missing")


# READMEs already link to badges with the spelling `licence`.
_BADGES: dict[str, tuple[str, Callable[[Plugin], BadgeValue]]] = {
    "version": ("plugport", _get_version_value),
    "trust": ("trust", _get_trust_value),
    "downloads": ("downloads", _get_downloads_value),
    "licence": ("license", _get_license_value),
    "license": ("license", _get_license_value),
}
