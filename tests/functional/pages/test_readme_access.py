"""Accessibility of READMEs."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.readme import LinkBase, render_readme
from tests.functional.pages.dom import Node, parse

NOWHERE = LinkBase()


def render(text: str) -> Node:
    return parse(render_readme(text, link_base=NOWHERE))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("- [x] done **well** `now`\n- [ ] open", ["done well now", "open"]),
        ("- [ ] one\n\n  more\n- [x] [two](http://a.test)", ["one", "two"]),
        ("- [ ] outer\n  - [ ] inner", ["outer", "inner"]),
        ('<input type="checkbox"> word', ["word"]),
        ('<p><input type="checkbox"></p>', ["Task"]),
        ("- [ ] <b>&quot;x&quot;</b> &amp; y", ['"x" & y']),
    ],
)
def test_checkboxes_have_labels(text: str, labels: list[str]):
    """Each is labeled by the text after it."""
    assert [box.attrs["aria-label"] for box in render(text).all("input")] == labels


def test_wide_parts_are_scrolled_by_keyboard():
    """Tables are in a focusable group; code blocks are focusable."""
    root = render("| a | b |\n|---|---|\n| 1 | 2 |\n\n    code\n")
    (frame,) = root.by_class("readme-table")
    assert (frame.attrs["tabindex"], frame.attrs["role"]) == ("0", "group")
    assert frame.attrs["aria-label"] == "Table"
    assert frame.one("table")
    assert root.one("pre").attrs["tabindex"] == "0"


def test_empty_headers():
    """The empty corner of a table is no header."""
    root = render("| | b |\n|---|---|\n| 1 | 2 |\n")
    assert [cell.tag for cell in root.all("tr")[0] if cell.tag in ("th", "td")] == ["td", "th"]


@pytest.mark.parametrize("kind", ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])
def test_alerts_have_a_name(kind: str):
    """Their kind is text, not only a color."""
    (alert,) = render(f"> [!{kind}]\n> Text.").by_class(f"markdown-alert-{kind.lower()}")
    assert alert.by_class("markdown-alert-title")[0].text == kind.capitalize()


def test_footnotes():
    """Each reference has its own labeled back link."""
    root = render("a[^x] b[^y] c[^x]\n\n[^x]: One.\n[^y]: Two.\n")
    ids = [node.attrs["id"] for node in root if "id" in node.attrs]
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in root.links} <= set(ids)
    backs = root.by_class("footnote-backref")
    assert [back.attrs["aria-label"] for back in backs] == [
        "Back to reference 1",
        "Back to reference 1",
        "Back to reference 2",
    ]
    assert root.one("section").attrs["aria-label"] == "Footnotes"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[![](https://a.test/b.png)](https://c.test/d)", "c.test"),
        ('word <a href="https://c.test/"></a>', "c.test"),
        ('word <a href="#top"></a>', "Link"),
        ("[![Build](https://a.test/b.png)](https://c.test/d)", None),
        ("[word](https://c.test/d)", None),
    ],
)
def test_links_have_a_name(text: str, name: str | None):
    """A link without text is labeled with its target."""
    assert render(text).one("a").attrs.get("aria-label") == name


def test_pictures_have_a_text():
    """An image without alternative text is decorative."""
    root = render('<img src="https://a.test/b.png"> ![Words](https://a.test/c.png)')
    assert [image.attrs["alt"] for image in root.all("img")] == ["", "Words"]


def test_blocked_pictures(settings: Any):
    """Their alternative text replaces them, as a link to the image unless they are in a link."""
    settings.README_IMAGES = "block"
    root = render(
        "![Logo](https://a.test/l.png) ![](https://a.test/%3Cb%3E.png)"
        " [![Build](https://a.test/b.svg)](https://ci.test)"
        '<picture><source srcset="https://a.test/d.png"><img src="https://a.test/e.png"></picture>'
    )
    assert not root.all("img")
    assert not root.all("source")
    shown = root.by_class("readme-image")
    assert [(node.tag, node.text) for node in shown] == [
        ("a", "Logo"),
        ("a", "<b>.png"),
        ("span", "Build"),
        ("a", "e.png"),
    ]
    assert root.links == [
        "https://a.test/l.png",
        "https://a.test/%3Cb%3E.png",
        "https://ci.test",
        "https://a.test/e.png",
    ]


def test_badges_of_this_registry(settings: Any):
    """They are loaded directly, also if remote images are blocked."""
    settings.README_IMAGES = "block"
    settings.BASE_URL = "https://plugins.test"
    root = render(
        "![v](https://plugins.test/badges/@acme/chat.x/version.svg)"
        " ![x](https://plugins.test/logout) ![y](https://plugins.test/badges/../logout)"
        " ![z](https://plugins.test/badges/%2e%2e/logout)"
    )
    assert root.one("img").attrs["src"] == "/badges/@acme/chat.x/version.svg"
    assert [node.text for node in root.by_class("readme-image")] == ["x", "y", "z"]


def test_too_many_pictures():
    """Images over the limit of a page become links."""
    root = render("\n\n".join(f"![p](https://a.test/{number}.png)" for number in range(310)))
    assert len(root.all("img")) == 300
    assert len(root.by_class("readme-image")) == 10


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("# Hello\n\nworld", "ltr"),
        ("# سلام\n\nاین یک متن است با API و JSON", "rtl"),
        ("# שלום עולם\n\n    a long block of code in latin letters", "rtl"),
        ("Text with one word: سلام", "ltr"),
        ("123", "ltr"),
    ],
)
def test_direction(text: str, direction: str):
    """The direction of a README is that of most of its words; code is always left to right."""
    root = render(text)
    assert root.by_class("readme-text")[0].attrs["dir"] == direction
    assert {block.attrs["dir"] for block in root.all("pre")} <= {"ltr"}


def test_each_block_has_its_direction():
    """The direction of a block is that of most of its words, whatever its first word."""
    root = render(
        "# سلام دنیا\n\nAPI یک واژه است\n\nWords in between.\n\n- `B` قائمة مرتبطة\n\n123\n\n"
        "| الف | b |\n|---|---|\n| word | واژه |\n"
    )
    assert root.one("h3").attrs["dir"] == "rtl"
    assert [p.attrs.get("dir") for p in root.all("p")] == ["rtl", "ltr", None]
    assert root.one("ul").attrs["dir"] == "rtl"
    assert [cell.attrs["dir"] for cell in root.all("td")] == ["ltr", "rtl"]
    assert not [
        node for node in render("# Title\n\nwords") if node.tag != "div" and "dir" in node.attrs
    ]


def test_names_in_links_are_of_any_language():
    """A line that leads to other languages runs as the words around the links do."""
    links = ", ".join(f"[{name}](https://a.test)" for name in ("English", "Deutsch", "Suomi"))
    root = render(
        f"سلام دنیا\n\nاقرأ: {links}\n\nRead: [{'سلام' * 9}](https://a.test)\n\n{links}\n"
    )
    assert [p.attrs["dir"] for p in root.all("p")] == ["rtl", "rtl", "ltr", "ltr"]


def test_authors_direction():
    """The author's `dir` attribute is kept."""
    assert render('<p dir="rtl">abc</p>\n\nسلام').all("p")[0].attrs["dir"] == "rtl"
