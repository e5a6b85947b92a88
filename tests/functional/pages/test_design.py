"""The page of the design system."""

from __future__ import annotations

import pytest
from django.conf import settings

from marketplace import words
from marketplace.pages.design import COLOURS


@pytest.fixture
def page(open_page):
    """The page, which needs nothing published."""
    return open_page("/docs/design")


def test_every_colour_has_its_swatch(page):
    """What the tokens name is shown, each with a rule that paints it."""
    tokens = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
    sheet = (settings.BASE_DIR / "static/css/design.css").read_text(encoding="utf-8")
    for name in COLOURS:
        assert f"--{name}: #" in tokens
        assert f".swatch-{name} {{" in sheet
        assert page.by_class(f"swatch-{name}")


def test_parts_are_those_of_the_pages(page):
    """Rows, badges, facets and the rest come from the templates that pages use."""
    rows = page.by_class("row")
    assert len(rows) > 4
    assert any(row.all("mark") for row in rows)
    assert any("Deprecated" in row.text for row in rows)
    badges = {badge.text for badge in page.by_class("badge")}
    assert {word.label for word in (*words.TRUST.values(), *words.STATES.values())} <= badges
    for part in ("facet", "chip", "orders", "paging", "suggestion", "near", "notice", "tabs"):
        assert page.by_class(part), part
    assert "This field is required." in page.text


def test_every_icon_is_shown(page):
    """All of the sprite."""
    sprite = (settings.BASE_DIR / "static/icons/sprite.svg").read_text(encoding="utf-8")
    assert len(page.by_class("icon-list")[0].all("li")) == sprite.count("<symbol ")


def test_it_asks_nothing_of_the_database(client, db, django_assert_num_queries):
    """It is made of samples."""
    with django_assert_num_queries(0):
        assert client.get("/docs/design").status_code == 200
