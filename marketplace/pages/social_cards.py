"""`/cards/<name>.png`: the preview image that social networks show for a shared link."""

from __future__ import annotations

import contextlib
import threading

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from common.rate_limits import count_request
from marketplace.errors import CardsBusyError
from marketplace.labels import TRUST
from marketplace.syndication.http_cache import build_cache_headers, build_conditional_response
from marketplace.syndication.social_cards import Card, render_card
from marketplace.templatetags.plugport import short_number
from registry.models import Plugin
from registry.queries.catalog import get_plugin
from registry.queries.visible import EVERYBODY

# A plugin may be blocked at any time; its old card must disappear soon.
_MAX_AGE_SECONDS = 300
# A shared link causes many requests within minutes, then hardly any.
_CACHE_SECONDS = 600
_HOME_CARD = Card(
    "Plugport",
    "Plugins for agents and servers, checked before they are listed.",
    facts=("Find", "Judge", "Install", "Publish"),
)
_BLOCKED_TEXT = "This plugin is blocked. Do not install it."
# Drawing a card costs tens of milliseconds of CPU. A process draws one at a time and queues few, so
# that requests for thousands of cards cannot starve the pages (CWE-400).
MAX_PENDING_RENDERS = 3
_RETRY_SECONDS = 5
_render_lock = threading.Lock()
render_slots = threading.BoundedSemaphore(MAX_PENDING_RENDERS)


@require_safe
def serve_home_card(request: HttpRequest) -> HttpResponseBase:
    """The card of the registry: no query."""
    return _build_response(request, _HOME_CARD)


@require_safe
def serve_plugin_card(request: HttpRequest, name: str) -> HttpResponseBase:
    """The card of a plugin: 1 query.

    Raises `UnknownPluginError`, `RateLimitedError`, `CardsBusyError`.
    """
    count_request(request, "read")
    return _build_response(request, _build_card(get_plugin(name, EVERYBODY)))


def _build_card(plugin: Plugin) -> Card:
    """Return the card. A blocked plugin shows none of its author's texts except the name."""
    if not plugin.is_listed:
        return Card(plugin.name, _BLOCKED_TEXT, facts=("Blocked",))
    version = plugin.document.get("latestVersion")
    return Card(
        plugin.name,
        plugin.description,
        version=str(version or ""),
        trust=TRUST[plugin.trust].label,
        tone=plugin.trust,
        facts=(f"{short_number(plugin.weekly_downloads)} downloads a week", plugin.license),
    )


def _build_response(request: HttpRequest, card: Card) -> HttpResponseBase:
    """Respond with the card. The ETag is known before drawing, so a 304 draws nothing."""
    response = HttpResponse(content_type="image/png", headers=build_cache_headers(_MAX_AGE_SECONDS))
    conditional = build_conditional_response(request, response, etag=card.etag)
    if conditional.status_code == 200:
        response.content = _load_or_render_png(card)
    return conditional


def _load_or_render_png(card: Card) -> bytes:
    """Load the card from the cache, else draw it. Raises `CardsBusyError`.

    The cache only saves work, so every error of it is ignored.
    """
    key = f"card:{card.etag.strip(chr(34))}"
    with contextlib.suppress(Exception):
        if cached := caches["cards"].get(key):
            return bytes(cached)
    if not render_slots.acquire(blocking=False):
        raise CardsBusyError(
            "The server is rendering too many cards.", context={"retryAfterSeconds": _RETRY_SECONDS}
        )
    try:
        with _render_lock:
            png = render_card(card)
    finally:
        render_slots.release()
    with contextlib.suppress(Exception):
        caches["cards"].set(key, png, timeout=_CACHE_SECONDS)
    return png
