"""Reads for the pages of categories, tags, accounts and scopes, with their query counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import OrderBy

from accounts.errors import UnknownUserError
from accounts.models import Organization, OrganizationMember, Owner, OwnerDomain, User
from accounts.queries.domains import list_proofs, list_proofs_of
from marketplace.errors import (
    UnknownCategoryError,
    UnknownTagError,
)
from marketplace.search.bayesian_rating import ORDER_BY_GRADE
from marketplace.search.members import search_for
from marketplace.search.query import Facets, SearchQuery
from plugport.spec.text import has_nul, quote_text
from registry.errors import UnknownScopeError
from registry.models import Category, Member, Plugin, Role, Scope, Tag
from registry.queries.catalog import HAS_CLOSED_OWNER, Page
from registry.queries.visible import (
    EVERYBODY,
    Viewer,
    build_listed_condition,
    list_restricted,
    list_visible_scopes,
)

TaxonomyType = Literal["category", "tag"]
_Row = TypeVar("_Row", bound=Model)
# On the profile of an organization; the page of its members has all of them.
_MAX_SHOWN_MEMBERS = 30
# Each order ends with a unique column: without it, rows with equal values could appear on two pages.
_ORDERS: dict[str, tuple[str | OrderBy, ...]] = {
    "downloads": ("-downloads", "id"),
    "rating": ORDER_BY_GRADE,
    "recent": ("-updated_at", "id"),
    "name": ("name",),
}


@dataclass(frozen=True, slots=True)
class TaxonomyPage:
    """A category or tag: one page of its plugins, and counts of their tags.

    `is_current`: see `SearchResults`.
    """

    slug: str
    page: Page
    facets: Facets
    is_current: bool


def get_taxonomy_page(
    taxonomy_type: TaxonomyType, slug: str, query: SearchQuery, viewer: Viewer
) -> TaxonomyPage:
    """Return the plugins with a term, in the order and on the page of the query: 3 queries.

    Up to 3 more while the search engine is down. Raises `UnknownCategoryError`, `UnknownTagError`.
    """
    is_category = taxonomy_type == "category"
    model, error = (Category, UnknownCategoryError) if is_category else (Tag, UnknownTagError)
    known: QuerySet[Category | Tag] = model.objects.filter(plugin_count__gt=0)
    if _find_row(known, slug=slug) is None and not _is_own_term(taxonomy_type, slug, viewer):
        raise error(f"No plugin has the {taxonomy_type} {quote_text(slug)}.")
    term_query = SearchQuery(
        filters={taxonomy_type: slug},
        sort=query.sort,
        page=query.page,
        limit=query.limit,
        facets=("tag",),
    )
    # Browsing is not a search: it stays out of the statistics of what people search for.
    results = search_for(viewer, term_query, is_recorded=False)
    return TaxonomyPage(slug, results.page, results.facets, results.is_current)


def _is_own_term(taxonomy_type: TaxonomyType, slug: str, viewer: Viewer) -> bool:
    """Whether a plugin has the term that is not public and that the viewer may see: 1 query or none."""
    if not viewer.is_signed_in or has_nul(slug):
        return False
    field = "categories__slug" if taxonomy_type == "category" else "tags__slug"
    return list_restricted(viewer).filter(latest__isnull=False, **{field: slug}).exists()


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account with its scopes and one page of the plugins it has a role in."""

    account: User
    scopes: Sequence[Scope]
    page: Page
    downloads: int
    proofs: Sequence[OwnerDomain]


def find_profile_owner(name: str) -> Owner | None:
    """The person or organization with the profile `/@<name>`: 1 query.

    A closed account and a deleted organization have no profile, exactly as those that never existed.
    """
    rows = Owner.objects.select_related("user", "organization")
    owner = _find_row(rows, name=name)
    return owner if owner is not None and owner.is_open else None


def get_account_page(account: User, query: SearchQuery, viewer: Viewer) -> AccountPage:
    """Return the public profile of an open account: 4 queries."""
    page, downloads = _load_page(_list_plugins_of(account.owner, viewer), query, viewer)
    scopes = list_visible_scopes(viewer).filter(owner=account.owner).order_by("name")
    return AccountPage(account, list(scopes), page, downloads, list_proofs(account.owner))


@dataclass(frozen=True, slots=True)
class OrganizationPage:
    """An organization with its scopes, the first members that chose to be shown, and a page of its plugins."""

    organization: Organization
    scopes: Sequence[Scope]
    members: Sequence[OrganizationMember]
    page: Page
    downloads: int
    proofs: Sequence[OwnerDomain]


def get_organization_page(
    organization: Organization, query: SearchQuery, viewer: Viewer
) -> OrganizationPage:
    """Return the public profile of an organization: 5 queries."""
    page, downloads = _load_page(_list_plugins_of(organization.owner, viewer), query, viewer)
    scopes = list_visible_scopes(viewer).filter(owner=organization.owner).order_by("name")
    members = organization.memberships.filter(is_public=True, user__is_active=True)
    return OrganizationPage(
        organization,
        list(scopes),
        list(members.select_related("user").order_by("user__username")[:_MAX_SHOWN_MEMBERS]),
        page,
        downloads,
        list_proofs(organization.owner),
    )


def _list_plugins_of(owner: Owner, viewer: Viewer) -> QuerySet[Plugin]:
    """The listed plugins in which the owner has a role, and those in its scopes."""
    held = Member.objects.filter(plugin=OuterRef("pk"), holder=owner)
    return Plugin.objects.filter(
        Q(Exists(held)) | Q(scope__owner=owner), build_listed_condition(viewer)
    )


@dataclass(frozen=True, slots=True)
class ScopePage:
    """A scope with its owner and one page of its plugins."""

    scope: Scope
    page: Page
    downloads: int
    proofs: Sequence[OwnerDomain]


def get_scope_page(name: str, query: SearchQuery, viewer: Viewer) -> ScopePage:
    """Return a scope and its plugins that the viewer may see: 4 queries. Raises `UnknownScopeError`."""
    scope = _get_scope(name, viewer)
    rows_of_scope = Plugin.objects.filter(build_listed_condition(viewer), scope=scope)
    page, downloads = _load_page(rows_of_scope, query, viewer)
    return ScopePage(scope, page, downloads, list_proofs_of(scope.owner.name))


@dataclass(frozen=True, slots=True)
class OwnerProfile:
    """A person or organization with what its profile shows to everybody."""

    owner: Owner
    since: dt.datetime
    scopes: Sequence[Scope]
    proofs: Sequence[OwnerDomain]
    total: int
    downloads: int


def get_owner_profile(name: str) -> OwnerProfile:
    """What everybody sees of an owner: 4 queries. Raises `UnknownUserError` after 1 query."""
    owner = find_profile_owner(name)
    if owner is None:
        raise UnknownUserError(f"No account and no organization is named {quote_text(name)}.")
    scopes = list_visible_scopes(EVERYBODY).filter(owner=owner).order_by("name")
    total, downloads = _count(_list_plugins_of(owner, EVERYBODY))
    account = owner.organization or owner.user
    assert account is not None, "an owner is a person or an organization"
    since = account.date_joined if isinstance(account, User) else account.created_at
    return OwnerProfile(owner, since, list(scopes), list_proofs(owner), total, downloads)


@dataclass(frozen=True, slots=True)
class ScopeProfile:
    """A scope with its owner, and the number of its plugins."""

    scope: Scope
    proofs: Sequence[OwnerDomain]
    total: int
    downloads: int


def get_scope_profile(name: str, viewer: Viewer) -> ScopeProfile:
    """A scope that the viewer may see: 3 queries. Raises `UnknownScopeError` after 1 query."""
    scope = _get_scope(name, viewer)
    # The numbers have all that the viewer may see.
    viewer.has_seen_restricted |= viewer.is_signed_in
    total, downloads = _count(Plugin.objects.filter(build_listed_condition(viewer), scope=scope))
    return ScopeProfile(scope, list_proofs_of(scope.owner.name), total, downloads)


def _get_scope(name: str, viewer: Viewer) -> Scope:
    # Scopes of deleted organizations are reserved, and empty.
    rows = list_visible_scopes(viewer).filter(owner__organization__deleted_at=None)
    scope = _find_row(rows.select_related("owner__user"), name=name)
    if scope is None:
        raise UnknownScopeError(f"There is no scope {quote_text('@' + name)}.")
    return scope


def list_closed_owners(plugins: Iterable[Plugin]) -> frozenset[str]:
    """Return the user names of owners whose accounts are closed: 1 query, or none.

    List queries annotate `has_closed_owner`, so that a page without closed owners, which is nearly
    every page, needs no query. A plugin without the annotation is looked up.
    """
    ids = [plugin.pk for plugin in plugins if getattr(plugin, "has_closed_owner", True)]
    if not ids:
        return frozenset()
    closed = Member.objects.filter(plugin__in=ids, role=Role.OWNER, holder__user__is_active=False)
    return frozenset(closed.values_list("holder__name", flat=True))


def _find_row(rows: QuerySet[_Row], **column: str) -> _Row | None:
    """Return the row with this name, None if there is none: 1 query."""
    return None if has_nul(*column.values()) else rows.filter(**column).first()


def _load_page(rows: QuerySet[Plugin], query: SearchQuery, viewer: Viewer) -> tuple[Page, int]:
    """Return one page of the rows, and the downloads of all of them: 2 queries."""
    # Aggregate before annotating: the total needs no subquery for each plugin.
    total, downloads = _count(rows)
    rows = rows.annotate(has_closed_owner=HAS_CLOSED_OWNER)
    ordered = rows.order_by(*_ORDERS.get(query.sort, _ORDERS["downloads"]))
    plugins = list(ordered[query.offset : query.offset + query.limit])
    for plugin in plugins:
        viewer.note(plugin)
    return Page(plugins, total, query.page, query.limit), downloads


def _count(rows: QuerySet[Plugin]) -> tuple[int, int]:
    """The number of the plugins, and of their downloads: 1 query."""
    sums = rows.aggregate(total=Count("id"), downloads=Sum("downloads"))
    return sums["total"], sums["downloads"] or 0
