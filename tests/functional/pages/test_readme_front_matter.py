"""Front matter of a README."""

from __future__ import annotations

import pytest

from marketplace.readme import LinkBase, render_readme
from tests.functional.pages.dom import Node, parse


def render(text: str) -> Node:
    return parse(render_readme(text, link_base=LinkBase()))


def list_rows(table: Node) -> list[list[str]]:
    return [
        [cell.text for cell in row.all() if cell.tag in ("th", "td")] for row in table.all("tr")
    ]


@pytest.mark.parametrize("end", ["---", "---  ", "..."])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_table(end: str, line_break: str):
    """Each key is a row; the text after the block is Markdown."""
    lines = [
        "---",
        "title: My plugin",
        "tags: [chat, 'a <b>', 3]",
        "draft: true",
        "empty:",
        "date: 2026-01-02",
        end,
        "# Title",
        "",
        "words",
    ]
    root = render(line_break.join(lines))
    assert list_rows(root.one("table")) == [
        ["title", "My plugin"],
        ["tags", "chat, a <b>, 3"],
        ["draft", "true"],
        ["empty", ""],
        ["date", "2026-01-02"],
    ]
    assert root.one("h3").text == "Title"
    assert not root.all("b")


def test_nested_values():
    """Mappings are tables of their own; what is deeper is shown as JSON."""
    root = render("---\nauthor: {name: A, links: {web: {url: {x: y}}}}\nlist: [{a: 1}]\n---\n")
    outer, middle, inner = root.all("table")
    assert len(outer.all("table")) == 2
    assert list_rows(inner) == [["web", '{"url": {"x": "y"}}']]
    assert middle.all("th")[0].text == "name"
    assert '[{"a": 1}]' in outer.text


def test_invalid_front_matter_is_code():
    """It is shown as written, and not as a heading."""
    root = render("---\ntitle: a: b\n---\n\nwords\n")
    assert root.one("pre").text == "title: a: b"
    assert not root.all("h3")
    assert root.one("p").text == "words"


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nwords\n\n---\n\nmore\n",
        "words\n\n---\ntitle: x\n---\n",
        "---\ntitle: x\n",
        " ---\ntitle: x\n---\n",
        "---\n" + "a: b\n" * 3_000 + "---\n",
    ],
)
def test_rules_are_no_front_matter(text: str):
    """Lines elsewhere, other text and long blocks stay Markdown."""
    root = render(text)
    assert not root.all("table")
    assert root.text


def test_values_cannot_grow():
    """Aliases that repeat a value are not expanded beyond a limit."""
    text = "---\na: &a [" + "x, " * 500 + "]\nb: [" + "*a, " * 500 + "]\n---\n\nwords\n"
    assert len(render_readme(text, link_base=LinkBase())) < 20 * len(text)
