"""Reads for pages. Each says how many SQL queries it costs; tests pin those numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts.models import User
from registry import queries
from registry.models import Member, Plugin, Release

MINE_A_PAGE = 50
_SHOWN_FEATURED = 6
_SHOWN_CATEGORIES = 18


@dataclass(frozen=True, slots=True)
class HomePage:
    """What the first page shows. `has_more_featured`: more than it has room for.

    Authors name categories as they like: those of one plugin alone are left to `/categories`.
    """

    categories: Sequence[tuple[str, int]]
    featured: Sequence[Plugin]
    has_more_featured: bool
    popular: Sequence[Plugin]
    recent: Sequence[Plugin]


def read_home() -> HomePage:
    """The first page: 4 queries, each along an index. Counting all plugins would take longest."""
    featured = queries.list_top("featured", _SHOWN_FEATURED + 1)
    return HomePage(
        categories=queries.list_categories(least=2, most=_SHOWN_CATEGORIES),
        featured=featured[:_SHOWN_FEATURED],
        has_more_featured=len(featured) > _SHOWN_FEATURED,
        popular=queries.list_top("downloads", 8),
        recent=queries.list_top("recent", 8),
    )


@dataclass(frozen=True, slots=True)
class OwnPlugin:
    """A plugin of the reader's: the role in it, and what was uploaded last."""

    plugin: Plugin
    role: str
    upload: Release | None


@dataclass(frozen=True, slots=True)
class OwnPlugins:
    """One page of the reader's plugins."""

    rows: Sequence[OwnPlugin]
    total: int
    number: int
    pages: int


def list_own_plugins(user: User, *, page: int = 1) -> OwnPlugins:
    """The plugins the user is a member of, latest upload first: 3 queries, 2 without any."""
    newest = Release.objects.filter(plugin=OuterRef("plugin")).order_by("-id").values("id")[:1]
    rows = (
        Member.objects.filter(user=user)
        .select_related("plugin")
        .annotate(upload_id=Subquery(newest))
        .order_by("-upload_id", "plugin__name")
    )
    start = (page - 1) * MINE_A_PAGE
    members = list(rows[start : start + MINE_A_PAGE])
    uploads = Release.objects.in_bulk([m.upload_id for m in members if m.upload_id])
    total = Member.objects.filter(user=user).count()
    own = [OwnPlugin(m.plugin, m.role, uploads.get(m.upload_id)) for m in members]
    return OwnPlugins(own, total, page, max(1, -(-total // MINE_A_PAGE)))
