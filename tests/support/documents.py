"""The documents of the repository, and the names that they contain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.data import ROOT

PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    ROOT / "demo" / "README.md",
)
_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")


@cache
def load_page(path: Path) -> str:
    """Load the text of a page."""
    return path.read_text(encoding="utf-8")


def list_inline_code(path: Path) -> list[str]:
    """List the texts between single backticks, outside of code blocks, each on one line."""
    return [" ".join(code.split()) for code in _INLINE.findall(_FENCE.sub("", load_page(path)))]


def list_code_lines(path: Path) -> list[str]:
    """List the lines of code blocks; a line that ends with a backslash continues on the next."""
    blocks = "\n".join(_FENCE.findall(load_page(path)))
    return [line.strip() for line in blocks.replace("\\\n", " ").splitlines()]


def list_code(path: Path) -> list[str]:
    """List the code between backticks and the lines of code blocks."""
    return [*list_inline_code(path), *list_code_lines(path)]


def iter_named(pattern: str, *, inline_only: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (page, code) of each code in a page that matches a pattern completely."""
    for path in PAGES:
        for code in list_inline_code(path) if inline_only else list_code(path):
            if re.fullmatch(pattern, code):
                yield str(path.relative_to(ROOT)), code


def load_prose(path: Path) -> str:
    """Load the text of a page on one line, without code blocks."""
    return " ".join(_FENCE.sub(" ", load_page(path)).split())
