"""Reads for the home page and the account page. Tests pin the query counts stated here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts.models import User
from registry.models import Plugin, Release
from registry.queries import catalog
from registry.rights import build_role_condition, list_roles

OWN_PLUGINS_PER_PAGE = 50
_MAX_FEATURED = 6
_MAX_POPULAR = _MAX_RECENT = 8
_MAX_CATEGORIES = 12


@dataclass(frozen=True, slots=True)
class HomePage:
    """What the home page shows: each plugin once, and none that is deprecated.

    Authors choose categories freely, so a category needs two plugins to be shown here.
    `has_more_featured`: `/featured` has more.
    """

    categories: Sequence[tuple[str, int]]
    featured: Sequence[Plugin]
    has_more_featured: bool
    popular: Sequence[Plugin]
    recent: Sequence[Plugin]

    @property
    def is_empty(self) -> bool:
        """Whether there is no plugin to show."""
        return not (self.featured or self.popular or self.recent)


def get_home_page() -> HomePage:
    """Return the home page: 4 queries, each along an index.

    It shows no total: counting all plugins would cost more than everything else.
    """
    featured = catalog.list_top("featured", _MAX_FEATURED + 1, has_deprecated=False)
    shown = featured[:_MAX_FEATURED]
    # Enough rows that the list is full when all plugins of the lists before it are left out.
    most = len(shown) + _MAX_POPULAR
    popular = _leave_out(shown, catalog.list_top("downloads", most, has_deprecated=False))
    popular = popular[:_MAX_POPULAR]
    most += _MAX_RECENT
    recent = _leave_out([*shown, *popular], catalog.list_top("recent", most, has_deprecated=False))
    return HomePage(
        categories=catalog.list_categories(min_count=2, max_results=_MAX_CATEGORIES),
        featured=shown,
        has_more_featured=len(featured) > _MAX_FEATURED,
        popular=popular,
        recent=recent[:_MAX_RECENT],
    )


def _leave_out(others: Sequence[Plugin], plugins: Sequence[Plugin]) -> list[Plugin]:
    shown = {plugin.pk for plugin in others}
    return [plugin for plugin in plugins if plugin.pk not in shown]


@dataclass(frozen=True, slots=True)
class OwnPlugin:
    """A plugin of the signed-in user, with the user's role and the latest upload."""

    plugin: Plugin
    role: str
    upload: Release | None


@dataclass(frozen=True, slots=True)
class OwnPluginsPage:
    """One page of the signed-in user's plugins."""

    rows: Sequence[OwnPlugin]
    total: int
    number: int
    pages: int


def list_own_plugins(user: User, *, page: int = 1) -> OwnPluginsPage:
    """Return the plugins in which the user has a role, latest upload first: 4 queries, 2 if none."""
    # A subquery per plugin, because a join would return one row per release.
    newest = Release.objects.filter(plugin=OuterRef("pk")).order_by("-id").values("id")[:1]
    own = Plugin.objects.filter(build_role_condition(user))
    rows = own.annotate(upload_id=Subquery(newest)).order_by("-upload_id", "name")
    start = (page - 1) * OWN_PLUGINS_PER_PAGE
    plugins = list(rows[start : start + OWN_PLUGINS_PER_PAGE])
    uploads = Release.objects.in_bulk([each.upload_id for each in plugins if each.upload_id])
    roles = list_roles(user, [each.pk for each in plugins]) if plugins else {}
    total = own.count()
    shown = [OwnPlugin(each, roles[each.pk], uploads.get(each.upload_id)) for each in plugins]
    return OwnPluginsPage(shown, total, page, max(1, -(-total // OWN_PLUGINS_PER_PAGE)))
