"""A README is rendered once, and again after any change of its inputs."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from marketplace.readme import LinkBase, SourceTree, render, render_readme
from marketplace.readme.prerendering import render_published
from registry.models import JournalEntry
from tests.support.publishing import Publisher

TEXT = "# Title\n\n![x](https://pictures.test/a.png) [a](a.md)\n"


@pytest.fixture
def stored_pages(settings: Any) -> dict[str, Any]:
    """A separate cache for this test, by key."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {
        **settings.CACHES,
        "readmes": {"BACKEND": memory, "LOCATION": "readmes of a test"},
    }
    caches["readmes"].clear()
    return caches["readmes"]._cache  # type: ignore[attr-defined,no-any-return]


def build_link_base(
    *paths: str, name: str = "a", version: str = "1.0.0", url: str = ""
) -> LinkBase:
    return LinkBase.build(
        name=name,
        version=version,
        readme="README.md",
        files=[{"path": path, "size": 1} for path in paths],
        repository={"url": url},
    )


def test_second_look(stored_pages: dict[str, Any]):
    """The cached HTML is shown."""
    shown = render_readme(TEXT, link_base=build_link_base())
    (key,) = stored_pages
    caches["readmes"].set(key.rpartition(":")[2], "<p>kept</p>")
    assert "Title" in shown
    assert render_readme(TEXT, link_base=build_link_base()) == "<p>kept</p>"


def test_everything_counts(stored_pages: dict[str, Any], settings: Any):
    """Text, path, release, files, repository, mode and key: each alone gives another rendering."""
    render_readme(TEXT, link_base=build_link_base())
    changed: list[dict[str, Any]] = [
        {"text": TEXT + "More.\n"},
        {"path": "README.markdown"},
        {"has_anchors": False},
        {"link_base": build_link_base("a.md")},
        {"link_base": build_link_base(name="b")},
        {"link_base": build_link_base(version="1.0.1")},
        {"link_base": build_link_base(url="https://github.com/acme/chat")},
        {"link_base": LinkBase(repository=SourceTree.find({"url": "https://gitlab.com/a/b"}))},
        {"shows_images": False},
    ]
    for count, change in enumerate(changed, start=2):
        render_readme(**{"text": TEXT, "link_base": build_link_base(), **change})
        assert len(stored_pages) == count, change
    settings.SECRET_KEY = "another"
    render_readme(TEXT, link_base=build_link_base())
    assert len(stored_pages) == len(changed) + 2
    settings.BASE_URL = "https://another.test"
    render_readme(TEXT, link_base=build_link_base())
    assert len(stored_pages) == len(changed) + 3


def test_modes(settings: Any):
    """A change of the setting applies immediately, also to cached READMEs."""
    for mode, tag in (("proxy", "<img"), ("block", 'class="readme-image"'), ("proxy", "<img")):
        settings.README_IMAGES = mode
        assert tag in render_readme(TEXT, link_base=build_link_base())


def test_no_cache(settings: Any):
    """The page works without a cache."""
    settings.CACHES = {**settings.CACHES, "readmes": {"BACKEND": "tests.support.no_such.Cache"}}
    assert "Title" in render_readme(TEXT, link_base=build_link_base())


def test_rendered_when_published(
    stored_pages: dict[str, Any], publisher: Any, client: Any, django_assert_num_queries: Any
):
    """READMEs and changelog entries are rendered before the first request."""
    publisher.publish("@acme/chat", files={"README.md": TEXT})
    assert not stored_pages
    last = render_published(after=0)
    assert last == JournalEntry.objects.latest("serial").serial
    keys = list(stored_pages)
    assert len(keys) == 2
    assert "Title" in client.get("/plugins/@acme/chat").content.decode()
    assert list(stored_pages) == keys
    with django_assert_num_queries(1):
        assert render_published(after=last) == last


def test_few_requests_render_long_texts(
    client: Client, publisher: Publisher, stored_pages: dict[str, Any], settings: Any
):
    """One at a time; other pages keep their threads."""
    long = "# Long\n\n" + "Some words. " * (render.MAX_CHEAP_CHARS // 12 + 1)
    publisher.publish("@acme/long", files={"README.md": long})
    publisher.publish("@acme/short")
    settings.COMPUTATION_SECONDS = 0.05
    with render.turns.take(max_seconds=60):
        response = client.get("/plugins/@acme/long")
        assert client.get("/plugins/@acme/short").status_code == 200
        assert client.get("/plugins/@acme/long/versions").status_code == 200
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert client.get("/plugins/@acme/long").status_code == 200
    with render.turns.take(max_seconds=60):
        assert b"Some words." in client.get("/plugins/@acme/long").content
