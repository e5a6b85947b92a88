"""Suggestions on the 404 page."""

from __future__ import annotations

import pytest

from marketplace.search.engines import get_engine

pytestmark = pytest.mark.usefixtures("indexed_catalog")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Plugins with names to suggest."""
    module_publisher.publish("@acme/slack-bridge", tags=["messaging"], categories=["communication"])
    module_publisher.publish("markdown-toc")
    module_publisher.publish("vault")


@pytest.fixture
def owner(module_publisher):
    return module_publisher.copy_actor()


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/plugins/@acme/slack-brige", "/plugins/@acme/slack-bridge"),
        ("/plugins/slack-bridge", "/plugins/@acme/slack-bridge"),
        ("/plugins/slackbridge", "/plugins/@acme/slack-bridge"),
        ("/plugins/@acme/slakc-bridge/1.0.0", "/plugins/@acme/slack-bridge"),
        ("/markdown-tocs", "/plugins/markdown-toc"),
        ("/Markdown_TOC", "/plugins/markdown-toc"),
        ("/package/vault", "/plugins/vault"),
        ("/categories/comunication", "/categories/communication"),
        ("/tags/mesaging", "/tags/messaging"),
        ("/@acne", "/@acme"),
        ("/users/acmee", "/@acme"),
    ],
)
def test_near_names(open_page, path, near):
    """The 404 page suggests the similar name."""
    page = open_page(path, status=404)
    assert near in page.by_class("similar-names")[0].links


@pytest.mark.parametrize(
    "path",
    ["/plugins/zzzzzzzz", "/tags/zzzz", "/@zzzz", "/wp-login.php", "/docs/vault", "/feeds/vault"],
)
def test_nothing_near(open_page, path):
    """Dissimilar names are not suggested."""
    assert not open_page(path, status=404).by_class("similar-names")


@pytest.mark.parametrize(
    "path", ["/plugins/" + "x" * 2000, "/%00", "/plugins/%00", "/<script>", "/" + "a/" * 500]
)
def test_odd_paths(open_page, path):
    """Any path gets the 404 page."""
    page = open_page(path, status=404)
    assert not [script for script in page.all("script") if "src" not in script.attrs]


def test_404_page_links_to_a_search(open_page):
    """The 404 page links to a search for the words."""
    page = open_page("/plugins/@acme/slack-brige", status=404)
    assert "/search?q=acme%20slack-brige" in page.one("main").links


def test_withdrawn_plugins_are_not_near(open_page, publisher, moderator, index_now):
    """Unlisted plugins are not suggested."""
    from registry.actions import moderate_release

    release = publisher.publish("secret-one")
    index_now()
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    page = open_page("/plugins/secret-onee", status=404)
    assert not page.by_class("similar-names")
    assert "secret-one" not in page.text.split()


def test_api_suggests_no_names(client, django_assert_num_queries):
    """The API looks up no similar names."""
    with django_assert_num_queries(1):
        assert client.get("/api/v1/plugins/markdown-tocs").status_code == 404


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/plugins", "/search"),
        ("/plugins/", "/search"),
        ("/plugins?q=chat", "/search?q=chat"),
        ("/security.txt", "/.well-known/security.txt"),
    ],
)
def test_urls_of_other_registries_redirect(client, typed, shown):
    """URLs in the style of other registries redirect, with their query."""
    response = client.get(typed)
    assert (response.status_code, response.headers["Location"]) == (302, shown)


def test_without_the_index(open_page, settings, tmp_path, django_assert_num_queries):
    """Without the engine, a name with the same collision key is still found."""
    settings.SEARCH_ENGINE = {**settings.SEARCH_ENGINE, "OPTIONS": {"path": str(tmp_path)}}
    get_engine.cache_clear()
    with django_assert_num_queries(1):
        page = open_page("/markdown_toc", status=404)
    assert page.by_class("similar-names")[0].links == ["/plugins/markdown-toc"]
