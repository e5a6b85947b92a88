"""What the feeds tell: new plugins, and the releases of all, a plugin, a user or a scope."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString

from accounts.queries import get_user
from marketplace.errors import UnknownAccountError, UnknownScopeError
from marketplace.outlets.atom import Entry, Feed
from marketplace.outlets.changes import find_section
from marketplace.readme import Place, SourceTree, render_readme
from marketplace.words import STATES, TRUST
from plugport.spec.text import show
from registry.models import JournalEntry, Plugin, Release, Scope
from registry.publishing.states import PUBLIC_STATES, ReleaseState
from registry.queries import get_plugin

ENTRIES = 50
_MOST_CHARS = 2_000
_READ_CHARS = 20_000
_BLOCKING = ("release.quarantined", "release.revoked")
_FENCE = re.compile(r"^([ \t>]*(?:`{3,}|~{3,}))[^\n`]*$", re.MULTILINE)
_UNREAD = ("readme", "changelog", "files", "manifest_text", "licences")


def build_new() -> Feed:
    """The plugins that came last, once each: 1 query."""
    # A bare boolean, for which no index is used: the primary key is walked from its end.
    rows = Plugin.objects.filter(is_listed=True).order_by("-id")[:ENTRIES]
    entries = [
        Entry(
            key=f"plugins/{plugin.name}",
            title=plugin.name,
            path=plugin.path,
            updated_at=plugin.created_at,
            published_at=plugin.created_at,
            author=plugin.author_name or plugin.name,
            html=_describe_plugin(plugin),
            categories=plugin.document.get("categories", []),
        )
        for plugin in rows
    ]
    return Feed("/feeds/new.atom", "New plugins", "Plugins that are new here.", "/", entries)


def _describe_plugin(plugin: Plugin) -> SafeString:
    return format_html(
        "<p>{}</p>\n<p>{} · {}</p>",
        plugin.description or plugin.name,
        TRUST[plugin.trust].label,
        plugin.license or "no licence named",
    )


def build_updates() -> Feed:
    """The releases that were published last, of all plugins: 3 queries."""
    told = JournalEntry.objects.filter(event="release.published").order_by("-serial")
    pairs = list(told.values_list("plugin", "version")[:ENTRIES])
    # The ids first: asked for names and versions at once, a database walks all releases.
    plugins = Plugin.objects.filter(name__in={name for name, _ in pairs})
    rows = _select_releases().filter(
        plugin_id__in=list(plugins.values_list("pk", flat=True)),
        version__in={version for _, version in pairs},
    )
    wanted = {(release.plugin.name, release.version): release for release in _only_served(rows)}
    releases = [wanted[pair] for pair in dict.fromkeys(pairs) if pair in wanted]
    return Feed(
        "/feeds/updates.atom",
        "New releases",
        "Releases of all plugins as they are published.",
        "/search?sort=recent",
        _sort(map(_tell_release, releases)),
    )


def build_plugin(name: str) -> Feed:
    """The releases of a plugin, with what was deprecated, yanked and blocked.

    2 queries, 3 if something is blocked. Raises `UnknownPluginError`.
    """
    plugin = get_plugin(name)
    rows = _select_releases().filter(plugin=plugin, state__in=PUBLIC_STATES)
    releases = list(rows.order_by("-id")[:ENTRIES])
    blocked = _find_blocks([release for release in releases if not release.is_served])
    entries = [
        entry for release in releases for entry in _tell_all(release, blocked.get(release.version))
    ]
    return Feed(
        f"/feeds/plugins/{plugin.name}.atom",
        plugin.name,
        # One that is not listed is blocked, and keeps what its author says to itself.
        (plugin.is_listed and plugin.description) or f"Releases of {plugin.name}.",
        plugin.path,
        _sort(entries),
        begun_at=plugin.created_at,
    )


def build_user(username: str) -> Feed:
    """What the user published: 2 queries.

    Raises `UnknownUserError`, and `UnknownAccountError` where the account was closed: it has no
    page either.
    """
    # PostgreSQL refuses to look for a text with NUL, which no name has.
    user = get_user(username.replace("\x00", "\ufffd"))
    if not user.is_active:
        raise UnknownAccountError(f"There is no account {show(username)}.")
    rows = _only_served(_select_releases().filter(published_by=user)).order_by("-id")[:ENTRIES]
    return Feed(
        f"/feeds/users/{user.username}.atom",
        user.username,
        f"Releases that {user.username} published.",
        reverse("user", args=[user.username]),
        _sort(map(_tell_release, rows)),
        begun_at=user.date_joined,
    )


def build_scope(name: str) -> Feed:
    """The releases of the scope's plugins: 3 queries. Raises `UnknownScopeError`."""
    scope = _get_scope(name)
    rows = _only_served(_select_releases().filter(plugin_id__in=_list_freshest(scope)))
    return Feed(
        f"/feeds/scopes/{scope.name}.atom",
        f"@{scope.name}",
        f"Releases of the plugins of @{scope.name}.",
        reverse("scope", args=[scope.name]),
        _sort(map(_tell_release, rows.order_by("-id")[:ENTRIES])),
        begun_at=scope.created_at,
    )


def _get_scope(name: str) -> Scope:
    # PostgreSQL refuses to look for a text with NUL, which no scope has.
    scope = Scope.objects.filter(name=name).first() if "\x00" not in name else None
    if scope is None:
        raise UnknownScopeError(f"There is no scope {show('@' + name)}.")
    return scope


def _list_freshest(scope: Scope) -> list[int]:
    """The plugins that changed last. A release changes its plugin, so the newest are of these.

    To sort all releases of a large scope takes a database a hundred times as long.
    """
    rows = Plugin.objects.filter(scope=scope, is_listed__in=[True]).order_by("-updated_at")
    return list(rows.values_list("pk", flat=True)[:ENTRIES])


def _select_releases() -> QuerySet[Release]:
    """Releases with what an entry needs. The newest changes stand at a changelog's head."""
    rows = Release.objects.select_related("plugin", "contents", "published_by").defer(
        *(f"contents__{column}" for column in _UNREAD), "plugin__document", "plugin__metadata"
    )
    return rows.annotate(changelog_head=Left("contents__changelog", _READ_CHARS))


def _only_served(rows: QuerySet[Release]) -> QuerySet[Release]:
    return rows.filter(state=ReleaseState.PUBLISHED, plugin__is_listed=True)


def _sort(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.updated_at, reverse=True)[:ENTRIES]


def _find_blocks(releases: Sequence[Release]) -> dict[str, dt.datetime]:
    """When each of these releases of a plugin was quarantined or revoked: 1 query, 0 of none."""
    if not releases:
        return {}
    told = JournalEntry.objects.filter(
        plugin=releases[0].plugin.name,
        version__in=[release.version for release in releases],
        event__in=_BLOCKING,
    )
    return dict(told.order_by("serial").values_list("version", "at"))


def _tell_all(release: Release, blocked_at: dt.datetime | None) -> Iterator[Entry]:
    """The release, and each thing that was said of it since."""
    if not release.is_served:
        word = STATES[release.state]
        reason = format_html("<p>{}</p>\n<p>{}</p>", word.reason, release.verdict_reason)
        yield _make_entry(release, word.label.lower(), blocked_at or _get_time(release), reason)
        return
    yield _tell_release(release)
    if release.deprecated_at:
        html = linebreaks(release.deprecated_message, autoescape=True)
        if release.replacement:
            html = format_html("{}\n<p>Use {} instead.</p>", SafeString(html), release.replacement)
        yield _make_entry(release, "deprecated", release.deprecated_at, html)
    if release.yanked_at:
        html = linebreaks(release.yanked_reason, autoescape=True)
        yield _make_entry(release, "yanked", release.yanked_at, html)


def _tell_release(release: Release) -> Entry:
    return _make_entry(release, "", _get_time(release), _render_changes(release))


def _make_entry(release: Release, what: str, at: dt.datetime, html: str) -> Entry:
    key = f"plugins/{release.plugin.name}/{release.version}"
    return Entry(
        key=f"{key}/{what}" if what else key,
        title=f"{release.plugin.name} {release.version}" + (f" is {what}" if what else ""),
        path=f"{release.plugin.path}/{release.version}",
        updated_at=at,
        published_at=at,
        author=release.published_by.username,
        html=html,
    )


def _get_time(release: Release) -> dt.datetime:
    return release.published_at or release.created_at


def _render_changes(release: Release) -> str:
    """What changed in this version, as far as a reader of feeds will follow it."""
    head: str = getattr(release, "changelog_head", "")
    text = release.contents.changelog_entry.strip() or find_section(head, release.version)
    if not text:
        return format_html("<p>{}</p>", release.plugin.description or release.plugin.name)
    place = Place(repository=SourceTree.find(release.contents.manifest.get("repository")))
    # Readers of feeds know no page of ours, which a path to a picture would start from.
    # Nor our colours of code, which would take longer than all the rest.
    plain = _FENCE.sub(r"\1", text[:_MOST_CHARS])
    return render_readme(plain, path="CHANGELOG.md", place=place, shows_pictures=False)
