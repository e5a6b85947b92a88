"""What is asked of an engine, and what it answers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

# What results can be narrowed and counted by, in the order in which the API names them (API-3a).
FACETS = ("type", "category", "tag", "trust", "license", "dialect", "registry")
FILTERS = (*FACETS, "author")
SORTS = ("relevance", "downloads", "rating", "recent", "name")
# Of a facet the most frequent values are counted; `facet_search` finds the others.
FACET_VALUES = 100
FACET_SEARCH_VALUES = 20
VERIFIED = ("official", "verified")

Facets: TypeAlias = Mapping[str, Mapping[str, int]]
NO_FACETS: Facets = MappingProxyType({name: MappingProxyType({}) for name in FACETS})


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Words, filters, order and place.

    `filters` maps names of `FILTERS` to the value that each must have. `is_verified` asks for the
    levels `VERIFIED`, or for the others. With `has_open_facets` each facet is counted as if it were
    not filtered by itself, so that a reader sees what else could be chosen. `hidden` are plugins
    that must not show, not even as a count.
    """

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    is_verified: bool | None = None
    sort: str = "relevance"
    page: int = 1
    limit: int = 20
    facets: tuple[str, ...] = FACETS
    has_open_facets: bool = False
    hidden: frozenset[int] = frozenset()

    @property
    def key(self) -> Hashable:
        """Equal for queries that are answered alike."""
        return (
            " ".join(self.text.casefold().split()),
            tuple(sorted(self.filters.items())),
            self.is_verified,
            self.sort,
            self.page,
            self.limit,
            self.facets,
            self.has_open_facets,
            self.hidden,
        )

    @property
    def offset(self) -> int:
        """How many results come before this page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Ids of plugins in order, how many match, and counts by facet.

    `is_partial`: nothing has all the words, these have most of them.
    """

    ids: tuple[int, ...]
    total: int
    facets: Facets
    engine: str
    is_partial: bool = False
