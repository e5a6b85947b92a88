"""`/cards/<name>.png`: the picture that stands for a page where somebody shares it."""

from __future__ import annotations

import contextlib
import threading

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from marketplace.outlets.answer import finish, make_headers
from marketplace.outlets.cards import Card, draw_card
from marketplace.templatetags.plugport import short_number
from marketplace.words import TRUST
from plugport.spec.errors import UnavailableError
from registry.api.address import get_address
from registry.limits import spend
from registry.models import Plugin
from registry.queries import get_plugin

# A plugin may be blocked at any time, and then its card must not be shown for long.
_SECONDS = 300
# Whoever shares a page makes many ask within minutes; later it is drawn again.
_KEPT_SECONDS = 600
_HOME = Card(
    "Plugport",
    "Plugins for agents and servers, checked before they are listed.",
    facts=("Find", "Judge", "Install", "Publish"),
)
_BLOCKED = "This plugin is not listed: it must not be installed."
# A card takes a processor for some tens of milliseconds. A process draws one at a time and lets few
# wait, so that whoever asks for thousands takes nothing from those who read pages.
_MOST_AT_ONCE = 3
_RETRY_SECONDS = 5
_brush = threading.Lock()
_seats = threading.BoundedSemaphore(_MOST_AT_ONCE)


class CardsBusyError(UnavailableError):
    """Too many cards are being drawn at once."""

    code, title = "cards-busy", "Too busy to draw"


@require_safe
def show_home(request: HttpRequest) -> HttpResponseBase:
    """The card of the whole registry: no query."""
    return _respond(request, _HOME)


@require_safe
def show_plugin(request: HttpRequest, name: str) -> HttpResponseBase:
    """A plugin's card: 1 query. Raises `UnknownPluginError`, `RateLimitedError`."""
    spend("read", get_address(request))
    return _respond(request, _describe(get_plugin(name)))


def _describe(plugin: Plugin) -> Card:
    """The card. That of a blocked plugin shows nothing that its author wrote but its name."""
    if not plugin.is_listed:
        return Card(plugin.name, _BLOCKED, facts=("Blocked",))
    version = plugin.document.get("latestVersion")
    return Card(
        plugin.name,
        plugin.description,
        beside=str(version or ""),
        trust=TRUST[plugin.trust].label,
        tone=plugin.trust,
        facts=(f"{short_number(plugin.weekly_downloads)} downloads a week", plugin.license),
    )


def _respond(request: HttpRequest, card: Card) -> HttpResponseBase:
    """The card; whoever has it already is told so before anything is drawn."""
    response = HttpResponse(content_type="image/png", headers=make_headers(_SECONDS))
    answer = finish(request, response, etag=card.etag)
    if answer.status_code == 200:
        response.content = _get_png(card)
    return answer


def _get_png(card: Card) -> bytes:
    """The card from the cache, else drawn. A cache that is away costs time, never the card."""
    key = f"card:{card.etag.strip(chr(34))}"
    with contextlib.suppress(Exception):
        if kept := cache.get(key):
            return bytes(kept)
    if not _seats.acquire(blocking=False):
        raise CardsBusyError(
            "Too many cards are being drawn.", context={"retryAfterSeconds": _RETRY_SECONDS}
        )
    try:
        with _brush:
            png = draw_card(card)
    finally:
        _seats.release()
    with contextlib.suppress(Exception):
        cache.set(key, png, timeout=_KEPT_SECONDS)
    return png
