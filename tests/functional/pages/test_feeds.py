"""The Atom feeds: what they tell, that they are valid, and what they cost."""

from __future__ import annotations

import datetime as dt
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.contrib.sessions.models import Session

from marketplace.outlets.changes import find_section
from registry.actions import flag_release
from registry.actions.moderate_release import quarantine_release, revoke_release
from registry.models import Plugin, Release

ATOM = "{http://www.w3.org/2005/Atom}"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


class Feed:
    """A feed as a reader of feeds sees it; fails on what RFC 4287 does not allow."""

    def __init__(self, body: bytes) -> None:
        self.root = ET.fromstring(body)
        assert self.root.tag == f"{ATOM}feed"
        self.entries = self.root.findall(f"{ATOM}entry")
        self.check(self.root)
        for entry in self.entries:
            self.check(entry)
            # Section 4.1.1: an author here or on the feed.
            assert entry.find(f"{ATOM}author/{ATOM}name") is not None
        ids = [self.get(entry, "id") for entry in self.entries]
        assert len(set(ids)) == len(ids)

    def check(self, element: ET.Element) -> None:
        """Exactly one id, title and updated; an absolute link."""
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, name
            assert self.get(element, name)
        assert self.get(element, "id").startswith("tag:127.0.0.1,2026:")
        assert dt.datetime.fromisoformat(self.get(element, "updated")).tzinfo
        assert self.get_link(element).startswith("http://127.0.0.1:8000/")

    @staticmethod
    def get(element: ET.Element, name: str) -> str:
        return element.findtext(ATOM + name) or ""

    @staticmethod
    def get_link(element: ET.Element, rel: str = "alternate") -> str:
        links = [x for x in element.findall(f"{ATOM}link") if x.get("rel", "alternate") == rel]
        assert len(links) == 1
        return links[0].attrib["href"]

    @property
    def titles(self) -> list[str]:
        return [self.get(entry, "title") for entry in self.entries]


@pytest.fixture
def read(client: Any, db: None) -> Any:
    def read_it(path: str) -> Feed:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = Feed(answer.content)
        assert feed.get_link(feed.root, "self") == f"http://127.0.0.1:8000{path}"
        return feed

    return read_it


PATHS = (
    "/feeds/new.atom",
    "/feeds/updates.atom",
    "/feeds/plugins/@acme/chat.atom",
    "/feeds/users/acme.atom",
    "/feeds/scopes/acme.atom",
)


def test_new_names_each_plugin_once(read, publisher):
    publisher.publish("@acme/chat", "1.0.0", categories=["communication"])
    publisher.publish("vault")
    publisher.publish("@acme/chat", "1.1.0")
    feed = read("/feeds/new.atom")
    assert feed.titles == ["vault", "@acme/chat"]
    entry = feed.entries[1]
    assert feed.get_link(entry) == "http://127.0.0.1:8000/plugins/@acme/chat"
    assert feed.get(entry, "id") == "tag:127.0.0.1,2026:plugins/@acme/chat"
    assert "What @acme/chat does" in feed.get(entry, "content")


def test_updates_tell_each_release_newest_first(read, publisher):
    publisher.publish("@acme/chat", "1.0.0")
    publisher.publish("vault", "0.1.0")
    publisher.publish("@acme/chat", "1.1.0", changelog="Sends *faster*.")
    feed = read("/feeds/updates.atom")
    assert feed.titles == ["@acme/chat 1.1.0", "vault 0.1.0", "@acme/chat 1.0.0"]
    assert feed.get_link(feed.entries[0]) == "http://127.0.0.1:8000/plugins/@acme/chat/1.1.0"
    assert "<em>faster</em>" in feed.get(feed.entries[0], "content")
    assert "It works." in feed.get(feed.entries[1], "content")


def test_a_plugins_feed_tells_what_was_said_of_a_release(read, publisher, owner, moderator):
    old = publisher.publish("@acme/chat", "1.0.0")
    bad = publisher.publish("@acme/chat", "1.1.0")
    worse = publisher.publish("@acme/chat", "1.2.0")
    publisher.publish("@acme/chat", "2.0.0")
    flag_release.deprecate_release(
        actor=owner, release=old, message="Too <old>.", replacement="vault"
    )
    flag_release.yank_release(actor=owner, release=bad, reason="Loses messages.")
    quarantine_release(actor=moderator, release=worse, reason="Sends what it reads.")
    feed = read("/feeds/plugins/@acme/chat.atom")
    said = dict(zip(feed.titles, feed.entries, strict=True))
    assert set(said) == {
        "@acme/chat 2.0.0",
        "@acme/chat 1.2.0 is quarantined",
        "@acme/chat 1.1.0",
        "@acme/chat 1.1.0 is yanked",
        "@acme/chat 1.0.0",
        "@acme/chat 1.0.0 is deprecated",
    }
    assert feed.titles[0] == "@acme/chat 1.2.0 is quarantined"  # what happened last
    deprecated = feed.get(said["@acme/chat 1.0.0 is deprecated"], "content")
    assert "Too &lt;old&gt;." in deprecated
    assert "Use vault instead." in deprecated
    assert "Loses messages." in feed.get(said["@acme/chat 1.1.0 is yanked"], "content")
    assert "Sends what it reads." in feed.get(feed.entries[0], "content")


def test_user_and_scope(read, publisher, outsider):
    publisher.publish("@acme/chat")
    publisher.publish("vault")
    assert read("/feeds/users/acme.atom").titles == ["vault 1.0.0", "@acme/chat 1.0.0"]
    assert read("/feeds/scopes/acme.atom").titles == ["@acme/chat 1.0.0"]
    empty = read("/feeds/users/mallory.atom")
    assert empty.titles == []
    joined = dt.datetime.fromisoformat(empty.get(empty.root, "updated"))
    assert joined == outsider.date_joined


def test_what_is_not_public_is_in_no_feed(read, client, publisher, moderator):
    """Quarantined with all it has, a plugin leaves every list; its own feed says why."""
    release = publisher.publish("@acme/chat")
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    Release.objects.create(
        plugin=release.plugin,
        version="9.0.0",
        precedence="9.0.0",
        sort_key=b"9",
        state="held",
        published_by=release.published_by,
    )
    for path in PATHS:
        assert b"9.0.0" not in client.get(path).content
    for path in (PATHS[0], PATHS[1], PATHS[3], PATHS[4]):
        assert read(path).titles == [], path
    assert read(PATHS[2]).titles == ["@acme/chat 1.0.0 is quarantined"]
    revoke_release(actor=moderator, release=release, reason="It was looked at.")
    assert read(PATHS[2]).titles == ["@acme/chat 1.0.0 is revoked"]


def test_code_stays_code_without_our_colours(read, publisher):
    publisher.publish("@acme/chat", changelog="See:\n\n```python x\ndef f(): pass\n```\n")
    feed = read("/feeds/updates.atom")
    content = feed.get(feed.entries[0], "content")
    assert "def f(): pass" in content
    assert "hl-" not in content


def test_hostile_text_stays_text(read, publisher):
    """Characters that XML forbids, mark-up in names, scripts in a changelog."""
    publisher.publish(
        "@acme/chat", changelog="<script>alert(1)</script>\n\n]]> & <b>bold</b> \x0b."
    )
    Plugin.objects.update(
        description="ab\x08c\ufffe\x1f <i>&amp;</i> ]]>", author_name="\x01<x>\udcff"[:4]
    )
    for path in PATHS:
        feed = read(path)
        assert len(feed.entries) == 1
        assert "<script" not in feed.get(feed.entries[0], "content")
    new = read(PATHS[0])
    assert "abc &lt;i&gt;&amp;amp;&lt;/i&gt; ]]&gt;" in new.get(new.entries[0], "content")
    assert new.entries[0].findtext(f"{ATOM}author/{ATOM}name") == "<x>"
    assert new.root.attrib[XML_BASE] == "http://127.0.0.1:8000/"


@pytest.mark.parametrize("path", PATHS)
def test_asking_again_costs_no_body(client, publisher, path):
    publisher.publish()
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Cookie" not in first.headers.get("Vary", "")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert client.get(path).content == first.content
    for header, value in (("IF_NONE_MATCH", etag), ("IF_MODIFIED_SINCE", modified)):
        again = client.get(path, **{f"HTTP_{header}": value})
        assert (again.status_code, again.content) == (304, b"")
    publisher.publish("@acme/chat", "7.0.0")
    if path != PATHS[0]:
        assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


@pytest.mark.parametrize("releases", [1, 6])
def test_queries_do_not_grow(owner_client, publisher, django_assert_num_queries, releases):
    """With the cookie of somebody who is signed in, too: nobody asks who reads."""
    for number in range(releases):
        publisher.publish("@acme/chat", f"1.{number}.0")
        publisher.publish(f"vault-{number}")
    assert Session.objects.count() == 1
    for path, count in zip(PATHS, (1, 3, 2, 2, 3), strict=True):
        with django_assert_num_queries(count):
            assert owner_client.get(path).status_code == 200


def test_feeds_hold_the_newest_fifty(read, publisher):
    first = publisher.publish("@acme/chat", "1.0.0")
    Plugin.objects.bulk_create(
        Plugin(name=f"p{n}", collision_key=f"p{n}", kind="tool", dialect="x", is_listed=True)
        for n in range(60)
    )
    feed = read("/feeds/new.atom")
    assert len(feed.entries) == 50
    assert first.plugin.name not in feed.titles


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/plugins/nope.atom",
        "/feeds/plugins/@no/pe.atom",
        "/feeds/users/nobody.atom",
        "/feeds/users/a%00b.atom",
        "/feeds/scopes/nobody.atom",
        "/feeds/scopes/a%00b.atom",
        "/feeds/else.atom",
    ],
)
def test_feeds_that_are_not_there(client, db, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("## 1.2.0", True),
        ("## [1.2.0] - 2026-02-03", True),
        ("# Version 1.2.0", True),
        ("### v1.2.0 ###", True),
        ("## 1.2.0-rc.1", False),
        ("## 11.2.0", False),
        ("## 1.2.0.1", False),
        ("1.2.0", False),
    ],
)
def test_what_a_changelog_says_of_a_version(heading, found):
    text = f"# Changes\n\n{heading}\n\nIt *works*.\n\n```sh\n# 1.0\n```\n\n## 1.1.9\n\nNot yet."
    section = "It *works*.\n\n```sh\n# 1.0\n```"
    if heading.startswith("# "):
        section += "\n\n## 1.1.9\n\nNot yet."
    assert find_section(text, "1.2.0") == (section if found else "")


@pytest.mark.parametrize(
    ("page", "feeds"),
    [
        ("/", ["/feeds/new.atom", "/feeds/updates.atom"]),
        ("/plugins/@acme/chat", ["/feeds/plugins/@acme/chat.atom"]),
        ("/users/acme", ["/feeds/users/acme.atom"]),
        ("/@acme", ["/feeds/scopes/acme.atom"]),
    ],
)
def test_pages_name_their_feeds(open_page, read, publisher, page, feeds):
    publisher.publish()
    links = open_page(page).all("link", rel="alternate", type="application/atom+xml")
    assert [link.attrs["href"] for link in links] == feeds
    for link in links:
        assert link.attrs["title"]
        assert read(link.attrs["href"]).entries
