"""Addresses that people type, and where they lead."""

from __future__ import annotations

import pytest

from registry.actions import moderate_release


@pytest.fixture
def catalogue(publisher):
    publisher.publish("@acme/slack-bridge")
    publisher.publish("markdown-toc")
    publisher.publish("acme-tools", "1.0.0")


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
def test_what_can_mean_one_page_leads_there(client, catalogue, typed, meant):
    answer = client.get(typed)
    assert (answer.status_code, answer.headers["Location"]) == (302, meant)
    assert client.head(typed).status_code == 302
    assert client.get(meant).status_code == (404 if "9.9.9" in meant else 200)


def test_account_without_a_scope(client, moderator):
    answer = client.get(f"/@{moderator.username}")
    assert answer.headers["Location"] == f"/users/{moderator.username}"
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
def test_what_means_nothing_stays_lost(client, catalogue, path):
    assert client.get(path).status_code == 404


def test_nobody_is_sent_to_another_host(client, catalogue):
    for path in ("//example.test/", "//plugins/Markdown_TOC", "///@ACME", "/\\\\example.test/"):
        answer = client.get("/", PATH_INFO=path)
        assert answer.status_code == 404
        assert "Location" not in answer.headers


def test_a_form_is_not_sent_on(client, catalogue):
    assert client.post("/plugins/acme/slack-bridge").status_code in (404, 405)


def test_what_is_not_listed_is_not_told(client, catalogue, publisher, moderator):
    release = publisher.publish("@acme/secret")
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    assert client.get("/plugins/acme/secret").status_code == 404


def test_queries(client, catalogue, django_assert_num_queries):
    """One for the plugin that is not there, one for the one that is meant, those of the page."""
    with django_assert_num_queries(2):
        client.get("/plugins/Markdown_TOC", headers={"Accept": "text/html"})
