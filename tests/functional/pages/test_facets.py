"""Facets: counted values as links, which work without scripts and keep the rest of the search."""

from __future__ import annotations

import pytest

from tests.functional.pages.dom import Node


def _read(page: Node, name: str) -> dict[str, str]:
    """Return the values of a facet with their URLs, including those behind "More"."""
    facet = page.one("section", aria_labelledby=f"facet-{name}")
    return {link.text: link.attrs["href"] for link in facet.all("a")}


pytestmark = pytest.mark.usefixtures("indexed_catalog")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Three plugins."""
    publish = module_publisher.publish
    publish("chat-bridge", kind="bridge", tags=["chat"], categories=["communication"])
    publish("mail-bridge", kind="bridge", tags=["c++ & more"], license="Apache-2.0")
    publish("vault", kind="storage", tags=["chat"], categories=["data"])


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def test_all_facets_with_counts(open_page):
    """Every facet is shown, most frequent value first."""
    page = open_page("/search", q="bridge")
    titles = [facet.one("h3").text for facet in page.by_class("facet")]
    assert titles == ["Kind", "Category", "Tag", "Trust", "License", "Manifest format", "Registry"]
    page = open_page("/search")
    assert _read(page, "type") == {
        "Bridge 2": "/search?type=bridge",
        "Storage 1": "/search?type=storage",
    }
    assert next(iter(_read(page, "tag"))) == "chat 2"
    assert _read(page, "tag")["c++-&-more 1"] == "/search?tag=c%2B%2B-%26-more"
    assert _read(page, "trust") == {"Community 3": "/search?trust=community"}


def test_choosing_keeps_the_rest(open_page):
    """A facet link keeps words, other filters and the order, and resets the page."""
    page = open_page("/search", q="bridge", license="MIT", sort="name", limit="1")
    assert _read(page, "type")["Bridge 1"] == (
        "/search?q=bridge&license=MIT&sort=name&limit=1&type=bridge"
    )


def test_selected_values_come_first_and_can_be_removed(open_page):
    """Other values of a facet are counted without the selected one."""
    page = open_page("/search", type="storage", sort="name")
    facet = page.one("section", aria_labelledby="facet-type")
    first, second = facet.all("a")
    assert first.attrs["aria-current"] == "true"
    assert first.text.startswith("Storage 1")
    assert first.attrs["href"] == "/search?sort=name"
    assert second.text == "Bridge 2"
    assert second.attrs["href"] == "/search?sort=name&type=bridge"


def test_filters_without_results_can_be_removed(open_page):
    """A filter without results is still shown, so that it can be removed."""
    page = open_page("/search", license="WTFPL")
    assert "No plugin matches" in page.text
    chosen = [link for link in page.all("a", aria_current="true") if "WTFPL" in link.text]
    assert [link.attrs["href"] for link in chosen] == ["/search"]


def test_long_facets_fold_and_can_be_searched(open_page, publisher, index_now):
    """Six values are visible, fourteen collapsed, others are found by their first letters."""
    for first in (0, 8, 16):
        tags = [f"tag-{number:02}" for number in range(first, first + 8)]
        publisher.publish(f"plugin-{first}", tags=[*tags, "all"], categories=["a"])
    index_now()
    page = open_page("/search", category="a")
    facet = page.one("section", aria_labelledby="facet-tag")
    open_list, more = facet.by_class("facet-values")
    assert (len(open_list.all("a")), len(more.all("a"))) == (6, 14)
    form = facet.one("form")
    sent = {field.attrs["name"]: field.attrs["value"] for field in form.all("input")}
    assert sent == {"category": "a", "facet": "tag", "begins": ""}
    results = open_page("/search", **sent | {"begins": "tag-2"})
    assert set(_read(results, "tag")) == {f"tag-2{n} 1" for n in range(4)}
    assert _read(results, "tag")["tag-23 1"] == "/search?category=a&tag=tag-23"
    nothing = open_page("/search", facet="tag", begins="zzz")
    assert "No value starts with" in nothing.text


def test_ids_stay_when_a_value_is_chosen(open_page):
    """Ids stay the same, so that the focus survives a swap."""
    before = open_page("/search").one("a", href="/search?type=bridge").attrs["id"]
    after = open_page("/search", type="bridge").one(id=before)
    assert after.attrs["aria-current"] == "true"
