"""What an address that leads nowhere may have meant."""

from __future__ import annotations

import pytest


@pytest.fixture
def catalogue(publisher, index_now):
    """Names to come near to."""
    publisher.publish("@acme/slack-bridge", tags=["messaging"], categories=["communication"])
    publisher.publish("markdown-toc")
    publisher.publish("vault")
    index_now()


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
def test_near_names(open_page, catalogue, path, near):
    """The name that was probably meant is one click away."""
    page = open_page(path, status=404)
    assert near in page.by_class("near")[0].links


@pytest.mark.parametrize(
    "path",
    ["/plugins/zzzzzzzz", "/tags/zzzz", "/@zzzz", "/wp-login.php", "/docs/vault", "/feeds/vault"],
)
def test_nothing_near(open_page, catalogue, path):
    """Nothing far-fetched is offered."""
    assert not open_page(path, status=404).by_class("near")


@pytest.mark.parametrize(
    "path", ["/plugins/" + "x" * 2000, "/%00", "/plugins/%00", "/<script>", "/" + "a/" * 500]
)
def test_odd_paths(open_page, catalogue, path):
    """Whatever the path, the answer is the page."""
    page = open_page(path, status=404)
    assert not [script for script in page.all("script") if "src" not in script.attrs]


def test_what_was_asked_can_be_searched(open_page, catalogue):
    """The way on leads into the search, with the words."""
    page = open_page("/plugins/@acme/slack-brige", status=404)
    assert "/search?q=acme%20slack-brige" in page.one("main").links


def test_withdrawn_plugins_are_not_near(open_page, publisher, moderator, index_now):
    """A name that may not be seen is not suggested either."""
    from registry.actions import moderate_release

    release = publisher.publish("secret-one")
    index_now()
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    page = open_page("/plugins/secret-onee", status=404)
    assert not page.by_class("near")
    assert "secret-one" not in page.text.split()


def test_without_the_index(open_page, publisher, django_assert_num_queries):
    """Every plugin is read by nobody: the name that looks the same is still found by its key."""
    publisher.publish("markdown-toc")
    with django_assert_num_queries(1):
        page = open_page("/markdown_toc", status=404)
    assert page.by_class("near")[0].links == ["/plugins/markdown-toc"]


def test_api_is_asked_for_nothing_more(client, catalogue, django_assert_num_queries):
    """Names are looked for where people read, not for machines."""
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
def test_what_one_types_by_habit_leads_on(client, typed, shown):
    """Addresses of other registries lead to ours, words included."""
    answer = client.get(typed)
    assert (answer.status_code, answer.headers["Location"]) == (302, shown)
