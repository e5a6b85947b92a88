"""The pages of a registry without plugins."""

from __future__ import annotations

import pytest


def test_empty_registry_invites_to_publish(open_page):
    """An empty registry has its own message."""
    page = open_page("/")
    assert "No plugins have been published yet." in page.text
    assert "/publish" in page.one("main").links
    assert not page.all(id="popular")
    assert not page.by_class("category-cards")


@pytest.mark.parametrize("path", ["/categories", "/tags"])
def test_no_categories_or_tags_yet(open_page, path):
    """An empty registry links to the next step."""
    assert "/search" in open_page(path).by_class("empty")[0].links


def test_nothing_is_featured(open_page):
    """The empty page explains itself and links on."""
    assert "/search" in open_page("/featured").by_class("empty")[0].links
