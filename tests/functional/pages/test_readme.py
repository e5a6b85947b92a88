"""READMEs rendered on the page."""

from __future__ import annotations

import pytest

from marketplace.images.signed_urls import parse_path
from marketplace.readme import LinkBase, SourceTree, render_readme
from tests.functional.pages.dom import Node, parse

GITHUB = LinkBase.build(
    name="@acme/chat",
    version="1.2.0",
    readme="README.md",
    files=[
        {"path": path, "size": 11 << 20 if "big" in path else 9}
        for path in (
            "README.md",
            "docs/set up.md",
            "docs/img/a b.png",
            "logo.svg",
            "big.png",
            "src/x.py",
        )
    ],
    repository={"url": "https://github.com/acme/chat.git", "directory": "packages/x"},
)
NOWHERE = LinkBase()


def render(
    text: str, path: str = "README.md", link_base: LinkBase = GITHUB, **options: bool
) -> Node:
    """The README as a tree."""
    return parse(render_readme(text, path=path, link_base=link_base, **options))


def get_remote(image: Node) -> tuple[str, str]:
    """Return the URL and the label of a proxied remote image."""
    _, images, signature, payload = image.attrs["src"].split("/")
    assert images == "images"
    return parse_path(signature, payload)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("src/y.py", "https://github.com/acme/chat/blob/HEAD/packages/x/src/y.py"),
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
    """Web URLs stay, relative ones lead to the repository, others become text."""
    anchor = render(f'<a href="{link}">word</a>').one("a")
    assert anchor.attrs.get("href") == target
    assert anchor.text == "word"


FILES = "/plugins/@acme/chat/1.2.0/files"


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("src/x.py", f"{FILES}/src/x.py"),
        ("./src/../src/x.py#L3", f"{FILES}/src/x.py#L3"),
        ("/logo.svg?raw=true", f"{FILES}/logo.svg"),
        ("docs/set%20up.md", f"{FILES}/docs/set%20up.md"),
        ("docs", f"{FILES}/docs"),
        ("src/", f"{FILES}/src"),
        (".", FILES),
        ("README.md#set-up", "#readme-set-up"),
        ("README.md", f"{FILES}/README.md"),
        ("docs/none.md", "https://github.com/acme/chat/blob/HEAD/packages/x/docs/none.md"),
        ("../README.md", "https://github.com/acme/chat/blob/HEAD/packages/README.md"),
    ],
)
def test_links_into_the_release(link: str, target: str):
    """Links to files of the release lead to them; others lead to the repository."""
    assert render(f"[word](<{link}>)").links == [target]


def test_pictures_of_the_release():
    """Images in the release are served from it; others, and large ones, come from the repository."""
    raw = "/plugins/@acme/chat/1.2.0/raw"
    root = render("![a](docs/img/a%20b.png) ![b](/logo.svg#x) ![c](big.png) ![d](src/x.py)")
    first, second, third, fourth = root.all("img")
    assert first.attrs["src"] == f"{raw}/docs/img/a%20b.png"
    assert second.attrs["src"] == f"{raw}/logo.svg"
    base = "https://github.com/acme/chat/raw/HEAD/packages/x"
    assert get_remote(third) == (f"{base}/big.png", "c")
    assert get_remote(fourth) == (f"{base}/src/x.py", "d")


def test_readme_in_a_folder():
    """Relative URLs start at the folder of the README."""
    link_base = LinkBase.build(
        name="a",
        version="1.0.0",
        readme="docs/README.md",
        files=[{"path": "docs/README.md", "size": 1}, {"path": "docs/a.md", "size": 1}],
        repository={"url": "https://github.com/acme/chat"},
    )
    assert render("[a](a.md) [b](b.md)", link_base=link_base).links == [
        "/plugins/a/1.0.0/files/docs/a.md",
        "https://github.com/acme/chat/blob/HEAD/docs/b.md",
    ]


def test_relative_links_without_a_known_host_are_dropped():
    """Without a known host, relative links become text, so that none leads to a page of the registry."""
    root = render("[a](docs/a.md) ![b](b.png)", link_base=NOWHERE)
    assert root.links == []
    assert not root.all("img")
    assert root.by_class("readme-image")[0].text == "b"


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
        (
            "https://github.com/acme/chat/tree/v1/packages/x",
            "https://github.com/acme/chat/blob/v1/packages/x/a",
            "https://github.com/acme/chat/raw/v1/packages/x/a",
        ),
        (
            "https://gitlab.com/acme/team/chat/-/tree/main",
            "https://gitlab.com/acme/team/chat/-/blob/main/a",
            "https://gitlab.com/acme/team/chat/-/raw/main/a",
        ),
        (
            "ssh://git@www.github.com/acme/chat.git",
            "https://github.com/acme/chat/blob/HEAD/a",
            "https://github.com/acme/chat/raw/HEAD/a",
        ),
    ],
)
def test_hosts(repository: str, page: str, file: str):
    """The supported code hosts."""
    tree = SourceTree.find({"url": repository})
    root = render("[a](a) ![b](a)", link_base=LinkBase(repository=tree))
    assert root.links == [page]
    assert get_remote(root.one("img")) == (file, "b")


@pytest.mark.parametrize(
    "repository",
    [None, {}, {"url": "https://git.example.test/a/b"}, {"url": "https://["}, {"url": "x"}, "text"],
)
def test_unknown_hosts(repository: object):
    """Other hosts have no base URL."""
    assert SourceTree.find(repository) is None


def test_folder_of_a_monorepo():
    """The field `directory` takes precedence over the URL, and is part of no escape sequence."""
    repository = {"url": "https://github.com/acme/chat/tree/v1/old", "directory": "/new/50%25/"}
    tree = SourceTree.find(repository)
    root = render(
        "[a](a%20b.md) [b](/b#c) [c](%2e%2e/%2e%2e/%2e%2e/c)", link_base=LinkBase(repository=tree)
    )
    base = "https://github.com/acme/chat/blob/v1"
    assert root.links == [f"{base}/new/50%2525/a%20b.md", f"{base}/b#c"]


def test_images_by_the_page_that_shows_them():
    """The address of a page with an image, as copied from a browser, becomes that of the image."""
    root = render(
        "![a](https://github.com/o/r/blob/main/a.png?raw=true)\n\n"
        '<picture><source srcset="https://gitlab.com/o/s/r/-/blob/main/b.png 2x"></picture>'
        '<img src="https://bitbucket.org/o/r/src/main/c.png">'
    )
    first, third = root.all("img")
    assert get_remote(first)[0] == "https://github.com/o/r/raw/main/a.png"
    path, _, size = root.one("source").attrs["srcset"].partition(" ")
    assert get_remote(Node("img", {"src": path}))[0] == "https://gitlab.com/o/s/r/-/raw/main/b.png"
    assert size == "2x"
    assert get_remote(third)[0] == "https://bitbucket.org/o/r/raw/main/c.png"


def test_images_send_no_referrer():
    """Images load lazily and without a referrer."""
    image = render("![logo](https://site.test/l.png)").one("img")
    assert get_remote(image) == ("https://site.test/l.png", "logo")
    assert image.attrs["loading"] == "lazy"
    assert image.attrs["referrerpolicy"] == "no-referrer"


def test_pictures_for_dark_and_light():
    """`picture` with sources, resolved or dropped as a whole."""
    node = render(
        '<picture><source media="(x)" srcset="a.png 1x, b.png 2x"><img src="c.png"></picture>'
    )
    first, second = node.one("source").attrs["srcset"].split(", ")
    base = "https://github.com/acme/chat/raw/HEAD/packages/x"
    for candidate, name, size in ((first, "a.png", "1x"), (second, "b.png", "2x")):
        path, _, shown_size = candidate.partition(" ")
        assert get_remote(Node("img", {"src": path})) == (f"{base}/{name}", name)
        assert shown_size == size
    bad = render('<picture><source srcset="javascript:x 1x"><img src="c.png"></picture>')
    assert not bad.all("source")
    assert get_remote(bad.one("img")) == (f"{base}/c.png", "c.png")


def test_headings_stand_below_the_pages_own():
    """The page has h1 and h2; anchors are prefixed and numbered where they repeat."""
    root = render("# Über uns\n\n## Set up\n\n## Set up\n\n###### Deep\n\n<h1>Raw</h1>\n")
    assert [
        (n.tag, n.attrs.get("id")) for n in root if n.tag[0] == "h" and n.tag[1:].isdigit()
    ] == [
        ("h3", "readme-über-uns"),
        ("h4", "readme-set-up"),
        ("h4", "readme-set-up-1"),
        ("h5", "readme-deep"),
        ("h3", "readme-raw"),
    ]


@pytest.mark.parametrize(
    ("written", "nested"),
    [
        ("12321", "34543"),
        ("2323", "3434"),
        ("1441", "3443"),
        ("3211", "3333"),
        ("123456", "345666"),
        ("6", "3"),
    ],
)
def test_headings_skip_no_level(written: str, nested: str):
    """An outline without gaps; how large they look stays the author's choice."""
    root = render("\n\n".join(f"{'#' * int(level)} Title" for level in written))
    titles = [n for n in root if n.tag[0] == "h" and n.tag[1:].isdigit()]
    assert "".join(n.tag[1] for n in titles) == nested
    assert [n.attrs["class"] for n in titles] == [f"title-{level}" for level in written]


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


def test_code_in_colors():
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
def test_other_formats_are_plain_text(path: str):
    """Other formats are shown as they are."""
    root = render("Title\n=====\n\n* <b>x</b>\n", path=path)
    assert root.one("pre").text == "Title ===== * <b>x</b>"


def test_too_long_to_render():
    """A README over the limit is shown as plain text, completely."""
    text = "word \n" * 40_000
    root = render(text)
    assert root.one("pre").attrs["class"] == "plain"
    assert root.text.count("word") == 40_000


def test_too_many_blocks():
    """A README with too many blocks is shown as plain text."""
    assert render("#\n" * 90_000).one("pre").attrs["class"] == "plain"


@pytest.mark.parametrize("text", ["", "   \n\n"])
def test_empty(text: str):
    """An empty README renders to nothing."""
    assert render_readme(text, link_base=NOWHERE) == ""


@pytest.mark.parametrize(
    "text", ["<!-- only a comment -->", ">" * 300 + "a", "[x]: https://s.test"]
)
def test_nothing_left_to_see(text: str):
    """A README without visible text is shown as source."""
    assert render(text).one("pre").text


def test_comments_do_not_show():
    """HTML comments are removed."""
    assert render("before\n\n<!-- hidden -->\n\nafter\n").text == "before after"


def test_page_without_readme(open_page, publisher):
    """A release without a README has a message."""
    from registry.models import ReleaseContents

    publisher.publish("@acme/chat")
    ReleaseContents.objects.update(readme="", readme_path="")
    assert "This release has no README." in open_page("/plugins/@acme/chat").one(id="readme").text
