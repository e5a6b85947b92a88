"""Reads for the feeds. Each function states how many SQL queries it runs; tests pin these numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import QuerySet
from django.db.models.functions import Left

from accounts.errors import UnknownUserError
from accounts.models import User
from accounts.queries.users import get_user
from marketplace.readme.changes import MAX_LISTED_CHARS
from plugport.spec.text import has_nul, quote_text
from registry.errors import UnknownScopeError
from registry.models import JournalEntry, Plugin, Release, Scope
from registry.models.states import PUBLIC_STATES, ReleaseState
from registry.queries.visible import EVERYBODY, list_visible_scopes

MAX_ENTRIES = 50
_BLOCKING_EVENTS = ("release.quarantined", "release.revoked")
_DEFERRED_COLUMNS = (
    *("readme", "changelog", "changelog_entry"),
    *("files", "manifest_text", "licences"),
)


def list_new_plugins() -> list[Plugin]:
    """The newest listed plugins: 1 query."""
    # A boolean filter uses no index, so the database scans the primary key from its end.
    return list(Plugin.objects.filter(is_listed=True).order_by("-id")[:MAX_ENTRIES])


def list_updates() -> list[Release]:
    """The releases published last, of all plugins: 3 queries."""
    published = JournalEntry.objects.filter(event="release.published").order_by("-serial")
    pairs = list(published.values_list("plugin", "version")[:MAX_ENTRIES])
    # Load the ids first: with names and versions in one query, databases scan all releases.
    plugins = Plugin.objects.filter(name__in={name for name, _ in pairs})
    rows = _select_releases().filter(
        plugin_id__in=list(plugins.values_list("pk", flat=True)),
        version__in={version for _, version in pairs},
    )
    releases = {(release.plugin.name, release.version): release for release in _only_served(rows)}
    return [releases[pair] for pair in dict.fromkeys(pairs) if pair in releases]


def list_plugin_releases(plugin: Plugin) -> list[Release]:
    """The newest public releases of a plugin, blocked ones too: 1 query."""
    rows = _select_releases().filter(plugin=plugin, state__in=PUBLIC_STATES)
    return list(rows.order_by("-id")[:MAX_ENTRIES])


def list_block_times(releases: Sequence[Release]) -> dict[str, dt.datetime]:
    """When releases of one plugin were quarantined or revoked, by version: 1 query, 0 for none."""
    if not releases:
        return {}
    entries = JournalEntry.objects.filter(
        plugin=releases[0].plugin.name,
        version__in=[release.version for release in releases],
        event__in=_BLOCKING_EVENTS,
    )
    return dict(entries.order_by("serial").values_list("version", "at"))


def get_active_user(username: str) -> User:
    """The user with an open account: 1 query. Raises `UnknownUserError`."""
    user = get_user("\ufffd" if has_nul(username) else username)
    if not user.is_active:
        raise UnknownUserError(f"There is no account {quote_text(username)}.")
    return user


def list_user_releases(user: User) -> list[Release]:
    """The newest releases that a user published: 1 query."""
    rows = _only_served(_select_releases().filter(published_by=user))
    return list(rows.order_by("-id")[:MAX_ENTRIES])


def get_scope(name: str) -> Scope:
    """The public scope: 1 query. Raises `UnknownScopeError`."""
    scope = None if has_nul(name) else list_visible_scopes(EVERYBODY).filter(name=name).first()
    if scope is None:
        raise UnknownScopeError(f"There is no scope {quote_text('@' + name)}.")
    return scope


def list_scope_releases(scope: Scope) -> list[Release]:
    """The newest releases of the plugins of a scope: 2 queries."""
    # A release updates its plugin, so the newest releases belong to the plugins updated last.
    # Sorting all releases of a large scope takes a database a hundred times as long.
    plugins = Plugin.objects.filter(scope=scope, is_listed__in=[True]).order_by("-updated_at")
    rows = _select_releases().filter(
        plugin_id__in=list(plugins.values_list("pk", flat=True)[:MAX_ENTRIES])
    )
    return list(_only_served(rows).order_by("-id")[:MAX_ENTRIES])


def _select_releases() -> QuerySet[Release]:
    rows = Release.objects.select_related("plugin", "contents", "published_by").defer(
        *(f"contents__{column}" for column in _DEFERRED_COLUMNS),
        "plugin__document",
        "plugin__metadata",
    )
    return rows.annotate(changes=Left("contents__changelog_entry", MAX_LISTED_CHARS + 1))


def _only_served(rows: QuerySet[Release]) -> QuerySet[Release]:
    return rows.filter(state=ReleaseState.PUBLISHED, plugin__is_listed=True)
