"""A text file as numbered lines, coloured where that is quick."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path

from django.core.cache import caches
from django.utils.html import escape as escape_safely
from django.utils.safestring import SafeString

from marketplace import colours
from plugport.spec.comparing.texts import split_lines

LINES_A_PAGE = 400
# One line may be a whole bundle: a page stays a page.
MAX_LINE_CHARS = 1_000
MAX_PAGE_CHARS = 40_000
# A file that takes longer, in seconds of the processor, stays without colours.
MAX_SECONDS = 0.3
# Control characters that no text has, and their pictures.
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\f\r"))
_PICTURES = {code: "\u2421" if code == 127 else chr(0x2400 + code) for code in _CONTROLS}
# The sorts of tokens that have a colour (`readme.css`): marking the others would be most of a page.
_COLOURED = re.compile(r"(?:[kmsc]\w*|dl|il|ow|bp|fm|n[abcdftvo]|g[deiops])\Z")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line: its number in the file and its content as HTML; `cut` characters are left out."""

    number: int
    html: SafeString
    cut: int


@dataclass(frozen=True, slots=True)
class CodePage:
    """Some lines of a file of `total` lines (0: they were not counted).

    `before` and `after` start the pages beside it.
    """

    lines: Sequence[CodeLine]
    total: int = 0
    before: int | None = None
    after: int | None = None

    @property
    def has_cuts(self) -> bool:
        """Whether something of these lines is left out."""
        return any(line.cut for line in self.lines)


def read_text(content: bytes) -> str | None:
    """The content as text, None if it is none.

    What is no UTF-8 is read as Latin-1, and a few control characters make no text unreadable:
    neither is to hide code from those who look for it. They are drawn as what they are.
    """
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if controls * 100 > len(content):
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.translate(_PICTURES) if controls else text


def build_code_page(text: str, path: str, *, start: int = 1) -> CodePage:
    """The lines from `start` on (counting from 1), as many as a page holds."""
    lines = split_lines(text)
    # Pygments takes a lone carriage return for the end of a line; its lines would be others then.
    coloured = None if "\r" in text.replace("\r\n", "") else _colour_lines(text, path)
    first = min(start, len(lines) or 1) - 1
    shown = _take(lines[first : first + LINES_A_PAGE])
    rows = [
        _make_row(first + index + 1, line, coloured)
        for index, line in enumerate(lines[first:][:shown])
    ]
    end = first + shown
    before = max(1, first + 1 - LINES_A_PAGE) if first else None
    return CodePage(rows, len(lines), before, end + 1 if end < len(lines) else None)


def build_part(text: str, *, first: int) -> CodePage:
    """All of a text whose first line has that number in its file: whole lines, no colours."""
    rows = [CodeLine(first + i, escape_safely(line), 0) for i, line in enumerate(split_lines(text))]
    return CodePage(rows)


def _take(lines: Sequence[str]) -> int:
    """How many of the lines fit a page; at least one."""
    left = MAX_PAGE_CHARS
    for count, line in enumerate(lines):
        left -= min(len(line), MAX_LINE_CHARS)
        if left < 0 and count:
            return count
    return len(lines)


def _make_row(number: int, line: str, coloured: Sequence[str] | None) -> CodeLine:
    if len(line) > MAX_LINE_CHARS:
        return CodeLine(number, escape_safely(line[:MAX_LINE_CHARS]), len(line) - MAX_LINE_CHARS)
    # `_mark` has escaped it.
    html = SafeString(coloured[number - 1]) if coloured else escape_safely(line)
    return CodeLine(number, html, 0)


def _colour_lines(text: str, path: str) -> list[str] | None:
    """Each line as HTML of `span`s; None if the file stays without colours. Done once a file."""
    language = path.rpartition("/")[2].lower().rpartition(".")[2]
    if language not in colours.LANGUAGES or len(text) > colours.MAX_CHARS:
        return None
    facts = f"{_get_edition()}\0{language}\0{text}"
    key = f"coloured:{hashlib.sha256(facts.encode()).hexdigest()}"
    # A file that cannot be coloured in time is kept, too: as "".
    kept: str | None = caches["files"].get(key)
    if kept is None:
        kept = _colour(text, language) or ""
        caches["files"].set(key, kept)
    return kept.split("\n") if kept else None


@cache
def _get_edition() -> str:
    """Names the code that colours: what another edition coloured is not shown any more."""
    digest = hashlib.sha256(version("pygments").encode())
    for path in (colours.__file__, __file__):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()


def _colour(text: str, language: str) -> str | None:
    """The text with its tokens marked; no mark goes over the end of a line."""
    tokens = colours.Budget(MAX_SECONDS).read_tokens(text, language)
    if tokens is None:
        return None
    return "".join(_mark(piece, short if _COLOURED.match(short) else "") for short, piece in tokens)


def _mark(text: str, short: str) -> str:
    lines = escape(text).split("\n")
    if short:
        lines = [f'<span class="hl-{short}">{line}</span>' if line else "" for line in lines]
    return "\n".join(lines)
