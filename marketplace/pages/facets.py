"""What results can be narrowed by, with counts, as links: choosing needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from marketplace import words
from marketplace.pages.address import SearchAddress
from marketplace.search import service
from marketplace.search.query import FACETS, SearchQuery
from marketplace.search.service import Found
from registry.models import Trust

TITLES: Mapping[str, str] = {
    "type": "Kind",
    "category": "Category",
    "tag": "Tag",
    "trust": "Trust",
    "license": "Licence",
    "dialect": "Dialect",
    "registry": "Registry",
    # What manifests say of themselves; the rows name who owns a plugin.
    "author": "Author by manifest",
}
_SHOWN = 6
_MORE = 14


@dataclass(frozen=True, slots=True)
class Value:
    """A value to choose, or, where it is chosen, to let go. `count` is None if nobody counted."""

    text: str
    count: int | None
    address: str
    element_id: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """Looking for a value of a facet by its beginning; `kept` are the fields to send along."""

    begins: str
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet: the values at hand, those behind "More", and a search if there are yet others."""

    name: str
    title: str
    values: Sequence[Value]
    more: Sequence[Value]
    search: Search | None

    @property
    def is_open(self) -> bool:
        """Whether a value was looked for."""
        return bool(self.search and self.search.begins)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    value: str
    address: str


def build_facets(
    query: SearchQuery, found: Found, address: SearchAddress, looked_for: tuple[str, str]
) -> list[Facet]:
    """The facets in their order. `looked_for` is a facet and a beginning: 1 query more."""
    facets = []
    for name in FACETS:
        begins = looked_for[1] if looked_for[0] == name else ""
        facet = _build_facet(name, query, found.facets.get(name, {}), address, begins)
        if facet.values or facet.search:
            facets.append(facet)
    return facets


def _build_facet(
    name: str, query: SearchQuery, counts: Mapping[str, int], address: SearchAddress, begins: str
) -> Facet:
    chosen = query.filters.get(name, "")
    others = [value for value in counts if value != chosen]
    has_search = begins != "" or len(others) > _SHOWN + _MORE
    values = _make_values(name, counts, others[: _SHOWN + _MORE], address)
    if begins:
        without = {k: v for k, v in query.filters.items() if k != name}
        like = dict(service.facet_search(name, begins, replace(query, filters=without)))
        values = _make_values(name, like, [value for value in like if value != chosen], address)
    if chosen:
        values.insert(0, _let_go(name, chosen, counts.get(chosen), address))
    search = Search(begins, address.without(name)) if has_search else None
    if begins:
        return Facet(name, TITLES[name], values, [], search)
    return Facet(name, TITLES[name], values[:_SHOWN], values[_SHOWN:], search)


def _make_values(
    name: str, counts: Mapping[str, int], values: list[str], address: SearchAddress
) -> list[Value]:
    addresses = address.fill(name, values)
    return [
        Value(say_value(name, value), counts[value], link, make_id(name, value))
        for value, link in zip(values, addresses, strict=True)
    ]


def _let_go(name: str, chosen: str, count: int | None, address: SearchAddress) -> Value:
    link = address.change(**{name: ""})
    return Value(say_value(name, chosen), count, link, make_id(name, chosen), is_chosen=True)


def make_id(name: str, value: str) -> str:
    """The id of a value's link: the same before and after it is chosen, so the focus stays."""
    return f"by-{name}-{quote(value, safe='')}"


def say_value(name: str, value: str) -> str:
    """A value as people read it."""
    match name:
        case "type":
            return words.get_kind_title(value)
        case "trust":
            return words.TRUST[Trust(value)].label if value in Trust.values else value
        case "dialect":
            return words.DIALECTS.get(value, value)
    return value


def build_chips(query: SearchQuery, address: SearchAddress) -> list[Chip]:
    """The filters that are on."""
    chips = [
        Chip(TITLES[name], say_value(name, query.filters[name]), address.change(**{name: ""}))
        for name in TITLES
        if query.filters.get(name)
    ]
    if query.is_verified is not None:
        said = "yes" if query.is_verified else "no"
        chips.append(Chip("Verified", said, address.change(verified="")))
    return chips
