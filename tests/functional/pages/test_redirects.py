"""Redirects of mistyped addresses."""

from __future__ import annotations

import pytest

from registry.actions import moderate_release


@pytest.fixture(scope="module")
def _published(module_publisher):
    module_publisher.publish("@acme/slack-bridge")
    module_publisher.publish("markdown-toc")
    module_publisher.publish("acme-tools", "1.0.0")


@pytest.fixture
def owner(module_publisher):
    return module_publisher.copy_actor()


@pytest.fixture(autouse=True)
def catalog(_published, _module_packages, db):
    """Published once for the module."""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/plugins/acme/slack-bridge", "/plugins/@acme/slack-bridge"),
        ("/plugins/acme/slack-bridge/versions", "/plugins/@acme/slack-bridge/versions"),
        ("/plugins/acme/slack-bridge/1.0.0/files", "/plugins/@acme/slack-bridge/1.0.0/files"),
        ("/plugins/@ACME/Slack_Bridge", "/plugins/@acme/slack-bridge"),
        ("/plugins/@acme/slackbridge/9.9.9", "/plugins/@acme/slack-bridge/9.9.9"),
        ("/plugins/Markdown_TOC/security", "/plugins/markdown-toc/security"),
        ("/plugins/markdown-toc/", "/plugins/markdown-toc"),
        ("/search/?q=a%26b", "/search?q=a%26b"),
        ("/plugins/@acme", "/@acme"),
        ("/@ACME", "/@acme"),
        ("/@acme/slack-bridge", "/plugins/@acme/slack-bridge"),
        ("/@acme/slack-bridge?x=1", "/plugins/@acme/slack-bridge?x=1"),
    ],
)
def test_unambiguous_urls_redirect(client, typed, meant):
    response = client.get(typed)
    assert (response.status_code, response.headers["Location"]) == (302, meant)
    assert client.head(typed).status_code == 302
    assert client.get(meant).status_code == (404 if "9.9.9" in meant else 200)


def test_an_account_without_a_scope(client, moderator):
    assert client.get(f"/@{moderator.username}").status_code == 200
    response = client.get(f"/@{moderator.username.upper()}")
    assert response.headers["Location"] == f"/@{moderator.username}"
    moderator.is_active = False
    moderator.save()
    assert client.get(f"/@{moderator.username}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/markdown-toc/9.9.9",
        "/plugins/acme/none",
        "/plugins/acme",
        "/plugins/@nobody",
        "/@nobody",
        "/@",
        "/nowhere/",
        "/%00/",
        "/plugins/@/x",
        "/plugins/" + "A" * 2000,
        "/api/v1/plugins/Markdown_TOC",
        "/api/v1/plugins/markdown-toc/",
    ],
)
def test_unknown_urls_get_404(client, path):
    assert client.get(path).status_code == 404


def test_redirects_stay_on_this_host(client):
    for path in ("//example.test/", "//plugins/Markdown_TOC", "///@ACME", "/\\\\example.test/"):
        response = client.get("/", PATH_INFO=path)
        assert response.status_code == 404
        assert "Location" not in response.headers


def test_post_requests_are_not_redirected(client):
    assert client.post("/plugins/acme/slack-bridge").status_code in (404, 405)


def test_redirects_do_not_reveal_unlisted_plugins(client, publisher, moderator):
    release = publisher.publish("@acme/secret")
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    assert client.get("/plugins/acme/secret").status_code == 404


def test_queries(client, django_assert_num_queries):
    """One query for the missing plugin, one for the intended one, and those of the page."""
    with django_assert_num_queries(2):
        client.get("/plugins/Markdown_TOC", headers={"Accept": "text/html"})
