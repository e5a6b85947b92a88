"""The catalogue's index against the plainest thing that could do the same."""

from __future__ import annotations

import string
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.catalogue.filter import SORTS, Line, PluginFilter
from registry.catalogue.index import CatalogueIndex
from registry.catalogue.slotset import SlotSet, join_bits, make_flags

KINDS, TAGS, TRUSTS = ("hook", "tool"), ("a", "b", "c"), ("verified", "official", "community")
NAMES = [f"plugin-{letter}" for letter in string.ascii_lowercase]


def make_line(number: int = 1, name: str = "chat", **values: Any) -> Line:
    """A line with these values; `facets` as pairs."""
    text = values.pop("text", name)
    given = {"downloads": 0, "rating": 0.0, "updated_at": 0.0, "facets": (), **values}
    return Line(id=number, name=name, text=text, **given)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Small lines that collide in everything but their name."""
    number = draw(st.integers(0, len(NAMES) - 1))
    tags = draw(st.sets(st.sampled_from(TAGS)))
    facets = [("kind", draw(st.sampled_from(KINDS))), ("trust", draw(st.sampled_from(TRUSTS)))]
    return make_line(
        number,
        NAMES[number],
        text=draw(st.text("xyz ", max_size=6)),
        downloads=draw(st.integers(0, 3)),
        rating=draw(st.sampled_from([0.0, 3.5, 5.0])),
        updated_at=float(draw(st.integers(0, 3))),
        facets=(*facets, *(("tag", tag) for tag in sorted(tags))),
    )


filters = st.builds(
    PluginFilter,
    q=st.text("xy ", max_size=4),
    kind=st.sampled_from(["", *KINDS]),
    tag=st.sampled_from(["", *TAGS, "absent"]),
    trust=st.sampled_from(["", *TRUSTS]),
    verified=st.sampled_from([None, True, False]),
    sort=st.sampled_from(SORTS),
    page=st.integers(1, 4),
    limit=st.integers(1, 5),
)
changes = st.one_of(
    st.tuples(st.just("put"), lines()),
    st.tuples(st.just("drop"), st.sampled_from(NAMES)),
    st.tuples(
        st.just("recount"),
        st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.just(4.0)), max_size=4),
    ),
)


@dataclass
class Model:
    """A dict of lines, filtered and sorted from scratch each time."""

    lines: dict[str, Line] = field(default_factory=dict)

    def change(self, verb: str, value: Any) -> None:
        if verb == "put":
            self.lines[value.name] = value
        elif verb == "drop":
            self.lines.pop(value, None)
        else:
            for name, downloads, rating in value:
                if old := self.lines.get(name):
                    counted = {"downloads": downloads, "rating": rating}
                    values = {s: getattr(old, s) for s in Line.__slots__} | counted
                    self.lines[name] = Line(**values)

    def find(self, wanted: PluginFilter) -> tuple[list[int], int]:
        def fits(line: Line) -> bool:
            trusts = {value for facet, value in line.facets if facet == "trust"}
            is_good = bool(trusts & {"verified", "official"})
            return (
                all(key in line.facets for key in wanted.facets)
                and (wanted.verified is None or wanted.verified == is_good)
                and all(word in line.text for word in wanted.q.split())
            )

        keys = {
            "relevance": lambda line: (-line.downloads, line.id),
            "downloads": lambda line: (-line.downloads, line.id),
            "rating": lambda line: (-line.rating, line.id),
            "recent": lambda line: (-line.updated_at, line.id),
            "name": lambda line: line.name,
        }
        found = sorted(filter(fits, self.lines.values()), key=keys[wanted.sort])
        return [line.id for line in found[wanted.start :][: wanted.limit]], len(found)


@settings(max_examples=100, deadline=None)
@given(
    first=st.lists(lines(), max_size=12, unique_by=lambda line: line.name),
    then=st.lists(changes, max_size=12),
    asked=st.lists(filters, min_size=1, max_size=4),
)
def test_it_finds_what_a_plain_search_finds(
    first: list[Line], then: list[tuple[str, Any]], asked: list[PluginFilter]
) -> None:
    index, model = CatalogueIndex(first), Model({line.name: line for line in first})
    for verb, value in then:
        getattr(index, verb)(value)
        model.change(verb, value)
    for wanted in asked:
        found = index.find(wanted)
        assert (list(found.ids), found.total) == model.find(wanted)
    tags = Counter(v for line in model.lines.values() for f, v in line.facets if f == "tag")
    assert dict(index.count_values("tag")) == dict(tags)
    assert len(index) == len(model.lines)


def make_large(count: int) -> list[Line]:
    """More lines than fit in the ways for few: every second a tool, downloads going round."""
    return [
        make_line(
            number,
            f"plugin-{number:05}",
            text=f"text {number % 7}",
            downloads=number * 7919 % count,
            facets=(("kind", "tool" if number % 2 else "hook"), ("tag", f"t{number % 5}")),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        PluginFilter(),
        PluginFilter(page=250),
        PluginFilter(kind="tool"),
        PluginFilter(kind="tool", page=125),
        PluginFilter(kind="tool", page=126),
        PluginFilter(kind="tool", page=127),
        PluginFilter(kind="tool", tag="t3", sort="name", page=3),
        PluginFilter(q="text", page=100),
        PluginFilter(q="3 text", kind="hook"),
    ],
)
def test_many_plugins_are_found_as_few_are(wanted: PluginFilter) -> None:
    large = make_large(5040)
    found = CatalogueIndex(large).find(wanted)
    model = Model({line.name: line for line in large})
    assert (list(found.ids), found.total) == model.find(wanted)


def test_many_new_counters_put_everything_in_its_new_order() -> None:
    index = CatalogueIndex(make_large(2000))
    index.recount((f"plugin-{number:05}", number, 0.0) for number in range(2000))
    assert list(index.find(PluginFilter(limit=3)).ids) == [1999, 1998, 1997]


def test_the_largest_counts_come_first_and_equal_ones_by_name() -> None:
    facets = [(("tag", "b"), ("tag", "c")), (("tag", "c"), ("tag", "a"))]
    index = CatalogueIndex(make_line(n, f"p{n}", facets=found) for n, found in enumerate(facets))
    assert index.count_values("tag") == [("c", 2), ("a", 1), ("b", 1)]
    assert index.count_values("tag", 2) == [("c", 2), ("a", 1)]
    assert index.count_values("category") == []


def test_words_are_found_in_any_case_and_each_must_be_there() -> None:
    index = CatalogueIndex([make_line(1, "chat", text="straße für alle"), make_line(2, "mail")])
    for text, ids in (("STRASSE", []), ("Straße", []), ("FÜR alle", [1]), ("alle mail", [])):
        assert list(index.find(PluginFilter(q=text)).ids) == ids
    folded = CatalogueIndex([make_line(1, "chat", text="Straße".casefold())])
    assert list(folded.find(PluginFilter(q="STRASSE")).ids) == [1]


@given(st.sets(st.integers(0, 3000), max_size=400), st.sets(st.integers(0, 3000), max_size=400))
@settings(max_examples=50, deadline=None)
def test_slot_sets_are_sets(added: set[int], removed: set[int]) -> None:
    """Also where a set grows from few to many, and where it is made of many at once."""
    grown, made = SlotSet(), SlotSet(added)
    for slot in added:
        grown.add(slot)
    for slot in removed:
        grown.discard(slot)
        made.discard(slot)
    left = added - removed
    assert len(grown) == len(made) == len(left)
    assert grown.bits == made.bits == join_bits(left) == sum(1 << slot for slot in left)
    flags = make_flags(grown.bits, 3001)
    assert {slot for slot, flag in enumerate(flags) if flag} == left
    assert len(flags) == 3001
