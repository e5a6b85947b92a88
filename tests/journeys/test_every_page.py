"""Every page, in both colour schemes: usable by everybody, at any width.

The rules are axe's: WCAG 2.2 A and AA, and its best practices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest

from tests.journeys import pages
from tests.journeys.axe import SCHEMES, find_violations
from tests.journeys.conftest import sign_in

PUBLIC = list(chain.from_iterable(pages.PUBLIC.values()))
PRIVATE = list(chain.from_iterable(pages.PRIVATE.values()))


def _list_names(patterns: Iterable[Any]) -> Iterator[str]:
    """The names of the paths, those of modules that are included too; redirects have none."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _list_names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def test_census_names_every_page():
    """A new path is either looked at here or says why not. Outlets answer programs, not people."""
    from marketplace.outlets.urls import urlpatterns as outlets
    from marketplace.urls import urlpatterns

    known = pages.PUBLIC.keys() | pages.PRIVATE.keys() | pages.TROUBLE | pages.OTHERS
    assert set(_list_names(urlpatterns)) - set(_list_names(outlets)) - known == set()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", PUBLIC)
def test_public_page(open_tab, path, scheme):
    """Axe finds nothing, and 320 px are enough."""
    tab = open_tab(color_scheme=scheme, reduced_motion="reduce")
    tab.goto(path)
    assert find_violations(tab) == []
    tab.set_viewport_size({"width": 320, "height": 640})
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    # What changes with the width is layout, which has no colours.
    if scheme == "light":
        assert find_violations(tab) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_private_pages(open_tab, scheme):
    """The same behind the sign-in."""
    tab = open_tab(color_scheme=scheme, reduced_motion="reduce")
    sign_in(tab)
    for path in PRIVATE:
        tab.goto(path)
        assert find_violations(tab) == [], path
        tab.set_viewport_size({"width": 320, "height": 640})
        assert tab.evaluate("document.documentElement.scrollWidth") == 320, path
        tab.set_viewport_size({"width": 1280, "height": 800})
