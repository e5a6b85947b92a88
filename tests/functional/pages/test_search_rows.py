"""Search results of registries with other contents than the catalog of `test_search`."""

from __future__ import annotations

import pytest

from registry.publishing.refresh import refresh_plugin


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


def test_empty_registry(open_page):
    """An empty registry has its own message."""
    page = open_page("/search")
    assert "No plugins have been published yet." in page.text
    assert "/publish" in page.by_class("empty")[0].links


def test_texts_of_authors_are_escaped(open_page, publisher):
    """Descriptions are escaped, highlighted or not."""
    publisher.publish("evil", description="Bridge <img src=x onerror=alert(1)> & more")
    for query in ({}, {"q": "bridge"}):
        page = open_page("/search", **query)
        assert not page.by_class("row")[0].all("img")
        assert "<img src=x onerror=alert(1)>" in page.by_class("row-text")[0].raw


def test_a_row_has_the_owner_and_not_the_author(open_page, publisher, owner, index_now):
    """Rows show owners, which are verified, and not the author of the manifest."""
    publisher.publish("slack-bridge-pro", author={"name": "Agent Relay"}, tags=["chat"])
    index_now()
    for path in ("/", "/search", "/search?q=slack", "/tags/chat", "/@acme"):
        row = open_page(path).by_class("row")[0]
        assert row.by_class("byline")[0].text == "by acme"
        assert "/@acme" in row.links
        assert "Agent Relay" not in row.text


def test_many_owners(open_page, publisher, create_user, index_now):
    """Two owners are named in the order of joining; the others are counted."""
    plugin = publisher.publish("shared").plugin
    for name in ("bo", "cy", "di"):
        plugin.members.create(holder=create_user(name).owner, role="owner")
    refresh_plugin(plugin.pk)
    index_now()
    byline = open_page("/search").by_class("byline")[0]
    assert byline.text.replace(" ,", ",") == "by acme, bo and 2 more"
    assert byline.links == ["/@acme", "/@bo"]


@pytest.mark.parametrize("withdraw", ["quarantine_release", "revoke_release"])
def test_what_is_withdrawn_does_not_leak(open_page, publisher, moderator, index_now, withdraw):
    """A withdrawn plugin is in no row, total or facet, before and after indexing."""
    from registry.actions import moderate_release

    publisher.publish("open-one", tags=["shared"])
    release = publisher.publish("secret-one", tags=["shared", "hush"], categories=["hidden"])
    index_now()
    assert "hush 1" in open_page("/search").text
    getattr(moderate_release, withdraw)(actor=moderator, release=release, reason="Looked at.")
    for _ in range(2):
        for query in ({}, {"q": "one"}, {"tag": "shared"}):
            page = open_page("/search", **query)
            assert [row.one("h3").all("a")[0].raw for row in page.by_class("row")] == ["open-one"]
            assert not {"secret-one", "hush", "hidden"} & set(page.text.split())
            assert "shared 1" in page.text
        index_now()
