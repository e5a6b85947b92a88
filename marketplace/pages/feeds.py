"""`/feeds/…`: Atom feeds."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.syndication import feeds
from marketplace.syndication.atom import Feed, render_feed
from marketplace.syndication.http_cache import build_cacheable_response

# Feed readers poll often; a shared cache may serve them for five minutes.
_MAX_AGE_SECONDS = 300


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_new_plugins_feed(request: HttpRequest) -> HttpResponseBase:
    """Serve the feed of new plugins: 1 query."""
    return _build_response(request, feeds.build_new_plugins_feed())


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_updates_feed(request: HttpRequest) -> HttpResponseBase:
    """Serve the feed of all new releases: 3 queries."""
    return _build_response(request, feeds.build_updates_feed())


@require_safe
@cacheable(InvalidatedBy.CHANGE_OF_PLUGIN)
def serve_plugin_feed(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve the feed of a plugin: releases, deprecations, yanks, blocks. Raises `UnknownPluginError`."""
    return _build_response(request, feeds.build_plugin_feed(name))


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_user_feed(request: HttpRequest, username: str) -> HttpResponseBase:
    """Serve the feed of a user's releases. Raises `UnknownUserError`."""
    return _build_response(request, feeds.build_user_feed(username))


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_scope_feed(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve the feed of a scope's releases. Raises `UnknownScopeError`."""
    return _build_response(request, feeds.build_scope_feed(name))


def _build_response(request: HttpRequest, feed: Feed) -> HttpResponseBase:
    return build_cacheable_response(
        request,
        render_feed(feed),
        content_type="application/atom+xml; charset=utf-8",
        seconds=_MAX_AGE_SECONDS,
    )
