"""Links inside a README lead to their targets, like on a code host."""

from __future__ import annotations

import pytest

from marketplace.readme import LinkBase, render_readme
from tests.functional.pages.dom import Node, parse


def render(text: str) -> Node:
    return parse(render_readme(text, link_base=LinkBase()))


def list_ids(root: Node) -> list[str]:
    """The ids in document order, without their prefix."""
    return [node.attrs["id"].removeprefix("readme-") for node in root if "id" in node.attrs]


def list_heading_ids(text: str) -> list[str | None]:
    """The id of each heading, without its prefix; None for a heading without one."""
    headings = [node for node in render(text) if node.tag in ("h3", "h4", "h5", "h6")]
    ids = [node.attrs.get("id") for node in headings]
    return [each and each.removeprefix("readme-") for each in ids]


@pytest.mark.parametrize(
    ("target", "link"),
    [
        ('<a name="setup"></a>', "#setup"),
        ('<a name="Setup"></a>', "#setup"),
        ('<a id="setup"></a>', "#setup"),
        ('<p id="setup">words</p>', "#setup"),
        ('<a name="user-content-setup"></a>', "#setup"),
        ('<a name="setup"></a>', "#user-content-setup"),
        ('<a name="setup" href="https://site.test">words</a>', "#setup"),
        ('<a name="caf\u00e9"></a>', "#cafe\u0301"),
        ("## caf\u00e9", "#cafe%CC%81"),
        ("## \u2699\ufe0f Setup", "#\u2699\ufe0f-setup"),
        ("## \u2699\ufe0f Setup", "#-setup"),
        ("## \u2699\ufe0f Setup", "#setup"),
        ("## Set up <!-- omit in toc -->", "#set-up"),
        ('<h2 align="center">Set <b>up</b></h2>', "#set-up"),
        ("<h2>\n  Set up\n</h2>", "#set-up"),
        ('<h2 id="other">Set up</h2>', "#set-up"),
        ('<h2 id="other">Set up</h2>', "#other"),
        ("Set up\n======", "#set-up"),
        ("## Set up ![badge](https://site.test/b.png)", "#set-up-"),
        ("## R&amp;D `x.y()`", "#rd-xy"),
    ],
)
def test_targets(target: str, link: str):
    """Names, ids and headings of both forms are targets, in any Unicode form."""
    root = render(f"[go]({link})\n\n{target}\n")
    (found,) = [each for each in root.links if each.startswith("#")]
    assert list_ids(root).count(found.removeprefix("#readme-")) == 1


def test_names_differ_by_vowel_signs():
    """Words of Indic scripts that differ only in vowel signs are different targets."""
    assert list_heading_ids("## \u0915\u093f\n\n## \u0915\u093e\n") == [
        "\u0915\u093f",
        "\u0915\u093e",
    ]


@pytest.mark.parametrize(
    ("titles", "ids"),
    [
        (["Usage", "Usage", "Usage 1"], ["usage", "usage-1", "usage-1-1"]),
        (["Usage 1", "Usage", "Usage"], ["usage-1", "usage", "usage-2"]),
        (["Usage", "usage", "Usage-1", "Usage"], ["usage", "usage-1", "usage-1-1", "usage-2"]),
        (["\U0001f680", "A"], [None, "a"]),
    ],
)
def test_repeated_headings_have_different_ids(titles: list[str], ids: list[str | None]):
    """Each id is given once, also if a heading has the text of a numbered one."""
    assert list_heading_ids("\n\n".join(f"## {title}" for title in titles)) == ids


def test_first_of_equal_targets_wins():
    """An id that the author gives twice, or that is also that of a heading, is given once."""
    text = (
        '<a name="usage"></a>\n\n## Usage\n\n## Usage\n\n<p id="usage">a</p>\n\n<b id="b">b</b>\n\n'
        '<a id="b" name="c">c</a>\n\n## C\n'
    )
    assert list_ids(render(text)) == ["usage", "usage-1", "b", "c"]


def test_many_equal_headings():
    """Repeated headings are numbered, however many there are."""
    ids = list_heading_ids("## A\n\n## A 1\n\n" * 500)
    assert len(set(ids)) == 1_000
