"""Searching: words, filters, order, pages, and the state in the address."""

from __future__ import annotations

import pytest


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].text for row in page.by_class("row")]


@pytest.fixture
def catalogue(publisher):
    """Three plugins that differ in everything one can filter by."""
    publisher.publish("chat-bridge", kind="bridge", tags=["chat"], categories=["communication"])
    publisher.publish("mail-bridge", kind="bridge", license="Apache-2.0", author={"name": "Mira"})
    publisher.publish("vault", kind="storage", tags=["chat"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"chat-bridge", "mail-bridge", "vault"}),
        ({"q": "mail"}, {"mail-bridge"}),
        ({"q": "BRIDGE what"}, {"chat-bridge", "mail-bridge"}),
        ({"type": "storage"}, {"vault"}),
        ({"category": "communication"}, {"chat-bridge"}),
        ({"tag": "chat"}, {"chat-bridge", "vault"}),
        ({"license": "Apache-2.0"}, {"mail-bridge"}),
        ({"author": "Mira"}, {"mail-bridge"}),
        ({"trust": "official"}, set()),
        ({"tag": "chat", "type": "bridge"}, {"chat-bridge"}),
    ],
)
def test_filters(open_page, catalogue, query, found):
    """Each parameter narrows, and they narrow together."""
    assert set(_names(open_page("/search", **query))) == found


def test_form_keeps_what_was_asked(open_page, catalogue):
    """The form shows the state of the address, so that it can be changed."""
    page = open_page("/search", q="bridge", type="bridge", license="MIT", sort="name")
    assert page.one("input", name="q").attrs["value"] == "bridge"
    chosen = {
        select.attrs["name"]: [o.attrs["value"] for o in select.all("option", selected="")]
        for select in page.all("select")
    }
    assert chosen["type"] == ["bridge"]
    assert chosen["license"] == ["MIT"]
    assert chosen["sort"] == ["name"]
    assert chosen["trust"] == []


def test_chips_take_one_filter_out(open_page, catalogue):
    """A chip's address is the same search without that filter, on its first page."""
    page = open_page("/search", q="bridge", type="bridge", tag="chat", sort="name")
    chips = {chip.text: chip.attrs["href"] for chip in page.by_class("chip")}
    assert chips == {
        "Kind: Bridge Remove this filter": "?q=bridge&tag=chat&sort=name",
        "Tag: chat Remove this filter": "?q=bridge&type=bridge&sort=name",
    }
    assert "?q=bridge" in page.one(id="results").links


def test_order_by_name(open_page, catalogue):
    """The order is the one that was asked for."""
    assert _names(open_page("/search", sort="name")) == ["chat-bridge", "mail-bridge", "vault"]


def test_pages(open_page, catalogue):
    """Links to the other pages keep the search."""
    first = open_page("/search", limit="2", sort="name")
    assert _names(first) == ["chat-bridge", "mail-bridge"]
    follow = first.one("a", rel="next").attrs["href"]
    assert follow == "?limit=2&sort=name&page=2"
    second = open_page("/search" + follow)
    assert _names(second) == ["vault"]
    assert second.one("a", rel="prev").attrs["href"] == "?limit=2&sort=name&page=1"


def test_page_behind_the_last(open_page, catalogue):
    """An address from yesterday may lead behind the end; the way back is shown."""
    page = open_page("/search", page="9")
    assert "There is no page 9 of these results." in page.text


def test_many_pages_leave_gaps(rf):
    """Of many pages the ends and the neighbours are linked."""
    from django.http import QueryDict

    from marketplace.paging import build_paging

    paging = build_paging(QueryDict("q=a"), number=50, pages=100)
    assert paging is not None
    assert [link.number for link in paging.links] == [1, 0, 48, 49, 50, 51, 52, 0, 100]
    assert [link.number for link in paging.links if link.is_current] == [50]
    assert build_paging(QueryDict(), number=1, pages=1) is None


def test_nothing_found(open_page, catalogue):
    """Words that nothing matches, and filters that nothing matches, say so differently."""
    page = open_page("/search", q="no-such-thing")
    assert "No plugin has all of these words" in page.text
    assert "Nothing matches all of these filters." in open_page("/search", trust="official").text


@pytest.mark.parametrize(
    "query",
    [
        {"type": "spaceship"},
        {"sort": "luck"},
        {"page": "0"},
        {"page": "one"},
        {"page": "99999999999999999999"},
        {"limit": "101"},
        {"q": "x" * 201},
        {"q": "a\x00b"},
        {"verified": "perhaps"},
    ],
)
def test_addresses_that_make_no_sense(open_page, query):
    """A wrong value is named on a page, as the API names it."""
    page = open_page("/search", status=400, **query)
    assert page.one("h1").text == "Invalid query"
    assert "/docs/errors#invalid-query" in page.links


def test_words_are_shown_as_words(open_page, catalogue):
    """What was typed comes back escaped."""
    page = open_page("/search", q="<script>alert(1)</script>")
    assert not [script for script in page.all("script") if "src" not in script.attrs]
    assert "<script>alert(1)</script>" in page.one("h2").text


def test_search_in_place(client, catalogue):
    """The in-place search gets the results alone, and a clean address to show."""
    answer = client.get("/search?q=mail&type=&tag=&sort=name", headers={"HX-Request": "true"})
    assert answer.templates[0].name == "partials/results.html"
    assert b"<html" not in answer.content
    assert b"mail-bridge" in answer.content
    assert answer.headers["HX-Push-Url"] == "/search?q=mail&sort=name"
    assert "HX-Request" in answer.headers["Vary"]


def test_rare_values_stay_in_the_form(open_page, catalogue):
    """A licence that no plugin has is still shown as the one that was asked for."""
    page = open_page("/search", license="WTFPL")
    assert page.one("option", value="WTFPL", selected="").text == "WTFPL"


def test_categories_page(open_page, catalogue):
    """Every heading with its count."""
    page = open_page("/categories")
    assert page.by_class("ledger")[0].text == "communication 1 plugin"
    assert "chat 2 plugins" in page.by_class("headings")[0].text
