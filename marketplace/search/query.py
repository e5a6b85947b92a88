"""Search queries and results of engines."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

# In the order in which the API names them (API-3a).
FACETS = ("type", "category", "tag", "trust", "license", "dialect", "registry")
FILTERS = (*FACETS, "author")
SORTS = ("relevance", "downloads", "rating", "recent", "name")
# A search counts only the most frequent values of a facet; `facet_search` finds the others.
MAX_FACET_VALUES = 100
MAX_FACET_SEARCH_VALUES = 20
VERIFIED_LEVELS = ("official", "verified")

Facets: TypeAlias = Mapping[str, Mapping[str, int]]
NO_FACETS: Facets = MappingProxyType({name: MappingProxyType({}) for name in FACETS})


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Words, filters, order and page.

    `filters` maps names of `FILTERS` to the value that each must have; an empty value is no
    filter. `is_verified` selects the trust levels `VERIFIED_LEVELS`, or all others. With
    `has_open_facets` the counts of a filtered facet ignore its own filter, so that readers see
    what else they can choose. Plugins in `hidden` appear in no result and no count. An index that
    has not all journal entries up to `min_serial` must not answer.
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
    min_serial: int = 0

    @property
    def key(self) -> Hashable:
        """Equal for queries that have the same results."""
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
        """The number of results before this page."""
        return (self.page - 1) * self.limit

    @property
    def open_facets(self) -> list[str]:
        """The facets whose counts ignore their own filter."""
        if not self.has_open_facets:
            return []
        return [
            name
            for name in self.facets
            if self.filters.get(name) or (name == "trust" and self.is_verified is not None)
        ]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Ids of plugins in order, the number of matches, and the counts of each facet.

    `is_partial`: no plugin has all words; these have most of them.
    """

    ids: tuple[int, ...]
    total: int
    facets: Facets
    engine: str
    is_partial: bool = False
