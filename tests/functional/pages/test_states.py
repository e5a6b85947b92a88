"""Pages of deprecated, yanked and blocked releases."""

from __future__ import annotations

import pytest

from registry.actions import flag_release, moderate_release
from registry.models import Release
from tests.functional.api.calls import AWS_KEY
from tests.support.people import create_user
from tests.support.publishing import build_package, publish_bytes

BAIT = "Call 555 for a refund."

pytestmark = pytest.mark.usefixtures("_module_packages")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Two versions of `@acme/chat`. Tests that publish do so under other names."""
    module_publisher.publish("@acme/chat", "1.0.0")
    module_publisher.publish("@acme/chat", "1.1.0")
    for version in ("1.9.0", "1.10.0", "1.10.0-rc.2"):
        module_publisher.publish("@acme/many", version)
    module_publisher.publish("@acme/many", "1.10.0-rc.10", tag="beta")


@pytest.fixture
def releases(db, _published):
    """The two releases, by version."""
    releases = Release.objects.filter(plugin__name="@acme/chat").select_related("plugin")
    return {release.version: release for release in releases}


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


@pytest.fixture(scope="module")
def _moderator(module_db):
    return create_user("maude", is_moderator=True, is_staff=True)


@pytest.fixture
def moderator(db, _moderator):
    return _moderator


@pytest.fixture(scope="module")
def _bait(_moderator, module_publisher):
    module_publisher.publish("@acme/fraud", "1.0.0")
    release = module_publisher.publish(
        "@acme/fraud",
        "1.1.0",
        description=BAIT,
        tags=["refund"],
        permissions={"exec": ["git"]},
        files={"README.md": f"# Refunds\n\n{BAIT}\n", "CHANGELOG.md": f"## 1.1.0\n\n{BAIT}\n"},
    )
    moderate_release.quarantine_release(actor=_moderator, release=release, reason="A fraud.")


@pytest.fixture
def bait(db, _bait):
    """A blocked release of `@acme/fraud` with abusive texts, above a good one."""


def _row(open_page, version: str, name: str = "@acme/chat") -> str:
    rows = open_page(f"/plugins/{name}/versions").one(id="versions").all("li")
    heads = [row for row in rows if row.by_class("timeline-head")]
    return next(row.text for row in heads if row.all("a")[0].text == version)


def test_deprecated(open_page, owner, releases):
    """Message and replacement appear on the page and in lists."""
    flag_release.deprecate_release(
        actor=owner, release=releases["1.1.0"], message="Use the new one.", replacement="@acme/new"
    )
    page = open_page("/plugins/@acme/chat")
    assert "1.1.0 is deprecated. Use the new one." in page.text
    assert "Use @acme/new instead." in page.by_class("notice")[0].text
    assert "Deprecated" in _row(open_page, "1.1.0")
    assert "Deprecated" not in _row(open_page, "1.0.0")
    row = next(row for row in open_page("/@acme").by_class("row") if "chat" in row.text)
    assert "Deprecated" in row.text


def test_yanked(open_page, owner, releases):
    """A yanked release is not the latest and shows its reason."""
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
    """A blocked release shows its state and reason, without install commands."""
    act(actor=moderator, release=releases["1.1.0"], reason="It steals tokens.")
    page = open_page("/plugins/@acme/chat/1.1.0")
    assert f"1.1.0 is {word}." in page.text
    assert "Reason: It steals tokens." in page.text
    assert not page.by_class("install")
    assert not page.by_class("tone-community")
    assert word.capitalize() in _row(open_page, "1.1.0")


def test_tombstone(open_page, client, moderator, publisher, releases):
    """A plugin with only revoked releases keeps a page without author texts."""
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
    rows = [row.one("h3").text for row in open_page("/search").by_class("row")]
    assert any("chat" in row for row in rows)
    assert not any("gone" in row for row in rows)


def test_texts_of_the_author_are_hidden(client, bait):
    """Author texts of a blocked release are hidden on every page."""
    for path in (
        "/plugins/@acme/fraud/1.1.0",
        "/plugins/@acme/fraud/1.1.0/security",
        "/plugins/@acme/fraud/1.1.0/files/README.md",
        "/plugins/@acme/fraud/versions",
        "/plugins/@acme/fraud/compare?from=1.0.0&to=1.1.0",
        "/plugins/@acme/fraud/compare?from=1.1.0&to=1.0.0",
        "/feeds/plugins/@acme/fraud.atom",
    ):
        response = client.get(path)
        assert response.status_code == 200, path
        text = response.content.decode()
        assert [words for words in (BAIT, "Refunds", "refund") if words in text] == [], path


def test_the_readme_of_a_blocked_release(open_page, bait):
    """The README tab explains that the README is hidden."""
    panel = open_page("/plugins/@acme/fraud/1.1.0").one(id="readme")
    assert "1.1.0 is quarantined. Its README is not shown." in panel.text
    assert panel.links == ["/plugins/@acme/fraud/1.1.0/security"]


def test_what_a_blocked_release_gained_is_not_denied(open_page, bait):
    """The comparison of a blocked release still shows new permissions."""
    page = open_page("/plugins/@acme/fraud/1.1.0/security")
    assert "Some of them are new since 1.0.0." in page.one(id="security").text
    assert not page.by_class("tone-community")
    assert not page.all(id="gains")


def test_the_feed_of_a_plugin_without_a_release(client, moderator, publisher):
    """The feed of a blocked plugin has a subtitle of the registry."""
    release = publisher.publish("@acme/talk", description=BAIT)
    assert BAIT in client.get("/feeds/plugins/@acme/talk.atom").content.decode()
    moderate_release.quarantine_release(actor=moderator, release=release, reason="A fraud.")
    feed = client.get("/feeds/plugins/@acme/talk.atom").content.decode()
    assert BAIT not in feed
    assert "Releases of @acme/talk." in feed


@pytest.mark.parametrize(("before", "after"), [("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")])
def test_comparing_with_a_blocked_release(open_page, bait, before, after):
    """State and reason come first; permissions are shown, author texts are hidden."""
    page = open_page("/plugins/@acme/fraud/compare", **{"from": before, "to": after})
    panel = page.one(id="compare")
    notice = panel.by_class("notice-bad")[0].text
    assert "1.1.0 is quarantined." in notice
    assert "Reason: A fraud." in notice
    assert "Runs programs git" in panel.by_class("gained" if after == "1.1.0" else "lost")[0].text
    assert "changed description" in panel.text
    hidden = "The manifest and the files of 1.1.0 are not shown."
    assert hidden in panel.text


def test_other_versions_are_named_only_where_there_are_any(open_page, moderator, releases):
    """Other versions are mentioned only if there are any."""
    words = "Other versions are not affected."
    quarantine = moderate_release.quarantine_release
    quarantine(actor=moderator, release=releases["1.0.0"], reason="Odd.")
    assert words in open_page("/plugins/@acme/chat/1.0.0").text
    quarantine(actor=moderator, release=releases["1.1.0"], reason="Odd.")
    assert words not in open_page("/plugins/@acme/chat").text
    assert words not in open_page("/plugins/@acme/chat/1.0.0").text


@pytest.mark.parametrize("flag", ["deprecate", "yank"])
def test_deprecation_of_a_blocked_release(open_page, owner, moderator, releases, flag):
    """The flag stays, the message is hidden."""
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
    """Without public releases there is no page."""
    publish_bytes(owner, build_package("@acme/waiting"))
    open_page("/plugins/@acme/waiting", status=404)
    bad = publisher.publish("@acme/bad", files={"key.txt": f"{AWS_KEY}\n"})
    assert bad.state == "rejected"
    open_page("/plugins/@acme/bad", status=404)
    open_page("/plugins/@acme/bad/1.0.0", status=404)


def test_dist_tags(open_page, releases):
    """Dist-tags are shown next to their version."""
    assert "latest" in _row(open_page, "1.10.0", "@acme/many")
    assert "beta" in _row(open_page, "1.10.0-rc.10", "@acme/many")


def test_versions_are_ordered_by_precedence(open_page, releases):
    """Versions are ordered by semver, highest first."""
    links = open_page("/plugins/@acme/many/versions").one(id="versions").by_class("timeline-head")
    assert [row.all("a")[0].text for row in links] == [
        "1.10.0",
        "1.10.0-rc.10",
        "1.10.0-rc.2",
        "1.9.0",
    ]
