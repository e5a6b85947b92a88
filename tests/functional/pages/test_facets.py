"""Facets: counted values as links, which work without scripts and keep the rest of the search."""

from __future__ import annotations

from tests.functional.pages.dom import Node


def _read(page: Node, name: str) -> dict[str, str]:
    """The values of a facet with their addresses, those behind "More" too."""
    facet = page.one("section", aria_labelledby=f"facet-{name}")
    return {link.text: link.attrs["href"] for link in facet.all("a")}


def _fill(publisher, index_now) -> None:
    publisher.publish("chat-bridge", kind="bridge", tags=["chat"], categories=["communication"])
    publisher.publish("mail-bridge", kind="bridge", tags=["c++ & more"], license="Apache-2.0")
    publisher.publish("vault", kind="storage", tags=["chat"], categories=["data"])
    index_now()


def test_all_facets_with_counts(open_page, publisher, index_now):
    """Every facet of the product, the most frequent value first."""
    _fill(publisher, index_now)
    page = open_page("/search", q="bridge")
    titles = [facet.one("h3").text for facet in page.by_class("facet")]
    assert titles == ["Kind", "Category", "Tag", "Trust", "Licence", "Dialect", "Registry"]
    page = open_page("/search")
    assert _read(page, "type") == {
        "Bridge 2": "/search?type=bridge",
        "Storage 1": "/search?type=storage",
    }
    assert next(iter(_read(page, "tag"))) == "chat 2"
    assert _read(page, "tag")["c++-&-more 1"] == "/search?tag=c%2B%2B-%26-more"
    assert _read(page, "trust") == {"Community 3": "/search?trust=community"}


def test_choosing_keeps_the_rest(open_page, publisher, index_now):
    """Words, other filters and the order stay; the page does not."""
    _fill(publisher, index_now)
    page = open_page("/search", q="bridge", license="MIT", sort="name", limit="1")
    assert _read(page, "type")["Bridge 1"] == (
        "/search?q=bridge&license=MIT&sort=name&limit=1&type=bridge"
    )


def test_what_is_chosen_stands_first_and_can_be_let_go(open_page, publisher, index_now):
    """The other values of the facet are counted as if it were not chosen."""
    _fill(publisher, index_now)
    page = open_page("/search", type="storage", sort="name")
    facet = page.one("section", aria_labelledby="facet-type")
    first, second = facet.all("a")
    assert first.attrs["aria-current"] == "true"
    assert first.text.startswith("Storage 1")
    assert first.attrs["href"] == "/search?sort=name"
    assert second.text == "Bridge 2"
    assert second.attrs["href"] == "/search?sort=name&type=bridge"


def test_what_nothing_has_can_be_let_go(open_page, publisher, index_now):
    """A filter that nothing matches is still shown, so that it can be taken out."""
    _fill(publisher, index_now)
    page = open_page("/search", license="WTFPL")
    assert "Nothing matches" in page.text
    chosen = [link for link in page.all("a", aria_current="true") if "WTFPL" in link.text]
    assert [link.attrs["href"] for link in chosen] == ["/search"]


def test_long_facets_fold_and_can_be_searched(open_page, publisher, index_now):
    """Six values stand open, fourteen behind More, the others are found by their beginning."""
    for number in range(24):
        publisher.publish(f"plugin-{number}", tags=[f"tag-{number:02}", "all"], categories=["a"])
    index_now()
    page = open_page("/search", category="a")
    facet = page.one("section", aria_labelledby="facet-tag")
    open_list, more = facet.by_class("facet-values")
    assert (len(open_list.all("a")), len(more.all("a"))) == (6, 14)
    form = facet.one("form")
    sent = {field.attrs["name"]: field.attrs["value"] for field in form.all("input")}
    assert sent == {"category": "a", "facet": "tag", "begins": ""}
    found = open_page("/search", **sent | {"begins": "tag-2"})
    assert set(_read(found, "tag")) == {f"tag-2{n} 1" for n in range(4)}
    assert _read(found, "tag")["tag-23 1"] == "/search?category=a&tag=tag-23"
    nothing = open_page("/search", facet="tag", begins="zzz")
    assert "None begins with" in nothing.text


def test_ids_stay_when_a_value_is_chosen(open_page, publisher, index_now):
    """So the focus can stay where it is when the page changes in place."""
    _fill(publisher, index_now)
    before = open_page("/search").one("a", href="/search?type=bridge").attrs["id"]
    after = open_page("/search", type="bridge").one(id=before)
    assert after.attrs["aria-current"] == "true"
