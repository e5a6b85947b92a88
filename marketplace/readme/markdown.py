"""CommonMark with what GitHub adds: tables, strikethrough, autolinks, task lists, alerts, footnotes."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.gfm import gfm_plugin

from marketplace.readme.highlight import Highlighter
from marketplace.readme.links import make_slug

# Reading one run of inline text takes time with its length times its brackets. No paragraph that
# a person wrote comes near these; what goes beyond is shown as it was typed.
MAX_INLINE_CHARS = 8_000
MAX_INLINE_WORK = 30_000_000
# Characters in all paragraphs together that may begin something: emphasis, a link, an address.
MAX_MARKS = 12_000
_MARK = re.compile(r"[*_~\[\]<`!&\\:@.]")
# How often the parser may ask what begins at a line: once a line and block that the line is in.
MAX_QUESTIONS = 12_000
MAX_BLOCKS = 16_000
MAX_NESTING = 50


class TooComplexError(Exception):
    """The text has more blocks than a page can show, or they are too deep in each other."""


def render_markdown(text: str) -> str:
    """The text as HTML, raw HTML in it included: not safe to show yet. Raises `TooComplexError`."""
    html: str = _get_parser().render(text, {"highlighter": Highlighter()})
    return html


# Blocks that others can end: while they are read, each of their lines is asked about.
_MAY_INTERRUPT = ("paragraph", "reference", "blockquote", "list")


@cache
def _get_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING})
    parser.use(gfm_plugin)
    parser.block.ruler.before(
        "table", "count_questions", _count_question, {"alt": list(_MAY_INTERRUPT)}
    )
    parser.core.ruler.before("inline", "keep_long_text", _keep_long_text)
    parser.core.ruler.push("heading_ids", _add_heading_ids)
    parser.core.ruler.push("cell_alignment", _align_cells)
    parser.add_render_rule("fence", _render_fence)
    parser.add_render_rule("footnote_ref", _render_reference)
    parser.add_render_rule("footnote_anchor", _render_way_back)
    return parser


def _count_question(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule that never applies: it ends the reading of blocks that takes too long."""
    state.env["questions"] = state.env.get("questions", 0) + 1
    if state.env["questions"] > MAX_QUESTIONS:
        raise TooComplexError
    return False


def _keep_long_text(state: StateCore) -> None:
    """Turn inline runs that cost too much into plain text before anybody reads them."""
    if len(state.tokens) > MAX_BLOCKS:
        raise TooComplexError
    work_left, marks_left = MAX_INLINE_WORK, MAX_MARKS
    for token in state.tokens:
        if token.type == "inline":
            size = len(token.content)
            work = size * token.content.count("[")
            marks = len(_MARK.findall(token.content))
            if size > MAX_INLINE_CHARS or work > work_left or marks > marks_left:
                token.type = "text"
            else:
                work_left -= work
                marks_left -= marks


def _add_heading_ids(state: StateCore) -> None:
    """Give headings the anchors that links in READMEs expect; the sanitiser prefixes them."""
    seen: dict[str, int] = {}
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open" and inline.type == "inline":
            slug = make_slug(_get_text(inline))
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            if slug:
                heading.attrSet("id", f"{slug}-{count}" if count else slug)


def _align_cells(state: StateCore) -> None:
    """Say how a cell is aligned by an attribute: pages have no inline styles."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrSet("align", style.removeprefix("text-align:"))


def _get_text(inline: Token) -> str:
    children = inline.children or []
    return "".join(child.content for child in children if child.type in ("text", "code_inline"))


def _render_fence(
    self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A code block, in colours where its language is known."""
    code = tokens[index].content
    words = tokens[index].info.split(maxsplit=1)
    coloured = env["highlighter"].highlight(code, words[0]) if words else None
    return f"<pre><code>{escape(code) if coloured is None else coloured}</code></pre>\n"


def _name_reference(token: Token) -> tuple[int, str]:
    """The number of the footnote, and the id of this reference to it."""
    number, again = token.meta["id"] + 1, token.meta.get("subId", 0)
    return number, f"fnref{number}-{again + 1}" if again > 0 else f"fnref{number}"


def _render_reference(
    self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A reference to a footnote; each has an id that no other has."""
    number, name = _name_reference(tokens[index])
    link = f'<a href="#fn{number}" id="{name}">[{number}]</a>'
    return f'<sup class="footnote-ref">{link}</sup>'


def _render_way_back(
    self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """The link from a footnote to what refers to it."""
    _, name = _name_reference(tokens[index])
    return f' <a href="#{name}" class="footnote-backref">\u21a9\ufe0e</a>'
