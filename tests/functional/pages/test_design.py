"""The design page."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.utils import timezone

from marketplace import labels
from marketplace.pages.design import COLORS


@pytest.fixture
def page(open_page):
    """The design page of an empty registry."""
    return open_page("/docs/design")


def test_every_color_has_its_swatch(page):
    """Each color token is shown and has a CSS rule."""
    tokens = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
    sheet = (settings.BASE_DIR / "static/css/design.css").read_text(encoding="utf-8")
    for name in COLORS:
        assert f"--{name}: #" in tokens
        assert f".swatch-{name} {{" in sheet
        assert page.by_class(f"swatch-{name}")


def test_parts_are_those_of_the_pages(page):
    """Every component is rendered by the templates of the real pages."""
    rows = page.by_class("row")
    assert len(rows) > 4
    assert any(row.all("mark") for row in rows)
    assert any("Deprecated" in row.text for row in rows)
    badges = {badge.text for badge in page.by_class("badge")}
    assert {word.label for word in (*labels.TRUST.values(), *labels.STATES.values())} <= badges
    for part in (
        "facet",
        "chip",
        "sort-options",
        "pagination",
        "suggestion",
        "similar-names",
        "notice",
        "tabs",
    ):
        assert page.by_class(part), part
    assert "This field is required." in page.text


def test_every_icon_is_shown(page):
    """Every icon of the sprite is shown."""
    sprite = (settings.BASE_DIR / "static/icons/sprite.svg").read_text(encoding="utf-8")
    assert len(page.by_class("icon-list")[0].all("li")) == sprite.count("<symbol ")


def test_it_runs_no_query(client, db, django_assert_num_queries):
    """The samples link nowhere else."""
    with django_assert_num_queries(0):
        assert client.get("/docs/design").status_code == 200


def test_it_is_the_same_at_any_time(client, db, monkeypatch):
    """Visitors with another encoding get the same content, a second or a year later."""
    now = timezone.now()
    pages = []
    for days in (0, 400):
        monkeypatch.setattr(timezone, "now", lambda days=days: now + dt.timedelta(days=days))
        pages.append(client.get("/docs/design").content)
    assert pages[0] == pages[1]
