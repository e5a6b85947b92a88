"""Pages with a reader's name on them are for nobody else: no cache between may keep them."""

from __future__ import annotations

import pytest

PAGES = ["/", "/search", "/search?q=chat", "/plugins/chat", "/categories", "/docs"]


@pytest.fixture(autouse=True)
def _plugin(publisher):
    publisher.publish("chat")


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_who_is_signed_in_are_private(owner_client, owner, path):
    """Each has the name in its header."""
    answer = owner_client.get(path)
    assert owner.username in answer.content.decode()
    assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_strangers_are_as_they_were(client, path):
    """They are the same for every stranger."""
    assert "Cache-Control" not in client.get(path).headers


def test_what_names_nobody_stays_public(owner_client):
    """It is the same whoever asks, and says so itself."""
    for path in ("/sitemap.xml", "/badges/chat/version.svg"):
        assert owner_client.get(path).headers["Cache-Control"].startswith("public")


def test_strictest_rule_wins(owner_client):
    """A page that may not be kept at all still says so."""
    for path in ("/account", "/plugins/none"):
        assert "no-store" in owner_client.get(path).headers["Cache-Control"]
