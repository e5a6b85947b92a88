"""What pages say of releases that are not simply published."""

from __future__ import annotations

import pytest

from registry.actions import flag_release, moderate_release
from registry.models import Release
from tests.functional.api.calls import AWS_KEY
from tests.support.publishing import make_package, publish_bytes


@pytest.fixture
def releases(publisher):
    """Two versions of one plugin, by version."""
    publisher.publish("@acme/chat", "1.0.0")
    publisher.publish("@acme/chat", "1.1.0")
    return {r.version: r for r in Release.objects.select_related("plugin")}


def _row(open_page, version: str, name: str = "@acme/chat") -> str:
    rows = open_page(f"/plugins/{name}/versions").one(id="versions").all("li")
    return next(row.text for row in rows if row.all("a")[0].text == version)


def test_deprecated(open_page, owner, releases):
    """Message and replacement, on the page, in the list of versions and in lists of plugins."""
    flag_release.deprecate_release(
        actor=owner, release=releases["1.1.0"], message="Use the new one.", replacement="@acme/new"
    )
    page = open_page("/plugins/@acme/chat")
    assert "1.1.0 is deprecated. Use the new one." in page.text
    assert "Use @acme/new instead." in page.by_class("notice")[0].text
    assert "Deprecated" in _row(open_page, "1.1.0")
    assert "Deprecated" not in _row(open_page, "1.0.0")
    assert "Deprecated" in open_page("/").by_class("row")[0].text


def test_yanked(open_page, owner, releases):
    """A yanked release is no longer the latest, and says why."""
    flag_release.yank_release(actor=owner, release=releases["1.1.0"], reason="Loses messages.")
    page = open_page("/plugins/@acme/chat")
    assert page.by_class("version")[0].text == "1.0.0"
    assert "Yanked" in _row(open_page, "1.1.0")
    yanked = open_page("/plugins/@acme/chat/1.1.0")
    assert "1.1.0 is yanked." in yanked.text
    assert "Reason: Loses messages." in yanked.text
    assert yanked.by_class("install")


@pytest.mark.parametrize(
    ("act", "word"),
    [
        (moderate_release.quarantine_release, "quarantined"),
        (moderate_release.revoke_release, "revoked"),
    ],
)
def test_blocked(open_page, moderator, releases, act, word):
    """A blocked release says what and why, and offers nothing to install."""
    act(actor=moderator, release=releases["1.1.0"], reason="It steals tokens.")
    page = open_page("/plugins/@acme/chat/1.1.0")
    assert f"1.1.0 is {word}." in page.text
    assert "Reason: It steals tokens." in page.text
    assert not page.by_class("install")
    assert not page.by_class("tone-community")
    assert word.capitalize() in _row(open_page, "1.1.0")


def test_tombstone(open_page, client, moderator, publisher):
    """A plugin whose every release is revoked keeps its page, without its author's words."""
    release = publisher.publish(
        "@acme/gone",
        description="Call 555 for a refund.",
        displayName="Refunds",
        homepage="https://bait.example.test/",
        author={"name": "Honest Bob", "url": "https://bait.example.test/bob"},
        repository={"type": "git", "url": "https://bait.example.test/git"},
        tags=["refund"],
        categories=["finance"],
    )
    words = ("Call 555", "Refunds", "Honest Bob", "bait.example", "finance", "MIT")
    before = client.get("/plugins/@acme/gone").content.decode()
    assert [word for word in words if word not in before] == []
    moderate_release.revoke_release(actor=moderator, release=release, reason="Malware.")
    page = open_page("/plugins/@acme/gone")
    assert "Reason: Malware." in page.text
    after = client.get("/plugins/@acme/gone").content.decode()
    assert [word for word in words if word in after] == []
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    assert not open_page("/search").by_class("row")


BAIT = "Call 555 for a refund."


@pytest.fixture
def bait(moderator, publisher):
    """A release that was blocked for what its author writes in it, above one that is fine."""
    publisher.publish("@acme/chat", "1.0.0")
    release = publisher.publish(
        "@acme/chat",
        "1.1.0",
        description=BAIT,
        tags=["refund"],
        permissions={"exec": ["git"]},
        files={"README.md": f"# Refunds\n\n{BAIT}\n", "CHANGELOG.md": f"## 1.1.0\n\n{BAIT}\n"},
    )
    moderate_release.quarantine_release(actor=moderator, release=release, reason="A fraud.")
    return release


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/@acme/chat/1.1.0",
        "/plugins/@acme/chat/1.1.0/security",
        "/plugins/@acme/chat/1.1.0/files/README.md",
        "/plugins/@acme/chat/versions",
        "/plugins/@acme/chat/compare?from=1.0.0&to=1.1.0",
        "/plugins/@acme/chat/compare?from=1.1.0&to=1.0.0",
        "/feeds/plugins/@acme/chat.atom",
    ],
)
def test_nothing_that_its_author_wrote(client, bait, path):
    """Wherever a blocked release is shown, and whoever looks for what was wrong with it."""
    answer = client.get(path)
    assert answer.status_code == 200
    for words in (BAIT, "Refunds", "refund"):
        assert words not in answer.content.decode()


def test_the_readme_of_a_blocked_release(open_page, bait):
    """It is said that it is kept back, and where to go."""
    panel = open_page("/plugins/@acme/chat/1.1.0").one(id="readme")
    assert "1.1.0 is quarantined: its README is not shown." in panel.text
    assert panel.links == ["/plugins/@acme/chat/1.1.0/security"]


def test_what_a_blocked_release_gained_is_not_denied(open_page, bait):
    """It may do more than the one before, whether or not anybody can install it."""
    page = open_page("/plugins/@acme/chat/1.1.0/security")
    assert "Some of them are new since 1.0.0." in page.one(id="security").text
    assert not page.by_class("tone-community")
    assert not page.all(id="gains")


def test_the_feed_of_a_plugin_without_a_release(client, moderator, publisher):
    """Its subtitle is ours."""
    release = publisher.publish("@acme/chat", description=BAIT)
    assert BAIT in client.get("/feeds/plugins/@acme/chat.atom").content.decode()
    moderate_release.quarantine_release(actor=moderator, release=release, reason="A fraud.")
    feed = client.get("/feeds/plugins/@acme/chat.atom").content.decode()
    assert BAIT not in feed
    assert "Releases of @acme/chat." in feed


@pytest.mark.parametrize(("before", "after"), [("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")])
def test_comparing_with_a_blocked_release(open_page, bait, before, after):
    """Its state and the reason come first; what it may do is told, its own words are not."""
    page = open_page("/plugins/@acme/chat/compare", **{"from": before, "to": after})
    panel = page.one(id="compare")
    notice = panel.by_class("notice-bad")[0].text
    assert "1.1.0 is quarantined." in notice
    assert "Reason: A fraud." in notice
    assert "Runs programs git" in panel.by_class("gained" if after == "1.1.0" else "lost")[0].text
    assert "changed description" in panel.text
    kept = "What 1.1.0 says of itself is not shown."
    assert kept in panel.text


def test_other_versions_are_named_only_where_there_are_any(open_page, moderator, publisher):
    """A plugin with one release has no other."""
    words = "Other versions are not affected."
    only = publisher.publish("@acme/chat", "1.0.0")
    moderate_release.quarantine_release(actor=moderator, release=only, reason="Odd.")
    assert words not in open_page("/plugins/@acme/chat").text
    publisher.publish("@acme/chat", "1.1.0")
    assert words in open_page("/plugins/@acme/chat/1.0.0").text


@pytest.mark.parametrize("flag", ["deprecate", "yank"])
def test_what_an_author_says_of_a_blocked_release(open_page, owner, moderator, releases, flag):
    """The flag stays, the message goes."""
    release = releases["1.1.0"]
    if flag == "deprecate":
        flag_release.deprecate_release(
            actor=owner, release=release, message=BAIT, replacement="@acme/bait"
        )
    else:
        flag_release.yank_release(actor=owner, release=release, reason=BAIT)
    assert BAIT in open_page("/plugins/@acme/chat/1.1.0").text
    moderate_release.quarantine_release(actor=moderator, release=release, reason="A fraud.")
    for path in ("/plugins/@acme/chat/1.1.0", "/plugins/@acme/chat/versions"):
        page = open_page(path)
        assert BAIT not in page.text
        assert "@acme/bait" not in page.text
    assert "Deprecated" in page.text or "Yanked" in page.text


def test_unfinished_and_rejected_are_not_there(open_page, owner, publisher):
    """Nothing public: no page."""
    publish_bytes(owner, make_package("@acme/waiting"))
    open_page("/plugins/@acme/waiting", status=404)
    bad = publisher.publish("@acme/bad", files={"key.txt": f"{AWS_KEY}\n"})
    assert bad.state == "rejected"
    open_page("/plugins/@acme/bad", status=404)
    open_page("/plugins/@acme/bad/1.0.0", status=404)


def test_dist_tags(open_page, publisher):
    """Tags stand beside the version they name."""
    publisher.publish("@acme/chat", "1.0.0")
    publisher.publish("@acme/chat", "2.0.0-rc.1", tag="beta")
    assert "latest" in _row(open_page, "1.0.0")
    assert "beta" in _row(open_page, "2.0.0-rc.1")


def test_versions_are_ordered_by_precedence(open_page, publisher):
    """The highest first, as semver orders them."""
    for version in ("1.9.0", "1.10.0", "1.10.0-rc.2", "1.10.0-rc.10"):
        publisher.publish("@acme/chat", version)
    links = open_page("/plugins/@acme/chat/versions").one(id="versions").by_class("timeline-head")
    assert [row.all("a")[0].text for row in links] == [
        "1.10.0",
        "1.10.0-rc.10",
        "1.10.0-rc.2",
        "1.9.0",
    ]
