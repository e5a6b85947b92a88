"""Build the feeds: new plugins, and the releases of all plugins, a plugin, a user or a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from django.urls import reverse
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString

from marketplace.labels import STATES, TRUST
from marketplace.queries import feeds as queries
from marketplace.queries.feeds import MAX_ENTRIES
from marketplace.readme import render_listed_changes
from marketplace.syndication.atom import Entry, Feed
from registry.models import Plugin, Release
from registry.queries.catalog import get_plugin
from registry.queries.visible import EVERYBODY


def build_new_plugins_feed() -> Feed:
    """The newest plugins: 1 query."""
    entries = [
        Entry(
            key=f"plugins/{plugin.name}",
            title=plugin.name,
            path=plugin.path,
            updated_at=plugin.created_at,
            published_at=plugin.created_at,
            author=plugin.author_name or plugin.name,
            html=_render_plugin(plugin),
            categories=plugin.document.get("categories", []),
        )
        for plugin in queries.list_new_plugins()
    ]
    return Feed("/feeds/new.atom", "New plugins", "New plugins in this registry.", "/", entries)


def _render_plugin(plugin: Plugin) -> SafeString:
    return format_html(
        "<p>{}</p>\n<p>{} · {}</p>",
        plugin.description or plugin.name,
        TRUST[plugin.trust].label,
        plugin.license or "no license declared",
    )


def build_updates_feed() -> Feed:
    """The releases published last, of all plugins: 3 queries."""
    return Feed(
        "/feeds/updates.atom",
        "New releases",
        "Releases of all plugins as they are published.",
        "/search?sort=recent",
        _sort_entries(map(_build_release_entry, queries.list_updates())),
    )


def build_plugin_feed(name: str) -> Feed:
    """The releases of a plugin, with deprecations, yanks and blocks.

    2 queries, 3 if a release is blocked. Raises `UnknownPluginError`.
    """
    plugin = get_plugin(name, EVERYBODY)
    releases = queries.list_plugin_releases(plugin)
    blocked = queries.list_block_times([release for release in releases if not release.is_served])
    entries = [
        entry
        for release in releases
        for entry in _iter_release_entries(release, blocked.get(release.version))
    ]
    return Feed(
        f"/feeds/plugins/{plugin.name}.atom",
        plugin.name,
        # A plugin that is not listed is blocked, so text by its author is not shown.
        (plugin.is_listed and plugin.description) or f"Releases of {plugin.name}.",
        plugin.path,
        _sort_entries(entries),
        started_at=plugin.created_at,
    )


def build_user_feed(username: str) -> Feed:
    """The releases that a user published: 2 queries.

    Raises `UnknownUserError`, also for a closed account.
    """
    user = queries.get_active_user(username)
    return Feed(
        f"/feeds/users/{user.username}.atom",
        user.username,
        f"Releases that {user.username} published.",
        reverse("profile", args=[user.username]),
        _sort_entries(map(_build_release_entry, queries.list_user_releases(user))),
        started_at=user.date_joined,
    )


def build_scope_feed(name: str) -> Feed:
    """The releases of the plugins of a scope: 3 queries. Raises `UnknownScopeError`."""
    scope = queries.get_scope(name)
    return Feed(
        f"/feeds/scopes/{scope.name}.atom",
        f"@{scope.name}",
        f"Releases of the plugins of @{scope.name}.",
        reverse("profile", args=[scope.name]),
        _sort_entries(map(_build_release_entry, queries.list_scope_releases(scope))),
        started_at=scope.created_at,
    )


def _sort_entries(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.updated_at, reverse=True)[:MAX_ENTRIES]


def _iter_release_entries(release: Release, blocked_at: dt.datetime | None) -> Iterator[Entry]:
    """The entry of a release, and one for each later event."""
    if not release.is_served:
        status = STATES[release.state]
        reason = format_html("<p>{}</p>\n<p>{}</p>", status.reason, release.verdict_reason)
        yield _build_entry(
            release, status.label.lower(), blocked_at or _get_published_at(release), reason
        )
        return
    yield _build_release_entry(release)
    if release.deprecated_at:
        html = linebreaks(release.deprecated_message, autoescape=True)
        if release.replacement:
            html = format_html("{}\n<p>Use {} instead.</p>", SafeString(html), release.replacement)
        yield _build_entry(release, "deprecated", release.deprecated_at, html)
    if release.yanked_at:
        html = linebreaks(release.yanked_reason, autoescape=True)
        yield _build_entry(release, "yanked", release.yanked_at, html)


def _build_release_entry(release: Release) -> Entry:
    return _build_entry(release, "", _get_published_at(release), _render_changes(release))


def _build_entry(release: Release, event: str, at: dt.datetime, html: str) -> Entry:
    key = f"plugins/{release.plugin.name}/{release.version}"
    return Entry(
        key=f"{key}/{event}" if event else key,
        title=f"{release.plugin.name} {release.version}" + (f" is {event}" if event else ""),
        path=f"{release.plugin.path}/{release.version}",
        updated_at=at,
        published_at=at,
        author=release.published_by.username,
        html=html,
    )


def _get_published_at(release: Release) -> dt.datetime:
    return release.published_at or release.created_at


def _render_changes(release: Release) -> str:
    """The start of the changes of this version, as HTML."""
    text: str = getattr(release, "changes", "")
    html = render_listed_changes(text, release.contents.manifest.get("repository"))
    return html or format_html("<p>{}</p>", release.plugin.description or release.plugin.name)
