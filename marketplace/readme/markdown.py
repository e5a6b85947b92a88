"""Render GitHub Flavored Markdown with alerts and footnotes.

The limits bound the work of the parser (CWE-400); no README written by a person comes near them.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.gfm import gfm_plugin

from common.once import built_once
from marketplace.readme.errors import TooComplexError
from marketplace.readme.highlight import Highlighter

# Parsing inline text takes time proportional to its length times its number of brackets. A paragraph
# that exceeds a limit is shown as plain text.
MAX_INLINE_CHARS = 8_000
MAX_INLINE_WORK = 30_000_000
# Characters in all paragraphs that can start emphasis, a link or a URL.
MAX_MARKS = 12_000
_MARK = re.compile(r"[*_~\[\]<`!&\\:@.]")
# Calls of the block rules: one per line and per block that contains the line.
MAX_BLOCK_RULE_CALLS = 12_000
MAX_BLOCKS = 16_000
MAX_NESTING = 50


def render_markdown(text: str) -> str:
    """The text as HTML, with its raw HTML. Must be sanitized. Raises `TooComplexError`."""
    html: str = _get_parser().render(text, {"highlighter": Highlighter()})
    return html


# Blocks that other blocks can interrupt: the parser calls the block rules for each of their lines.
_INTERRUPTIBLE_BLOCKS = ("paragraph", "reference", "blockquote", "list")


@built_once
def _get_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING})
    parser.use(gfm_plugin)
    parser.block.ruler.before(
        "table",
        "limit_block_rule_calls",
        _limit_block_rule_calls,
        {"alt": list(_INTERRUPTIBLE_BLOCKS)},
    )
    parser.core.ruler.before("inline", "limit_inline_work", _limit_inline_work)
    parser.core.ruler.push("cell_alignment", _align_cells)
    parser.add_render_rule("fence", _render_fence)
    parser.add_render_rule("footnote_ref", _render_reference)
    parser.add_render_rule("footnote_anchor", _render_backlink)
    return parser


def _limit_block_rule_calls(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule that never matches. Raises `TooComplexError` after too many calls."""
    state.env["block_rule_calls"] = state.env.get("block_rule_calls", 0) + 1
    if state.env["block_rule_calls"] > MAX_BLOCK_RULE_CALLS:
        raise TooComplexError
    return False


def _limit_inline_work(state: StateCore) -> None:
    """Convert expensive inline text to plain text before it is parsed."""
    if len(state.tokens) > MAX_BLOCKS:
        raise TooComplexError
    remaining_work, remaining_marks = MAX_INLINE_WORK, MAX_MARKS
    for token in state.tokens:
        if token.type == "inline":
            size = len(token.content)
            work = size * token.content.count("[")
            marks = len(_MARK.findall(token.content))
            if size > MAX_INLINE_CHARS or work > remaining_work or marks > remaining_marks:
                token.type = "text"
            else:
                remaining_work -= work
                remaining_marks -= marks


def _align_cells(state: StateCore) -> None:
    """Replace inline styles of cells by `align`: the content security policy forbids them."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style:
                token.attrSet("align", style.removeprefix("text-align:"))


def _render_fence(
    self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A code block, highlighted if its language is known."""
    code = tokens[index].content
    info = tokens[index].info.split(maxsplit=1)
    highlighted = env["highlighter"].highlight(code, info[0]) if info else None
    return f"<pre><code>{escape(code) if highlighted is None else highlighted}</code></pre>\n"


def _get_reference_id(token: Token) -> tuple[int, str]:
    """The number of the footnote, and the id of this reference."""
    number, again = token.meta["id"] + 1, token.meta.get("subId", 0)
    return number, f"fnref{number}-{again + 1}" if again > 0 else f"fnref{number}"


def _render_reference(
    self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A reference to a footnote, with a unique id."""
    number, name = _get_reference_id(tokens[index])
    link = f'<a href="#fn{number}" id="{name}">[{number}]</a>'
    return f'<sup class="footnote-ref">{link}</sup>'


def _render_backlink(
    self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """The link from a footnote back to its reference."""
    _, name = _get_reference_id(tokens[index])
    return f' <a href="#{name}" class="footnote-backref">\u21a9\ufe0e</a>'
