"""`/feeds/…`: what is new, for feed readers."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from marketplace.outlets import feeds
from marketplace.outlets.answer import respond
from marketplace.outlets.atom import Feed, write_feed

_SECONDS = 300


@require_safe
def show_new(request: HttpRequest) -> HttpResponseBase:
    """New plugins."""
    return _respond(request, feeds.build_new())


@require_safe
def show_updates(request: HttpRequest) -> HttpResponseBase:
    """New releases of all plugins."""
    return _respond(request, feeds.build_updates())


@require_safe
def show_plugin(request: HttpRequest, name: str) -> HttpResponseBase:
    """What happened to a plugin."""
    return _respond(request, feeds.build_plugin(name))


@require_safe
def show_user(request: HttpRequest, username: str) -> HttpResponseBase:
    """What a user published."""
    return _respond(request, feeds.build_user(username))


@require_safe
def show_scope(request: HttpRequest, name: str) -> HttpResponseBase:
    """What was published in a scope."""
    return _respond(request, feeds.build_scope(name))


def _respond(request: HttpRequest, feed: Feed) -> HttpResponseBase:
    return respond(
        request,
        write_feed(feed),
        content_type="application/atom+xml; charset=utf-8",
        seconds=_SECONDS,
        modified_at=feed.updated_at,
    )
