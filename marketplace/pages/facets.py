"""Facets of search results with counts, and the active filters, as links that work without script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from marketplace import labels
from marketplace.search.members import facet_search_for
from marketplace.search.query import FACETS, SearchQuery
from marketplace.search.search_urls import SearchUrl
from marketplace.search.service import SearchResults
from marketplace.templatetags.search_results import FacetValue
from registry.models import Trust
from registry.queries.visible import Viewer

TITLES: Mapping[str, str] = {
    "type": "Kind",
    "category": "Category",
    "tag": "Tag",
    "trust": "Trust",
    "license": "License",
    "dialect": "Manifest format",
    "registry": "Registry",
    # Unverified text of the manifest. The rows of the list name the owners, which are accounts.
    "author": "Author in manifest",
}
# Authors choose tags and categories freely, so a facet may have thousands of values. A page holds the
# most frequent ones; the search form of the facet finds the others.
_MAX_VISIBLE_VALUES = 6
_MAX_COLLAPSED_VALUES = 14


@dataclass(frozen=True, slots=True)
class FacetSearch:
    """The form that finds a value of a facet by its first letters."""

    begins: str
    hidden_fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet: the visible values, those behind "More", and a search form if there are others."""

    name: str
    title: str
    values: Sequence[FacetValue]
    more: Sequence[FacetValue]
    search: FacetSearch | None

    @property
    def is_open(self) -> bool:
        """Whether the reader searched for a value."""
        return bool(self.search and self.search.begins)


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter, and the URL without it."""

    label: str
    value: str
    address: str


def build_facets(
    query: SearchQuery,
    results: SearchResults,
    url: SearchUrl,
    facet_prefix: tuple[str, str],
    viewer: Viewer,
) -> list[Facet]:
    """Return the facets in their fixed order.

    `facet_prefix` is the name of a facet and the first letters of its values: 1 more query.
    """
    facets = []
    for name in FACETS:
        prefix = facet_prefix[1] if facet_prefix[0] == name else ""
        facet = _build_facet(name, query, results.facets.get(name, {}), url, prefix, viewer)
        if facet.values or facet.search:
            facets.append(facet)
    return facets


def _build_facet(
    name: str,
    query: SearchQuery,
    counts: Mapping[str, int],
    url: SearchUrl,
    prefix: str,
    viewer: Viewer,
) -> Facet:
    chosen = query.filters.get(name, "")
    others = [value for value in counts if value != chosen]
    max_values = _MAX_VISIBLE_VALUES + _MAX_COLLAPSED_VALUES
    has_search = prefix != "" or len(others) > max_values
    values = _build_values(name, counts, others[:max_values], url)
    if prefix:
        # Without its own filter, or only the selected value would ever match the prefix.
        filters = {k: v for k, v in query.filters.items() if k != name}
        search_query = replace(query, filters=filters)
        matches = dict(facet_search_for(viewer, name, prefix, search_query))
        values = _build_values(name, matches, [value for value in matches if value != chosen], url)
    # The selected value stays even if nothing matches it, so that it can be removed.
    if chosen:
        values.insert(0, _build_chosen_value(name, chosen, counts.get(chosen), url))
    search = FacetSearch(prefix, url.without(name)) if has_search else None
    if prefix:
        return Facet(name, TITLES[name], values, [], search)
    visible, collapsed = values[:_MAX_VISIBLE_VALUES], values[_MAX_VISIBLE_VALUES:]
    return Facet(name, TITLES[name], visible, collapsed, search)


def _build_values(
    name: str, counts: Mapping[str, int], values: list[str], url: SearchUrl
) -> list[FacetValue]:
    return [
        FacetValue(format_value(name, value), counts[value], link, build_element_id(name, value))
        for value, link in zip(values, url.fill(name, values), strict=True)
    ]


def _build_chosen_value(name: str, chosen: str, count: int | None, url: SearchUrl) -> FacetValue:
    link = url.change(**{name: ""})
    return FacetValue(
        format_value(name, chosen), count, link, build_element_id(name, chosen), is_chosen=True
    )


def build_element_id(name: str, value: str) -> str:
    """Return the HTML id of a value's link.

    It is the same whether the value is selected or not, so that the focus survives an htmx swap.
    """
    return f"by-{name}-{quote(value, safe='')}"


def format_value(name: str, value: str) -> str:
    """Return the label of a facet's value."""
    match name:
        case "type":
            return labels.get_kind_title(value)
        case "trust":
            # Readers can put any text into the URL, so unknown values are shown unchanged.
            return labels.TRUST[Trust(value)].label if value in Trust.values else value
        case "dialect":
            return labels.MANIFEST_FORMATS.get(value, value)
    return value


def build_chips(query: SearchQuery, url: SearchUrl) -> list[Chip]:
    """Return the active filters."""
    chips = [
        Chip(TITLES[name], format_value(name, query.filters[name]), url.change(**{name: ""}))
        for name in TITLES
        if query.filters.get(name)
    ]
    if query.is_verified is not None:
        value = "Yes" if query.is_verified else "No"
        chips.append(Chip("Verified", value, url.change(verified="")))
    return chips
