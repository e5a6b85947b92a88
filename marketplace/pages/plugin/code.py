"""A text file as numbered lines, with syntax highlighting if that is cheap."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path

from django.core.cache import caches
from django.utils.safestring import SafeString

from common.expensive.errors import ServerBusyError
from common.expensive.results import load_or_compute
from marketplace import syntax_highlighting
from marketplace.pages.plugin import highlighting
from marketplace.pages.plugin.highlighting import highlight
from plugport.spec.diff.texts import split_lines
from plugport.spec.encoding import decode_marked_text, find_marked_encoding

# Most files fit on one page of this length.
LINES_PER_PAGE = 400
# A minified bundle is a single line of megabytes, so lines and pages are limited in characters too.
MAX_LINE_CHARS = 1_000
MAX_PAGE_CHARS = 40_000
# CPU seconds. Some inputs make a lexer quadratic (CWE-1333); those files are not highlighted.
MAX_HIGHLIGHT_SECONDS = 0.3
# Longer files are highlighted in the child process (`common.expensive`).
MAX_CHEAP_CHARS = 8_000
# Control characters, which a browser would hide, and the symbols that make them visible.
_CONTROL_CHARS = bytes({*range(32), 127} - set(b"\t\n\f\r"))
_CONTROL_PICTURES = {
    code: "\u2421" if code == 127 else chr(0x2400 + code) for code in _CONTROL_CHARS
}


@dataclass(frozen=True, slots=True)
class CodePage:
    """Some lines of a file of `total` lines (0 if not counted).

    `rows` are the lines as rows of a table, "" if there are none. They are not made by a template: a
    part of a file has up to 40,000 lines, and a loop in a template takes 20 times as long. `before`
    and `after` are the first lines of the previous and the next page. `query` is the start of the
    query of links to lines, as HTML. `has_cuts`: a line is truncated. `lacks_colors`: the file has colors,
    which the server was too busy to compute.
    """

    rows: SafeString
    total: int = 0
    before: int | None = None
    after: int | None = None
    query: SafeString = SafeString("")  # noqa: RUF009 -- a text, which cannot change
    has_cuts: bool = False
    lacks_colors: bool = False


def decode_text(content: bytes) -> str | None:
    """Return the content as text, or None if it is binary.

    UTF-16 and UTF-32 are decoded by their mark, invalid UTF-8 as Latin-1, and up to 1% of control characters are shown as symbols: an
    author must not be able to hide code from reviewers with one odd byte.
    """
    if find_marked_encoding(content) in {"utf-16", "utf-32"}:
        # A mark that is not followed by such text must not hide anything either.
        with contextlib.suppress(UnicodeDecodeError):
            return decode_marked_text(content).translate(_CONTROL_PICTURES)
    controls = len(content) - len(content.translate(None, _CONTROL_CHARS))
    if controls * 100 > len(content):
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.translate(_CONTROL_PICTURES) if controls else text


def build_code_page(
    text: str,
    path: str,
    *,
    start: int = 1,
    query: SafeString = SafeString(""),  # noqa: B008 -- a text
) -> CodePage:
    """Return the lines from number `start` (1 is the first), as many as fit on a page."""
    lines = split_lines(text)
    highlighted, lacks_colors = None, False
    # Pygments treats a lone carriage return as a line end, so its line numbers would differ.
    if "\r" not in text.replace("\r\n", ""):
        # Colors are not worth an error.
        try:
            highlighted = _highlight_lines(text, path)
        except ServerBusyError:
            lacks_colors = True
    first = min(start, len(lines) or 1) - 1
    shown = _count_lines_that_fit(lines[first : first + LINES_PER_PAGE])
    end = first + shown
    base = f"?{query}start={first + 1}"
    rows = [
        _render_row(number, _render_line(number, lines[number - 1], highlighted), base)
        for number in range(first + 1, end + 1)
    ]
    return CodePage(
        # Numbers, and HTML that is escaped.
        SafeString("".join(rows)),
        total=len(lines),
        before=max(1, first + 1 - LINES_PER_PAGE) if first else None,
        after=end + 1 if end < len(lines) else None,
        query=query,
        has_cuts=any(len(line) > MAX_LINE_CHARS for line in lines[first:end]),
        lacks_colors=lacks_colors,
    )


def build_part_page(text: str, *, first: int) -> CodePage:
    """Return all lines of a part of a file, without highlighting. `first` numbers its first line."""
    # Highlighting would need the file from its start: a part may begin inside a string or comment.
    lines = split_lines(escape(text))
    rows = [_render_row(number, line, "") for number, line in enumerate(lines, first)]
    return CodePage(SafeString("".join(rows)))


def _render_row(number: int, html: str, base: str) -> str:
    return (
        f'<tr id="L{number}"><td><a href="{base}#L{number}" tabindex="-1">{number}</a></td>'
        f"<td>{html}\n</td></tr>"
    )


def _count_lines_that_fit(lines: Sequence[str]) -> int:
    """Return how many of the lines fit on a page, at least one."""
    left = MAX_PAGE_CHARS
    for count, line in enumerate(lines):
        left -= min(len(line), MAX_LINE_CHARS)
        if left < 0 and count:
            return count
    return len(lines)


def _render_line(number: int, line: str, highlighted: Sequence[str] | None) -> str:
    cut = len(line) - MAX_LINE_CHARS
    if cut > 0:
        shown = escape(line[:MAX_LINE_CHARS])
        return f'{shown}<span class="cut-off">… {cut} more characters</span>'
    # `highlight` escapes the text.
    return highlighted[number - 1] if highlighted else escape(line)


def _highlight_lines(text: str, path: str) -> list[str] | None:
    """Return the HTML of each line, None if the file is not highlighted. Results are cached.

    Raises `ServerBusyError` while other files are being highlighted.
    """
    language = path.rpartition("/")[2].lower().rpartition(".")[2]
    if language not in syntax_highlighting.LANGUAGES or len(text) > syntax_highlighting.MAX_CHARS:
        return None
    facts = f"{_get_highlighter_version()}\0{language}\0{text}"
    key = f"highlighted:{hashlib.sha256(facts.encode()).hexdigest()}"
    # A file that exceeds the time limit is cached as "", so that it costs the time once.
    cached: str | None = caches["files"].get(key)
    if cached is None:
        cached = load_or_compute(
            key,
            highlight,
            lambda: (text, language, MAX_HIGHLIGHT_SECONDS),
            is_cheap=lambda text, *_: len(text) <= MAX_CHEAP_CHARS,
        )
        caches["files"].set(key, cached)
    return cached.split("\n") if cached else None


@cache
def _get_highlighter_version() -> str:
    """Return a digest of the highlighting code: an upgrade must not use entries of the old code."""
    digest = hashlib.sha256(version("pygments").encode())
    for path in (syntax_highlighting.__file__, highlighting.__file__):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()
