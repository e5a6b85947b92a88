"""Pages with the reader's name must not be stored by shared caches."""

from __future__ import annotations

import pytest

PAGES = ["/", "/search", "/search?q=chat", "/plugins/chat", "/categories", "/docs"]


pytestmark = pytest.mark.usefixtures("db", "_plugin", "_module_packages")


@pytest.fixture(scope="module")
def _plugin(module_publisher):
    module_publisher.publish("chat")


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_a_signed_in_user_are_private(owner_client, owner, path):
    """Pages of a signed-in user are private."""
    response = owner_client.get(path)
    assert owner.username in response.content.decode()
    assert "private" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_anonymous_pages_have_no_cache_header(client, path):
    """Pages without a session have no cache header."""
    assert "Cache-Control" not in client.get(path).headers


def test_impersonal_responses_stay_public(owner_client):
    """The sitemap and badges stay public, also with a session."""
    for path in ("/sitemap.xml", "/badges/chat/version.svg"):
        assert owner_client.get(path).headers["Cache-Control"].startswith("public")


def test_strictest_rule_wins(owner_client):
    """`no-store` is not weakened."""
    for path in ("/account", "/plugins/none"):
        assert "no-store" in owner_client.get(path).headers["Cache-Control"]
