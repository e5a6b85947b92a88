"""What a README looks like on the page."""

from __future__ import annotations

import pytest

from marketplace.readme import SourceTree, render_readme
from tests.functional.pages.dom import Node, parse

GITHUB = SourceTree.find({"url": "https://github.com/acme/chat.git", "directory": "packages/x"})


def render(text: str, path: str = "README.md", tree: SourceTree | None = GITHUB) -> Node:
    """The README as a tree."""
    return parse(render_readme(text, path=path, tree=tree))


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("docs/a.md", "https://github.com/acme/chat/blob/HEAD/packages/x/docs/a.md"),
        ("./a.md#part", "https://github.com/acme/chat/blob/HEAD/packages/x/a.md#part"),
        ("../y/b.md", "https://github.com/acme/chat/blob/HEAD/packages/y/b.md"),
        ("/LICENSE", "https://github.com/acme/chat/blob/HEAD/LICENSE"),
        ("../../../../etc/passwd", None),
        ("https://site.test/x", "https://site.test/x"),
        ("http://site.test/x", "http://site.test/x"),
        ("//site.test/x", "https://site.test/x"),
        ("mailto:a@b.test", "mailto:a@b.test"),
        ("#set-up", "#readme-set-up"),
        ("https://user:secret@site.test", None),
        ("ftp://site.test", None),
        ("https://", None),
    ],
)
def test_links(link: str, target: str | None):
    """Web addresses stay, relative ones lead into the repository, the rest is text."""
    anchor = render(f'<a href="{link}">word</a>').one("a")
    assert anchor.attrs.get("href") == target
    assert anchor.text == "word"


def test_relative_links_without_a_known_host_are_dropped():
    """Where the files cannot be found, nothing leads to a page of ours by accident."""
    root = render("[a](docs/a.md) ![b](b.png)", tree=None)
    assert root.links == []
    assert "src" not in root.one("img").attrs
    assert root.one("img").attrs["alt"] == "b"


@pytest.mark.parametrize(
    ("repository", "page", "file"),
    [
        (
            "https://gitlab.com/acme/chat",
            "https://gitlab.com/acme/chat/-/blob/HEAD/a",
            "https://gitlab.com/acme/chat/-/raw/HEAD/a",
        ),
        (
            "https://bitbucket.org/acme/chat/",
            "https://bitbucket.org/acme/chat/src/HEAD/a",
            "https://bitbucket.org/acme/chat/raw/HEAD/a",
        ),
    ],
)
def test_hosts(repository: str, page: str, file: str):
    """The hosts whose addresses are known."""
    root = render("[a](a) ![b](a)", tree=SourceTree.find({"url": repository}))
    assert root.links == [page]
    assert root.one("img").attrs["src"] == file


@pytest.mark.parametrize(
    "repository",
    [None, {}, {"url": "https://git.example.test/a/b"}, {"url": "https://["}, {"url": "x"}, "text"],
)
def test_unknown_hosts(repository: object):
    """Anything else has no tree."""
    assert SourceTree.find(repository) is None


def test_pictures_tell_nobody():
    """Pictures are fetched late, and without saying from which page."""
    image = render("![logo](https://site.test/l.png)").one("img")
    assert image.attrs["loading"] == "lazy"
    assert image.attrs["referrerpolicy"] == "no-referrer"


def test_pictures_for_dark_and_light():
    """`picture` with sources, resolved or dropped as a whole."""
    kept = render(
        '<picture><source media="(x)" srcset="a.png 1x, b.png 2x"><img src="c.png"></picture>'
    )
    base = "https://github.com/acme/chat/raw/HEAD/packages/x"
    assert kept.one("source").attrs["srcset"] == f"{base}/a.png 1x, {base}/b.png 2x"
    bad = render('<picture><source srcset="javascript:x 1x"><img src="c.png"></picture>')
    assert "srcset" not in bad.one("source").attrs


def test_headings_stand_below_the_pages_own():
    """The page has the h1; anchors are prefixed and numbered where they repeat."""
    root = render("# Über uns\n\n## Set up\n\n## Set up\n\n###### Deep\n\n<h1>Raw</h1>\n")
    assert [
        (n.tag, n.attrs.get("id")) for n in root if n.tag[0] == "h" and n.tag[1:].isdigit()
    ] == [
        ("h2", "readme-über-uns"),
        ("h3", "readme-set-up"),
        ("h3", "readme-set-up-1"),
        ("h6", "readme-deep"),
        ("h2", None),
    ]


def test_link_to_a_heading_meets_it():
    """An anchor written in the README leads to the heading, whatever script it is in."""
    root = render("[go](#%C3%BCber-uns) [home](#-日本語)\n\n# Über uns\n\n# 🚀 日本語\n")
    ids = {node.attrs["id"] for node in root if "id" in node.attrs}
    assert {link[1:] for link in root.links} == ids


def test_github_markdown():
    """Tables, strikethrough, autolinks, tasks, alerts and footnotes."""
    root = render(
        "| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n~~old~~ www.site.test\n\n- [x] done\n- [ ] open\n\n"
        "> [!WARNING]\n> Hot.\n\nText[^1].\n\n[^1]: Note.\n"
    )
    assert [cell.text for cell in root.one("table").all("td")] == ["1", "2"]
    assert root.one("table").all("th")[0].attrs["align"] == "center"
    assert root.all("s")[0].text == "old"
    assert "http://www.site.test" in root.links
    boxes = root.all("input")
    assert ["checked" in box.attrs for box in boxes] == [True, False]
    assert root.by_class("markdown-alert-warning")
    assert root.by_class("footnotes")


def test_code_in_colours():
    """Known languages get classes, never styles; unknown ones stay plain."""
    root = render("```python\ndef f(): return 'x'\n```\n\n```nonesuch\n<b>x</b>\n```\n")
    first, second = root.all("pre")
    assert first.by_class("hl-k")[0].text == "def"
    assert second.text == "<b>x</b>"
    assert not second.all("span")


def test_blank_lines_of_code_stay():
    """Code is shown as it was written."""
    (pre,) = render("```python\n\n\nx = 1\n\n\n```\n").all("pre")
    assert pre.raw == "\n\nx = 1\n\n\n"


def test_html_that_readmes_use():
    """Centred paragraphs, folded parts, keys, sizes."""
    root = render(
        '<p align="center"><img src="https://s.test/a.png" width="200" height="5em"></p>\n'
        "<details><summary>More</summary>\n\nBody **bold**\n\n</details>\n\n<kbd>Ctrl</kbd>\n"
    )
    assert root.all("p")[0].attrs["align"] == "center"
    assert root.one("img").attrs["width"] == "200"
    assert "height" not in root.one("img").attrs
    assert root.one("details").one("strong").text == "bold"
    assert root.one("kbd").text == "Ctrl"


@pytest.mark.parametrize("path", ["README.rst", "README.txt", "README"])
def test_what_is_no_markdown(path: str):
    """Other formats are shown as they are."""
    root = render("Title\n=====\n\n* <b>x</b>\n", path=path)
    assert root.one("pre").text == "Title ===== * <b>x</b>"


def test_too_long_to_render():
    """A README beyond the limit is shown as plain text, whole."""
    text = "word \n" * 40_000
    root = render(text)
    assert root.one("pre").attrs["class"] == "plain"
    assert root.text.count("word") == 40_000


def test_too_many_blocks():
    """So is one with more blocks than a page can show."""
    assert render("#\n" * 90_000).one("pre").attrs["class"] == "plain"


@pytest.mark.parametrize("text", ["", "   \n\n"])
def test_empty(text: str):
    """Nothing comes of nothing."""
    assert render_readme(text, tree=None) == ""


@pytest.mark.parametrize(
    "text", ["<!-- only a comment -->", ">" * 300 + "a", "[x]: https://s.test"]
)
def test_nothing_left_to_see(text: str):
    """A README of which nothing would be visible is shown as it was typed."""
    assert render(text).one("pre").text


def test_comments_do_not_show():
    """Comments are for the author."""
    assert render("before\n\n<!-- hidden -->\n\nafter\n").text == "before after"


def test_page_without_readme(open_page, publisher):
    """A release without a README says so."""
    from registry.models import ReleaseContents

    publisher.publish("@acme/chat")
    ReleaseContents.objects.update(readme="", readme_path="")
    assert "This release has no README." in open_page("/plugins/@acme/chat").one(id="readme").text
