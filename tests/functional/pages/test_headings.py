"""Categories and tags: all of them with counts, and the plugins of one."""

from __future__ import annotations

import pytest


@pytest.fixture
def catalogue(publisher, index_now):
    """Two plugins that share a category and a tag, and one beside them."""
    publisher.publish("chat", tags=["talk", "realtime"], categories=["communication"])
    publisher.publish("mail", tags=["talk"], categories=["communication", "c/d"])
    publisher.publish("vault", tags=["secrets"], categories=["data"])
    index_now()


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


def test_categories(open_page, catalogue):
    """Every category with its count, the largest first, and the most used tags."""
    page = open_page("/categories")
    links = [(link.text, link.attrs["href"]) for link in page.by_class("ledger")[0].all("a")]
    assert links[0] == ("communication 2 plugins", "/categories/communication")
    assert ("c/d 1 plugin", "/categories/c/d") in links
    assert "/tags/talk" in page.by_class("headings")[0].links


def test_tags(open_page, catalogue):
    """The tags, the most used first."""
    page = open_page("/tags")
    assert page.by_class("headings")[0].all("a")[0].text == "talk 2 plugins"


@pytest.mark.parametrize("path", ["/categories", "/tags"])
def test_none_yet(open_page, path):
    """An empty registry is told what to do next."""
    assert "/search" in open_page(path).by_class("empty")[0].links


def test_a_category(open_page, catalogue):
    """Its plugins, the tags beside it, a way to search in it, one address for it."""
    page = open_page("/categories/communication", sort="name")
    assert page.one("h1").text == "communication"
    assert _names(page) == ["chat", "mail"]
    assert page.one("h2").text == "2 plugins"
    canonical = page.one("link", rel="canonical").attrs["href"]
    assert canonical.endswith("/categories/communication")
    links = page.one("main").links
    assert "/search?category=communication" in links
    assert "/search?category=communication&tag=talk" in links
    assert _names(open_page("/categories/c/d")) == ["mail"]


def test_a_tag(open_page, catalogue):
    """The same for a tag; its rows link to categories."""
    page = open_page("/tags/talk", sort="name")
    assert _names(page) == ["chat", "mail"]
    assert "/categories/communication" in page.by_class("row")[0].links


@pytest.mark.parametrize("path", ["/categories/communication", "/tags/talk"])
def test_what_is_not_indexed_yet(open_page, publisher, index_now, path):
    """The number of plugins is known at once, their list a moment later."""
    index_now()
    publisher.publish("chat", tags=["talk"], categories=["communication"])
    told = open_page(path).by_class("empty")[0]
    assert "is being indexed." in told.text
    assert told.one("a").text == "Look again in a moment"
    index_now()
    page = open_page(path)
    assert _names(page) == ["chat"]
    assert not page.by_class("empty")


def test_pages_and_orders(open_page, catalogue):
    """Links keep the place; a page that is gone leads back."""
    page = open_page("/categories/communication", sort="name", limit="1")
    assert _names(page) == ["chat"]
    assert page.one("a", rel="next").attrs["href"] == "?sort=name&limit=1&page=2"
    second = open_page("/categories/communication", sort="name", limit="1", page="2")
    assert _names(second) == ["mail"]
    assert second.one("link", rel="canonical").attrs["href"].endswith("?page=2")
    gone = open_page("/categories/communication", page="9")
    assert "There is no page 9 of this list." in gone.text
    assert "/categories/communication" in gone.by_class("empty")[0].links
    orders = {link.text: link.attrs["href"] for link in page.by_class("orders")[0].all("a")}
    assert orders["Recently updated"] == "/categories/communication?sort=recent&limit=1"


@pytest.mark.parametrize("path", ["/categories/communication", "/users/acme"])
def test_what_cannot_be_read_is_left_out(open_page, catalogue, path):
    """As of a search: the list is shown, and what was left out is named."""
    page = open_page(path, page="one", sort="luck", type="nope")
    assert {"chat", "mail"} <= set(_names(page))
    said = page.by_class("aside-note")[0]
    assert [code.text for code in said.all("code")] == ["sort", "page"]


@pytest.mark.parametrize(
    "path", ["/categories/nothing", "/tags/nothing", "/tags/a%00b", "/categories/ä"]
)
def test_unknown(open_page, path):
    """What no listed plugin has is not there."""
    page = open_page(path, status=404)
    assert page.one("h1").text in ("Unknown category", "Unknown tag")


def test_a_heading_of_withdrawn_plugins_is_unknown(open_page, publisher, moderator):
    """A name that only a quarantined plugin carries is not told."""
    from registry.actions import moderate_release

    release = publisher.publish("secret", tags=["hush"], categories=["hidden"])
    assert open_page("/tags/hush")
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    open_page("/tags/hush", status=404)
    open_page("/categories/hidden", status=404)
    assert "hidden" not in open_page("/categories").text


def test_labels_that_lead_elsewhere_are_no_headings(open_page, publisher, client, index_now):
    """`a/../b` would be the page of `b`, `../account/tokens` one of ours: browsers shorten paths."""
    bad = ["a/../b", "../account/tokens", "..", "./x", "x/."]
    publisher.publish("chat", tags=[*bad, "v1.0", "...", "a#b?c"], categories=[*bad, "c/d", "é f"])
    index_now()
    links = {
        link
        for path in ("/", "/categories", "/tags", "/plugins/chat", "/search")
        for link in open_page(path).links
        if link.startswith(("/categories/", "/tags/"))
    }
    assert links == {
        "/categories/c/d",
        "/categories/%C3%A9-f",
        "/tags/v1.0",
        "/tags/...",
        "/tags/a%23b%3Fc",
    }
    for link in links:
        canonical = open_page(link).one("link", rel="canonical").attrs["href"]
        assert canonical.endswith(link)
    sitemap = client.get("/sitemap.xml").getvalue().decode()
    assert "/categories/c/d</loc>" in sitemap
    assert "/../" not in sitemap
    assert client.get("/api/v1/plugins/chat").json()["categories"] == ["c/d", "é-f"]
    assert set(client.get("/api/v1/plugins").json()["facets"]["category"]) == {"c/d", "é-f"}
