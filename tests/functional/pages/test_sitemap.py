"""The sitemap: its URLs, its parts and its number of queries."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from marketplace.pages import sitemap as pages
from marketplace.queries import sitemap as queries
from marketplace.syndication import sitemap
from marketplace.syndication.atom import EPOCH
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def read(client: Any, db: None) -> Any:
    """Read a sitemap; returns its tag and the address and date of each entry."""

    def get_sitemap(path: str = "/sitemap.xml") -> tuple[str, dict[str, str | None]]:
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert response.headers["Cache-Control"] == "public, max-age=3600"
        root = ET.fromstring(response.getvalue())
        entries = [(e.findtext(f"{SPACE}loc"), e.findtext(f"{SPACE}lastmod")) for e in root]
        assert len({loc for loc, _ in entries}) == len(entries)
        assert all(loc and loc.startswith("http://127.0.0.1:8000/") for loc, _ in entries)
        return root.tag.removeprefix(SPACE), {urlsplit(loc).path: date for loc, date in entries}

    return get_sitemap


def create_plugin(key: int, **values: Any) -> Plugin:
    values = {"name": f"p{key}", "collision_key": f"p{key}", "kind": "tool", **values}
    return Plugin(pk=key, dialect="plugport", is_listed=True, **values)


def test_the_sitemap_contains_pages_of_listed_plugins(read, client, publisher, moderator):
    publisher.publish("@acme/chat", categories=["communication"])
    publisher.publish("vault", categories=["storage"])
    gone = publisher.publish("gone", categories=["storage"])
    quarantine_release(actor=moderator, release=gone, reason="It is looked at.")
    tag, entries = read()
    assert tag == "urlset"
    assert {
        "/",
        "/categories",
        "/docs",
        "/publish",
        "/docs/manifest",
        "/categories/communication",
        "/categories/storage",
        "/@acme",
        "/plugins/@acme/chat",
        "/plugins/vault",
    } <= entries.keys()
    assert "/plugins/gone" not in entries
    assert entries["/plugins/vault"] == Plugin.objects.get(name="vault").updated_at.isoformat(
        timespec="seconds"
    )
    dead = [path for path in entries if client.get(path).status_code != 200]
    assert dead == []


def test_a_scope_without_a_listed_plugin_is_not(read, publisher, moderator):
    release = publisher.publish("@acme/chat")
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    assert "/@acme" not in read()[1]


def test_many_addresses_are_parts(read, client, monkeypatch):
    """Stable by id: what is unlisted leaves a gap and moves nothing; pages are in the first."""
    monkeypatch.setattr(queries, "IDS_PER_PART", 10)
    Plugin.objects.bulk_create(create_plugin(key) for key in range(11, 36))
    tag, parts = read()
    paths = [f"/sitemaps/{number}.xml" for number in range(1, 5)]
    assert tag == "sitemapindex"
    assert list(parts) == paths
    assert [bool(date) for date in parts.values()] == [False, True, True, True]
    before = [read(path)[1] for path in paths]
    assert "/" in before[0]
    assert [sum("/plugins/p" in path for path in part) for part in before] == [0, 10, 10, 5]
    Plugin.objects.filter(pk=15).update(is_listed=False)
    after = [read(path)[1] for path in paths]
    assert before[1].keys() - after[1].keys() == {"/plugins/p15"}
    assert [before[0], *before[2:]] == [after[0], *after[2:]]
    for path in ("/sitemaps/5.xml", "/sitemaps/0.xml", f"/sitemaps/{10**30}.xml"):
        assert client.get(path).status_code == 404


def test_a_part_never_passes_the_limits():
    """50,000 addresses of any name that is allowed, and 50 MB."""
    longest = f"@{'a' * 64}/{'b' * 64}"
    urls = 2 * queries.IDS_PER_PART + queries.MAX_CATEGORIES + 100
    assert urls <= 50_000
    plugin = sitemap.SitemapUrl(f"/plugins/{longest}", EPOCH)
    assert len(sitemap.render_urlset([plugin])) * urls < 50_000_000


@pytest.mark.parametrize("plugins", [3, 2_500])
def test_queries_do_not_grow(client, db, django_assert_num_queries, monkeypatch, plugins):
    Plugin.objects.bulk_create(create_plugin(key) for key in range(1, plugins + 1))
    with django_assert_num_queries(5):
        assert client.get("/sitemap.xml").content.count(b"/plugins/p") == plugins
    with django_assert_num_queries(3):
        assert client.get("/sitemaps/1.xml").content.count(b"/plugins/p") == plugins
    monkeypatch.setattr(queries, "IDS_PER_PART", 2)
    with django_assert_num_queries(3):
        assert b"sitemapindex" in client.get("/sitemap.xml").content
    with django_assert_num_queries(2):
        assert client.get("/sitemaps/2.xml").content.count(b"/plugins/p") == min(2, plugins - 2)


@pytest.fixture
def many_parts(db, monkeypatch):
    """Three parts."""
    monkeypatch.setattr(queries, "IDS_PER_PART", 10)
    Plugin.objects.bulk_create(create_plugin(key) for key in range(1, 26))


@pytest.mark.usefixtures("many_parts")
def test_the_index_is_built_once_in_ten_minutes(client, django_assert_num_queries, monkeypatch):
    """A new part may be listed late. The parts themselves are never stored."""
    # From 1970 to 2286 in one interval.
    monkeypatch.setattr(pages, "INDEX_SECONDS", 10**10)
    index = client.get("/sitemap.xml")
    Plugin.objects.bulk_create([create_plugin(31)])
    with django_assert_num_queries(1):
        assert client.get("/sitemap.xml").content == index.content
    assert b"/plugins/p31" in client.get("/sitemaps/4.xml").content
    unchanged = client.get("/sitemap.xml", headers={"If-None-Match": index.headers["ETag"]})
    assert unchanged.status_code == 304
    # Another interval.
    monkeypatch.setattr(pages, "INDEX_SECONDS", 10**9)
    assert b"/sitemaps/4.xml" in client.get("/sitemap.xml").content


@pytest.mark.usefixtures("many_parts")
def test_few_requests_wait_for_the_index(client, settings):
    settings.COMPUTATION_SECONDS = 0.05
    with pages.index_turns.take(max_seconds=60):
        response = client.get("/sitemap.xml")
        assert client.get("/sitemaps/1.xml").status_code == 200
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert client.get("/sitemap.xml").status_code == 200


def test_names_are_escaped(client, db):
    Plugin.objects.bulk_create([create_plugin(1, name="a&b<c> d")])
    assert b"/plugins/a&amp;b%3Cc%3E%20d</loc>" in client.get("/sitemap.xml").getvalue()


def test_robots_names_it(client):
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in lines
    assert "Disallow: /account" in lines
