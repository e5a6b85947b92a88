"""Every page is accessible in both color schemes, at 1280 and at 320 px.

The rules are those of axe: WCAG 2.2 A and AA, and its best practices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest

from tests.journeys import pages
from tests.journeys.axe import expect_usable
from tests.journeys.conftest import MEMBER, sign_in
from tests.support.publishing import build_package

PUBLIC = list(chain.from_iterable(pages.PUBLIC.values()))
PRIVATE = list(chain.from_iterable(pages.PRIVATE.values()))


def _list_names(patterns: Iterable[Any]) -> Iterator[str]:
    """Return the names of the URL patterns, including those of included modules, without redirects."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _list_names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def test_census_names_every_page():
    """Each URL pattern is in a list of `pages.py`: as a page to test or as an exception."""
    from accounts.pages.urls import urlpatterns as account_pages
    from marketplace.pages.syndication_urls import urlpatterns as syndication
    from marketplace.urls import urlpatterns

    opened = pages.PUBLIC.keys() | pages.PRIVATE.keys() | pages.ORGANIZATION.keys() | pages.CREATED
    known = opened | pages.TROUBLE | pages.OPERATORS | pages.OTHERS
    names = set(_list_names([*account_pages, *urlpatterns]))
    assert names - set(_list_names(syndication)) - known == set()


@pytest.mark.parametrize("path", PUBLIC)
def test_public_page(shared_tab, path):
    shared_tab.goto(path)
    expect_usable(shared_tab)


def test_private_pages(open_tab, demo_registry):
    """Pages that require signing in, of an account that has a token and a plugin."""
    with demo_registry.client(demo_registry.create_api_tokens(MEMBER)[MEMBER]) as client:
        package = build_package(f"@{MEMBER}/notes")
        response = client.post("/api/v1/plugins", files={"package": ("notes.tgz", package)})
        assert response.status_code in (200, 201, 202), response.text
    tab = open_tab(color_scheme="light", reduced_motion="reduce")
    sign_in(tab)
    for path in PRIVATE:
        tab.goto(path)
        expect_usable(tab)
        tab.set_viewport_size({"width": 1280, "height": 800})
