"""Categories and tags: all of them with counts, and the plugins of one."""

from __future__ import annotations

import pytest

from registry.actions import moderate_release
from registry.models import Plugin

pytestmark = pytest.mark.usefixtures("indexed_catalog")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Two plugins that share a category and a tag, and a third one."""
    publish = module_publisher.publish
    publish("chat", tags=["talk", "realtime"], categories=["communication"])
    publish("mail", tags=["talk"], categories=["communication", "c/d"])
    publish("vault", tags=["secrets"], categories=["data"])


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


def test_categories(open_page):
    """Every category with its count, the largest first, and the most used tags."""
    page = open_page("/categories")
    links = {link.attrs["href"]: link for link in page.by_class("category-cards")[0].all("a")}
    first = links["/categories/communication"]
    assert next(iter(links)) == "/categories/communication"
    assert first.text == "communication 2 plugins Chat, mail and other ways to reach people"
    # Authors choose categories freely: an unknown one has an icon and no description.
    assert links["/categories/c/d"].text == "c/d 1 plugin"
    icons = {link.by_class("icon")[0].one("use").attrs["href"] for link in links.values()}
    assert len(icons) == 3
    assert "/tags/talk" in page.by_class("taxonomy-terms")[0].links


def test_rating_is_an_order_where_ratings_exist(open_page):
    """Without a rated plugin on the page there is nothing to sort by."""
    path = "/categories/communication"
    assert not open_page(path).all(id="order-rating")
    assert open_page(path, sort="rating").one(id="order-rating").attrs["aria-current"]
    Plugin.objects.filter(name="mail").update(rating=4, rating_count=3)
    assert open_page(path).one(id="order-rating").text == "Rating"


def test_tags(open_page):
    """The tags, the most used first."""
    page = open_page("/tags")
    assert page.by_class("taxonomy-terms")[0].all("a")[0].text == "talk 2 plugins"


def test_a_category(open_page):
    """A category shows plugins, related tags, a search link and its canonical URL."""
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


def test_a_tag(open_page):
    """A tag shows the same; its rows link to categories."""
    page = open_page("/tags/talk", sort="name")
    assert _names(page) == ["chat", "mail"]
    assert "/categories/communication" in page.by_class("row")[0].links


@pytest.mark.parametrize("path", ["/categories/new-category", "/tags/new-tag"])
def test_what_is_not_indexed_yet(open_page, publisher, index_now, path):
    """Until the index has caught up, the page shows a message."""
    publisher.publish("late", tags=["new-tag"], categories=["new-category"])
    message = open_page(path).by_class("empty")[0]
    assert "are being indexed." in message.text
    assert message.one("a").text == "Reload in a moment"
    index_now()
    page = open_page(path)
    assert _names(page) == ["late"]
    assert not page.by_class("empty")


def test_pages_and_orders(open_page):
    """Links keep the state; a page beyond the end links back."""
    page = open_page("/categories/communication", sort="name", limit="1")
    assert _names(page) == ["chat"]
    assert page.one("a", rel="next").attrs["href"] == "?sort=name&limit=1&page=2"
    second = open_page("/categories/communication", sort="name", limit="1", page="2")
    assert _names(second) == ["mail"]
    assert second.one("link", rel="canonical").attrs["href"].endswith("?page=2")
    gone = open_page("/categories/communication", page="9")
    assert "This list has no page 9." in gone.text
    assert "/categories/communication" in gone.by_class("empty")[0].links
    orders = {link.text: link.attrs["href"] for link in page.by_class("sort-options")[0].all("a")}
    assert orders["Recently updated"] == "/categories/communication?sort=recent&limit=1"


@pytest.mark.parametrize("path", ["/categories/communication", "/@acme"])
def test_what_cannot_be_read_is_left_out(open_page, path):
    """Invalid parameters are ignored and named."""
    page = open_page(path, page="one", sort="luck", type="nope")
    assert {"chat", "mail"} <= set(_names(page))
    note = page.by_class("aside-note")[0]
    assert [code.text for code in note.all("code")] == ["sort", "page"]


@pytest.mark.parametrize(
    "path", ["/categories/nothing", "/tags/nothing", "/tags/a%00b", "/categories/ä"]
)
def test_unknown(open_page, path):
    """A term without listed plugins has no page."""
    page = open_page(path, status=404)
    assert page.one("h1").text in ("Unknown category", "Unknown tag")


def test_a_heading_of_withdrawn_plugins_is_unknown(open_page, publisher, moderator):
    """Terms of quarantined plugins are hidden."""
    release = publisher.publish("secret", tags=["hush"], categories=["hidden"])
    assert open_page("/tags/hush")
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    open_page("/tags/hush", status=404)
    open_page("/categories/hidden", status=404)
    assert "hidden" not in open_page("/categories").text


def test_labels_with_dots_as_path_parts_are_no_links(open_page, publisher, client, index_now):
    """Labels with `..` are no links: browsers would resolve them to other pages."""
    bad = ["a/../b", "../account/tokens", "..", "./x", "x/."]
    publisher.publish("odd", tags=[*bad, "v1.0", "...", "a#b?c"], categories=[*bad, "c/d", "é f"])
    index_now()
    links = {
        link
        for path in ("/", "/categories", "/tags", "/plugins/odd", "/search")
        for link in open_page(path).links
        if link.startswith(("/categories/", "/tags/"))
    }
    assert links == {
        *("/categories/communication", "/categories/data", "/tags/realtime", "/tags/secrets"),
        "/tags/talk",
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
    assert client.get("/api/v1/plugins/odd").json()["categories"] == ["c/d", "é-f"]
    facets = client.get("/api/v1/plugins").json()["facets"]
    assert set(facets["category"]) == {"communication", "data", "c/d", "é-f"}
