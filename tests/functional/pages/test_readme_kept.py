"""A README is rendered once, and shown anew whenever anything changes that it depends on."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches

from marketplace.readme import Place, SourceTree, render_readme
from marketplace.readme.warming import render_published
from registry.models import JournalEntry

TEXT = "# Title\n\n![x](https://pictures.test/a.png) [a](a.md)\n"


@pytest.fixture
def kept(settings: Any) -> dict[str, Any]:
    """What is kept, by key: a cache of this test's own."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {
        **settings.CACHES,
        "readmes": {"BACKEND": memory, "LOCATION": "readmes of a test"},
    }
    caches["readmes"].clear()
    return caches["readmes"]._cache  # type: ignore[attr-defined,no-any-return]


def make_place(*paths: str, name: str = "a", version: str = "1.0.0", url: str = "") -> Place:
    return Place.find(
        name=name,
        version=version,
        readme="README.md",
        files=[{"path": path, "size": 1} for path in paths],
        repository={"url": url},
    )


def test_second_look(kept: dict[str, Any]):
    """What was kept is what is shown."""
    shown = render_readme(TEXT, place=make_place())
    (key,) = kept
    caches["readmes"].set(key.rpartition(":")[2], "<p>kept</p>")
    assert "Title" in shown
    assert render_readme(TEXT, place=make_place()) == "<p>kept</p>"


def test_everything_counts(kept: dict[str, Any], settings: Any):
    """Text, path, release, files, repository, mode and key: each alone gives another rendering."""
    render_readme(TEXT, place=make_place())
    changed: list[dict[str, Any]] = [
        {"text": TEXT + "More.\n"},
        {"path": "README.markdown"},
        {"place": make_place("a.md")},
        {"place": make_place(name="b")},
        {"place": make_place(version="1.0.1")},
        {"place": make_place(url="https://github.com/acme/chat")},
        {"place": Place(repository=SourceTree.find({"url": "https://gitlab.com/a/b"}))},
        {"shows_pictures": False},
    ]
    for count, change in enumerate(changed, start=2):
        render_readme(**{"text": TEXT, "place": make_place(), **change})
        assert len(kept) == count, change
    settings.SECRET_KEY = "another"
    render_readme(TEXT, place=make_place())
    assert len(kept) == len(changed) + 2
    settings.BASE_URL = "https://another.test"
    render_readme(TEXT, place=make_place())
    assert len(kept) == len(changed) + 3


def test_modes(settings: Any):
    """The operator's switch works at once, on what was rendered before, too."""
    for mode, tag in (("proxy", "<img"), ("block", 'class="readme-image"'), ("proxy", "<img")):
        settings.README_IMAGES = mode
        assert tag in render_readme(TEXT, place=make_place())


def test_no_cache(settings: Any):
    """Without a cache that answers the page is there all the same."""
    settings.CACHES = {**settings.CACHES, "readmes": {"BACKEND": "tests.support.no_such.Cache"}}
    assert "Title" in render_readme(TEXT, place=make_place())


def test_rendered_when_published(
    kept: dict[str, Any], publisher: Any, client: Any, django_assert_num_queries: Any
):
    """The first reader of a new release finds it rendered."""
    publisher.publish("@acme/chat", files={"README.md": TEXT})
    assert not kept
    last = render_published(after=0)
    assert last == JournalEntry.objects.latest("serial").serial
    (key,) = kept
    assert "Title" in client.get("/plugins/@acme/chat").content.decode()
    assert list(kept) == [key]
    with django_assert_num_queries(1):
        assert render_published(after=last) == last
