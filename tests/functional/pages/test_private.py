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
def test_pages_of_a_signed_in_user_are_not_stored(owner_client, owner, path):
    """Pages of a signed-in user are for no cache, not even that of the browser."""
    response = owner_client.get(path)
    assert owner.username in response.content.decode()
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_visitors_are_revalidated(client, path):
    """A cache with a lifetime of its own never keeps a page, and an unchanged one costs no bytes."""
    response = client.get(path)
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert "Cookie" in response.headers["Vary"]
    etag = response.headers["ETag"]
    assert etag.startswith('"')
    unchanged = client.get(path, HTTP_IF_NONE_MATCH=etag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == etag
    assert unchanged.headers["Cache-Control"] == "public, no-cache"
    assert "Cookie" in unchanged.headers["Vary"]
    # Another parameter changes nothing.
    assert client.get(f"{path}{'&' if '?' in path else '?'}utm=x").headers["ETag"] == etag


def test_a_signed_in_user_does_not_get_the_page_of_a_visitor(client, owner_client, owner):
    """The ETag of the page without a session is of no use with one, and the other way round."""
    etag = client.get("/plugins/chat").headers["ETag"]
    response = owner_client.get("/plugins/chat", HTTP_IF_NONE_MATCH=etag)
    assert response.status_code == 200
    assert owner.username in response.content.decode()


def test_a_fragment_and_its_page_have_different_etags(client):
    """They share a URL."""
    page = client.get("/plugins/chat")
    fragment = client.get(
        "/plugins/chat", HTTP_HX_REQUEST="true", HTTP_IF_NONE_MATCH=page.headers["ETag"]
    )
    assert fragment.status_code == 200
    assert fragment.headers["ETag"] != page.headers["ETag"]
    assert "HX-Request" in fragment.headers["Vary"]


def test_pages_with_a_token_are_not_stored(client):
    """Forms have a token of the reader's cookie."""
    for path in ("/login", "/signup", "/password/reset"):
        response = client.get(path)
        assert "csrfmiddlewaretoken" in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
        assert "ETag" not in response.headers


def test_a_page_changes_its_etag_with_its_content(client, module_publisher):
    """The new version is there at once."""
    etag = client.get("/plugins/chat").headers["ETag"]
    module_publisher.publish("chat", "2.0.0")
    response = client.get("/plugins/chat", HTTP_IF_NONE_MATCH=etag)
    assert response.status_code == 200
    assert "2.0.0" in response.content.decode()


def test_impersonal_responses_stay_public(owner_client):
    """The sitemap and badges stay public, also with a session."""
    for path in ("/sitemap.xml", "/badges/chat/version.svg"):
        assert owner_client.get(path).headers["Cache-Control"].startswith("public")


def test_strictest_rule_wins(owner_client):
    """`no-store` is not weakened."""
    for path in ("/account", "/plugins/none"):
        assert "no-store" in owner_client.get(path).headers["Cache-Control"]
