"""Reads for the pages of headings, accounts and scopes. Each says how many SQL queries it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from django.db.models import Count, Model, QuerySet, Sum
from django.db.models.expressions import OrderBy

from accounts.models import User
from marketplace.errors import (
    UnknownAccountError,
    UnknownCategoryError,
    UnknownScopeError,
    UnknownTagError,
)
from marketplace.search import service
from marketplace.search.grade import BY_GRADE
from marketplace.search.query import Facets, SearchQuery
from plugport.spec.text import show
from registry.models import Category, Member, Plugin, Role, Scope, Tag
from registry.queries import HAS_CLOSED_OWNER, Page

Sort = Literal["category", "tag"]
_Row = TypeVar("_Row", bound=Model)
_ORDERS: dict[str, tuple[str | OrderBy, ...]] = {
    "downloads": ("-downloads", "id"),
    "rating": BY_GRADE,
    "recent": ("-updated_at", "id"),
    "name": ("name",),
}


@dataclass(frozen=True, slots=True)
class HeadingPage:
    """A category or tag: one page of its plugins, and which tags they have beside it."""

    slug: str
    page: Page
    facets: Facets


def read_heading(sort: Sort, slug: str, query: SearchQuery) -> HeadingPage:
    """The plugins under a heading, in the order and on the page of the query: 3 queries.

    Up to three more while the search engine is away. Raises `UnknownCategoryError`, `UnknownTagError`.
    """
    model, error = (
        (Category, UnknownCategoryError) if sort == "category" else (Tag, UnknownTagError)
    )
    known: QuerySet[Category | Tag] = model.objects.filter(plugin_count__gt=0)
    if _look_up(known, slug=slug) is None:
        raise error(f"No plugin has the {sort} {show(slug)}.")
    asked = SearchQuery(
        filters={sort: slug},
        sort=query.sort,
        page=query.page,
        limit=query.limit,
        facets=("tag",),
    )
    found = service.find(asked, is_recorded=False)
    return HeadingPage(slug, found.page, found.facets)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account: its scopes, and one page of the plugins that it has a role in."""

    account: User
    scopes: Sequence[Scope]
    page: Page
    downloads: int


def read_account(username: str, query: SearchQuery) -> AccountPage:
    """What everybody may know of an account: 4 queries. Raises `UnknownAccountError`."""
    account = _look_up(User.objects.filter(is_active=True), username=username)
    if account is None:
        raise UnknownAccountError(f"There is no account {show(username)}.")
    rows = Plugin.objects.filter(is_listed=True, members__user=account)
    page, downloads = _read_page(rows, query)
    return AccountPage(account, list(account.scopes.order_by("name")), page, downloads)


@dataclass(frozen=True, slots=True)
class ScopePage:
    """A scope as an organisation: whose it is, and one page of its plugins."""

    scope: Scope
    page: Page
    downloads: int


def read_scope(name: str, query: SearchQuery) -> ScopePage:
    """A scope and its listed plugins: 3 queries. Raises `UnknownScopeError`."""
    rows = Scope.objects.select_related("owner")
    scope = _look_up(rows, name=name)
    if scope is None:
        raise UnknownScopeError(f"There is no scope {show('@' + name)}.")
    page, downloads = _read_page(Plugin.objects.filter(is_listed=True, scope=scope), query)
    return ScopePage(scope, page, downloads)


def list_closed_owners(plugins: Iterable[Plugin]) -> frozenset[str]:
    """The owners of these plugins whose accounts are closed: 1 query, none where nobody's is.

    Lists say of each plugin whether it `has_closed_owner`; one that does not say is looked up.
    """
    ids = [plugin.pk for plugin in plugins if getattr(plugin, "has_closed_owner", True)]
    if not ids:
        return frozenset()
    closed = Member.objects.filter(plugin__in=ids, role=Role.OWNER, user__is_active=False)
    return frozenset(closed.values_list("user__username", flat=True))


def _look_up(rows: QuerySet[_Row], **column: str) -> _Row | None:
    """The row with that name: 1 query. PostgreSQL refuses to look for NUL, which no name has."""
    return None if "\x00" in "".join(column.values()) else rows.filter(**column).first()


def _read_page(rows: QuerySet[Plugin], query: SearchQuery) -> tuple[Page, int]:
    """One page of the rows, and the downloads of them all: 2 queries."""
    sums = rows.aggregate(total=Count("id"), downloads=Sum("downloads"))
    rows = rows.annotate(has_closed_owner=HAS_CLOSED_OWNER)
    ordered = rows.order_by(*_ORDERS.get(query.sort, _ORDERS["downloads"]))
    plugins = list(ordered[query.offset : query.offset + query.limit])
    return Page(plugins, sums["total"], query.page, query.limit), sums["downloads"] or 0
