"""The Atom feeds: their entries, validity and number of queries."""

from __future__ import annotations

import datetime as dt
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.contrib.sessions.models import Session
from django.utils.http import http_date

from registry.actions import flag_release
from registry.actions.moderate_release import quarantine_release, revoke_release
from registry.models import Plugin, Release

ATOM = "{http://www.w3.org/2005/Atom}"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


class Feed:
    """A parsed feed; fails if it violates RFC 4287."""

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
    def get_feed(path: str) -> Feed:
        response = client.get(path)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = Feed(response.content)
        assert feed.get_link(feed.root, "self") == f"http://127.0.0.1:8000{path}"
        return feed

    return get_feed


PATHS = (
    "/feeds/new.atom",
    "/feeds/updates.atom",
    "/feeds/plugins/@acme/chat.atom",
    "/feeds/users/acme.atom",
    "/feeds/scopes/acme.atom",
)


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Two plugins, one with two releases. Their change logs have code and hostile texts."""
    publish = module_publisher.publish
    code = "See:\n\n```python x\ndef f(): pass\n```\n"
    publish("@acme/chat", "1.0.0", categories=["communication"], changelog=code)
    publish("vault", "0.1.0")
    hostile = "<script>alert(1)</script>\n\n]]> & <b>bold</b> \x0b."
    publish("@acme/chat", "1.1.0", changelog=f"Sends *faster*.\n\n{hostile}")


@pytest.fixture
def catalog(db, _published, _module_packages):
    """The plugins of the module, published once. Tests may add to them."""


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def test_new_names_each_plugin_once(read, catalog):
    feed = read("/feeds/new.atom")
    assert feed.titles == ["vault", "@acme/chat"]
    entry = feed.entries[1]
    assert feed.get_link(entry) == "http://127.0.0.1:8000/plugins/@acme/chat"
    assert feed.get(entry, "id") == "tag:127.0.0.1,2026:plugins/@acme/chat"
    assert "What @acme/chat does" in feed.get(entry, "content")


def test_updates_list_each_release_newest_first(read, catalog):
    feed = read("/feeds/updates.atom")
    assert feed.titles == ["@acme/chat 1.1.0", "vault 0.1.0", "@acme/chat 1.0.0"]
    assert feed.get_link(feed.entries[0]) == "http://127.0.0.1:8000/plugins/@acme/chat/1.1.0"
    assert "<em>faster</em>" in feed.get(feed.entries[0], "content")
    assert "It works." in feed.get(feed.entries[1], "content")


def test_a_plugins_feed_has_deprecations_and_yanks(read, catalog, publisher, owner, moderator):
    releases = {each.version: each for each in Release.objects.filter(plugin__name="@acme/chat")}
    old, bad = releases["1.0.0"], releases["1.1.0"]
    worse = publisher.publish("@acme/chat", "1.2.0")
    publisher.publish("@acme/chat", "2.0.0")
    flag_release.deprecate_release(
        actor=owner, release=old, message="Too <old>.", replacement="vault"
    )
    flag_release.yank_release(actor=owner, release=bad, reason="Loses messages.")
    quarantine_release(actor=moderator, release=worse, reason="Sends what it reads.")
    feed = read("/feeds/plugins/@acme/chat.atom")
    entries = dict(zip(feed.titles, feed.entries, strict=True))
    assert set(entries) == {
        "@acme/chat 2.0.0",
        "@acme/chat 1.2.0 is quarantined",
        "@acme/chat 1.1.0",
        "@acme/chat 1.1.0 is yanked",
        "@acme/chat 1.0.0",
        "@acme/chat 1.0.0 is deprecated",
    }
    assert feed.titles[0] == "@acme/chat 1.2.0 is quarantined"  # the last event
    deprecated = feed.get(entries["@acme/chat 1.0.0 is deprecated"], "content")
    assert "Too &lt;old&gt;." in deprecated
    assert "Use vault instead." in deprecated
    assert "Loses messages." in feed.get(entries["@acme/chat 1.1.0 is yanked"], "content")
    assert "Sends what it reads." in feed.get(feed.entries[0], "content")


def test_user_and_scope(read, catalog, outsider):
    chat = ["@acme/chat 1.1.0", "@acme/chat 1.0.0"]
    assert read("/feeds/users/acme.atom").titles == [chat[0], "vault 0.1.0", chat[1]]
    assert read("/feeds/scopes/acme.atom").titles == chat
    empty = read("/feeds/users/mallory.atom")
    assert empty.titles == []
    joined = dt.datetime.fromisoformat(empty.get(empty.root, "updated"))
    assert joined == outsider.date_joined


def test_feeds_contain_only_public_plugins(read, client, catalog, publisher, moderator):
    """A quarantined plugin is in no list; its own feed has the reason."""
    lists = (PATHS[0], PATHS[1], PATHS[3], PATHS[4])
    own = "/feeds/plugins/@acme/secret.atom"
    titles = {path: read(path).titles for path in lists}
    release = publisher.publish("@acme/secret")
    assert all("secret" in " ".join(read(path).titles) for path in lists)
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    Release.objects.create(
        plugin=release.plugin,
        version="9.0.0",
        precedence="9.0.0",
        sort_key=b"9",
        state="held",
        published_by=release.published_by,
    )
    for path in (*lists, own):
        assert b"9.0.0" not in client.get(path).content
    assert {path: read(path).titles for path in lists} == titles
    assert read(own).titles == ["@acme/secret 1.0.0 is quarantined"]
    revoke_release(actor=moderator, release=release, reason="It was looked at.")
    assert read(own).titles == ["@acme/secret 1.0.0 is revoked"]


def test_code_stays_code_without_our_colors(read, catalog):
    feed = read("/feeds/updates.atom")
    content = feed.get(feed.entries[2], "content")
    assert "def f(): pass" in content
    assert "hl-" not in content


def test_hostile_text_stays_text(read, catalog):
    """Characters that XML forbids, markup in names, scripts in a changelog."""
    Plugin.objects.update(
        description="ab\x08c\ufffe\x1f <i>&amp;</i> ]]>", author_name="\x01<x>\udcff"[:4]
    )
    for path in PATHS:
        feed = read(path)
        assert feed.entries
        assert not [e for e in feed.entries if "<script" in feed.get(e, "content")]
    new = read(PATHS[0])
    assert "abc &lt;i&gt;&amp;amp;&lt;/i&gt; ]]&gt;" in new.get(new.entries[0], "content")
    assert new.entries[0].findtext(f"{ATOM}author/{ATOM}name") == "<x>"
    assert new.root.attrib[XML_BASE] == "http://127.0.0.1:8000/"


def test_conditional_requests_get_304(client, catalog, publisher):
    etags = {path: _check_caching(client, path) for path in PATHS}
    publisher.publish("@acme/chat", "7.0.0")
    for path, etag in etags.items():
        if path != PATHS[0]:
            assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def _check_caching(client, path: str) -> str:
    """Check the headers that are for caches; return the ETag."""
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Cookie" not in first.headers.get("Vary", "")
    etag = first.headers["ETag"]
    assert client.get(path).content == first.content
    again = client.get(path, HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content) == (304, b"")
    return etag


def test_a_copy_with_a_blocked_release_is_never_confirmed(client, catalog, moderator, publisher):
    """Whatever date or tag a reader compares: removing the newest entry makes no entry newer."""
    bad = publisher.publish("@acme/worm", "1.0.0", changelog="Visit evil.test.")
    first = {path: client.get(path) for path in PATHS if path != PATHS[2]}
    quarantine_release(actor=moderator, release=bad, reason="It is a worm.")
    for path, response in first.items():
        assert b"worm" in response.content
        copied = {
            "HTTP_IF_MODIFIED_SINCE": response.headers.get("Last-Modified", http_date()),
            "HTTP_IF_NONE_MATCH": response.headers["ETag"],
        }
        for header, value in copied.items():
            again = client.get(path, **{header: value})
            assert again.status_code == 200, (path, header)
            assert b"worm" not in again.content


def test_queries_do_not_grow(owner_client, catalog, publisher, django_assert_num_queries):
    """Also with a session cookie, because feeds do not load the session."""

    def check() -> None:
        for path, count in zip(PATHS, (1, 3, 2, 2, 3), strict=True):
            with django_assert_num_queries(count):
                assert owner_client.get(path).status_code == 200

    assert Session.objects.count() == 1
    check()
    publisher.publish("@acme/chat", "2.0.0")
    publisher.publish("@acme/mail")
    check()


def test_feeds_hold_the_newest_fifty(read, catalog):
    Plugin.objects.bulk_create(
        Plugin(name=f"p{n}", collision_key=f"p{n}", kind="tool", dialect="x", is_listed=True)
        for n in range(60)
    )
    feed = read("/feeds/new.atom")
    assert len(feed.entries) == 50
    assert not {"@acme/chat", "vault"} & {*feed.titles}


def test_unknown_feeds(client, db):
    paths = [
        "/feeds/plugins/nope.atom",
        "/feeds/plugins/@no/pe.atom",
        "/feeds/users/nobody.atom",
        "/feeds/users/a%00b.atom",
        "/feeds/scopes/nobody.atom",
        "/feeds/scopes/a%00b.atom",
        "/feeds/else.atom",
    ]
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)


def test_pages_name_their_feeds(open_page, read, catalog):
    expected = {
        "/": ["/feeds/new.atom", "/feeds/updates.atom"],
        "/plugins/@acme/chat": ["/feeds/plugins/@acme/chat.atom"],
        "/@acme": ["/feeds/users/acme.atom"],
    }
    for page, feeds in expected.items():
        links = open_page(page).all("link", rel="alternate", type="application/atom+xml")
        assert [link.attrs["href"] for link in links] == feeds
        for link in links:
            assert link.attrs["title"]
            assert read(link.attrs["href"]).entries
