"""Hostile READMEs, compared with the policy of the data set."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.readme import LinkBase, SourceTree, markdown, render, render_readme
from marketplace.readme.anchors import ID_PREFIX
from marketplace.readme.well_formed import MAX_DEPTH, balance_html
from tests.functional.pages.dom import Node, parse
from tests.support.data import shared_data
from tests.support.runs import is_quick_run

PLACE = LinkBase(repository=SourceTree.find({"url": "https://github.com/acme/chat"}))
# As in the data set, for tests with their own texts.
ALLOWED_SCHEMES = {"http", "https", "mailto"}
_URL_ATTRIBUTES = ("href", "src", "srcset", "cite", "longdesc", "poster")


def parse_rendered(text: str) -> Node:
    """Parse the rendered README."""
    return parse(render_readme(text, path="README.md", link_base=PLACE))


def find_breaches(root: Node, policy: dict[str, Any]) -> list[str]:
    """Return the violations of the policy in the tree."""
    breaches = []
    for node in root:
        if node.tag in policy["forbid_tags"]:
            breaches.append(f"<{node.tag}>")
        if node.tag == "input" and not (
            node.attrs.get("type") == "checkbox" and "disabled" in node.attrs
        ):
            breaches.append(f"<input {node.attrs}>")
        for name, value in node.attrs.items():
            if name in policy["forbid_attributes"] or name.startswith(
                tuple(policy["forbid_attribute_prefixes"])
            ):
                breaches.append(f"{node.tag} {name}")
            if name == "id" and not value.startswith(ID_PREFIX):
                breaches.append(f"id {value}")
            scheme = re.match(r"\s*([a-zA-Z][\w+.-]*):", value)
            if name in _URL_ATTRIBUTES and scheme and scheme[1].lower() not in ALLOWED_SCHEMES:
                breaches.append(f"{name}={value}")
    return breaches


def test_adversarial_files():
    """Each file of the data set: nothing forbidden in the tree, the text kept, in time."""
    folder = shared_data("readmes", "adversarial")
    expect = json.loads((folder / "expect.json").read_text(encoding="utf-8"))
    for case in expect["files"]:
        text = (folder / case["file"]).read_text(encoding="utf-8")
        root = parse_rendered(text)
        assert find_breaches(root, expect["policy"]) == [], case["file"]
        words = root.text
        for word in case["require_text"]:
            assert word in words, case["file"]


def test_real_readmes_lose_no_words():
    """Real READMEs: nothing forbidden, and tables, code, images and headings are kept.

    Quick runs leave out the large ones.
    """
    folder = shared_data("readmes")
    policy = json.loads((folder / "adversarial" / "expect.json").read_text())["policy"]
    for row in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        if is_quick_run() and row["features"]["bytes"] > 10_000:
            continue
        text = (folder / row["file"]).read_text(encoding="utf-8")
        root, features = parse_rendered(text), row["features"]
        assert find_breaches(root, policy) == [], row["file"]
        assert not root.by_class("plain"), row["file"]
        assert bool(root.all("table")) >= bool(features["tables"]), row["file"]
        assert bool(root.all("img")) >= bool(features["images"]), row["file"]
        # What is commented out does not count as lost.
        if not features["html_comments"]:
            assert len(root.all("pre")) >= features["code_fences"], row["file"]
        words = root.text
        for title in re.findall(
            r"^#{1,3} ([A-Za-z ]{3,40})$", re.sub(r"(?s)```.*?```", "", text), re.MULTILINE
        ):
            assert title.strip() in words, row["file"]


_PIECES = st.sampled_from(
    [
        *(
            "<b>",
            "</b>",
            "<p>",
            "</p>",
            "<a href=x>",
            "</a>",
            "<table>",
            "</table>",
            "<tr>",
            "<td>",
        ),
        *("</td>", "<li>", "<ul>", "</ul>", "<script>", "</script>", "<svg>", "</svg>", "<math>"),
        *("<style>", "<!--", "-->", "<![CDATA[", "<textarea>", "<title>", "<h1>", "</h1>", "<div "),
        *('"', "'", ">", "<", "&lt;", "&", "\n", "`", "```", "* ", "x", "<img src=y onerror=z>"),
        *(
            "[a](javascript:b)",
            "![c](data:d)",
            "<a href='java\tscript:e'>",
            "<details open ontoggle=f>",
        ),
        *(
            "<input autofocus onfocus=g>",
            "<form action=h>",
            "<template>",
            "</p",
            "<noscript>",
            "\x00",
        ),
    ]
)
_POLICY = {
    "forbid_tags": [
        *("script", "style", "svg", "math", "textarea", "title", "form", "template", "noscript"),
        *(
            "iframe",
            "object",
            "embed",
            "base",
            "meta",
            "link",
            "button",
            "select",
            "video",
            "audio",
        ),
    ],
    "forbid_attributes": ["style", "srcdoc", "action", "formaction", "autofocus", "is", "slot"],
    "forbid_attribute_prefixes": ["on", "data-", "hx-", "x-", "v-", ":", "@"],
}


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_combination_breaks_out(text: str):
    """Any combination of the pieces renders to an allowed tree."""
    assert find_breaches(parse_rendered(text), _POLICY) == []


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_balanced_html_is_well_formed(text: str):
    """Every element closed in order, none too deep; doing it again changes nothing."""
    balanced = balance_html(text)
    root = parse(balanced)

    def depth(node: Node) -> int:
        return 1 + max((depth(c) for c in node.children if isinstance(c, Node)), default=0)

    assert depth(root) <= MAX_DEPTH + 2


def _pile(piece: str, size: int) -> str:
    return piece * (size // len(piece))


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*a_ ", "<b><p>", "<div>", "> ", "- ", "`", "<!--", '<a b="', "|a", "#\n", "[^a]"],
)
def test_output_stays_in_proportion(piece: str):
    """The size of the HTML is bounded by that of the text: a small file must not exhaust memory (CWE-400)."""
    text = _pile(piece, 60_000)
    assert len(render_readme(text, link_base=PLACE)) < 60 * len(text)


def test_repeated_elements_are_not_multiplied():
    """Open elements are not copied into each paragraph that follows."""
    text = "<b>" * 1_000 + "<p>x" * 2_000
    assert len(render_readme(text, link_base=PLACE)) < 20 * len(text)


_COSTLY = {
    "addresses": "http://a.b " * 700 + "\n\n",
    "mail": "a@b.c " * 1_300 + "\n\n",
    "emphasis": "*a_" * 2_600 + "\n\n",
    "headings": "# a\n",
    "tags": "<b><p>",
    "blocks of tags": "<p><b>\n\n",
    "list": "1. a\n",
    "quotes": ">" * 60 + "a\n\n",
    "quoted lists": "> - " * 15 + "a\n",
    "table": "|a|b|\n",
    "paragraphs": "a\n\n",
    "underlined": "a\n=\n",
    "definitions": "[a]: /a\n",
    "code": "```ini\n" + ("=" * 390 + "\n") * 25 + "```\n",
    "marks": "&",
    "links": "[a](b)" * 1_200 + "\n\n",
    "pictures": "![a](https://a.b/c)" * 400 + "\n\n",
}


@pytest.fixture
def scale(monkeypatch) -> float:
    """Multiplies the limits of READMEs, so that a quick run tests the same with smaller texts."""
    if not is_quick_run():
        return 1
    limits = {
        render: ("MAX_MARKDOWN_CHARS", "MAX_HTML_CHARS"),
        markdown: ("MAX_BLOCK_RULE_CALLS", "MAX_BLOCKS", "MAX_MARKS"),
    }
    for module, names in limits.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) // 5)
    return 1 / 5


@pytest.mark.parametrize("name", _COSTLY)
def test_costly_texts(name: str, scale: float):
    """Text that would take many seconds to render gives a bounded page."""
    text = ("|a|b|\n|-|-|\n" if name == "table" else "") + _COSTLY[name] * (
        200_000 // len(_COSTLY[name]) + 1
    )
    shown = render_readme(text[: int(199_000 * scale)], path="README.md", link_base=PLACE)
    # `python -m bench.rendering` measures the time.
    assert 0 < len(shown) <= 600_000 * scale + 1_000


def test_plain_text_is_bounded():
    """Text that grows when it is escaped is cut, with a note."""
    shown = render_readme("&" * 400_000, path="README.txt", link_base=PLACE)
    assert len(shown) <= 601_000
    assert "280000 more characters in the file." in shown
