"""The parser of the page tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functional.pages.dom import parse, parse_tolerantly

_PIECES = [
    *("<p>", "</p>", '<a href="b?c&amp;d" hidden>', "<a href=b>", "</a>", "<br>", "<br/>", "<i />"),
    *("<script src='a'>", '<script src="a">', "</script>", "<title>", "</title>", "<textarea\n>"),
    *("</textarea>", "<!doctype html>", "<!-- a -->", "<!-->", "<!--->", "-->", "<!--", '<b a="'),
    *(
        "<style>",
        "</style>",
        "<iframe>",
        "</iframe>",
        '">',
        "'",
        "&",
        "&lt",
        "&amp;",
        "<",
        ">",
        "x",
    ),
    *(" ", "\n", "/", "<P>", '<p a="1"b="2" a="3">', "<a-b c:d_e>", "</a-b>", "\x00", "é", "="),
]


def _parse_or_reject(html: str, by) -> object:
    try:
        return by(html)
    except AssertionError:
        return None


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_shortcut_changes_nothing(html: str):
    """Markup is parsed, or rejected, as by `HTMLParser` alone."""
    assert _parse_or_reject(html, parse) == _parse_or_reject(html, parse_tolerantly)


@pytest.mark.parametrize("html", ["<p>", "</p>", "<p><b></p></b>", "<p/></p>", "<p x=y>"])
def test_elements_must_be_closed(html: str):
    """Elements that are not closed in order fail."""
    with pytest.raises(AssertionError):
        parse(html)


def test_queries():
    """Elements, their attributes, and their words, at any depth."""
    page = parse('<main><p class="a b">One <b data-c="d">two</b>\n<br>3</p><p>&lt;4</p></main>')
    assert [node.tag for node in page] == ["main", "p", "b", "br", "p"]
    assert page.text == "One two 3 <4"
    assert page.one("p", class_="a b").raw == "One two\n3"
    assert page.one(data_c="d").text == "two"
    assert [node.tag for node in page.by_class("b")] == ["p"]
