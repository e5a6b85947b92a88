"""Colours for text in a programming language, as classes: `static/css/readme.css` has the colours.

A lexer is many regular expressions, and the text comes from strangers: an expression that is
quadratic in it holds everybody up, and cannot be interrupted. So no expression ever sees more than
`_WINDOW_CHARS` of the text, and no line is longer than `MAX_LINE_CHARS`: one match takes
milliseconds, whatever it is. Between two matches the processor time is looked at.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pygments.lexer import Lexer, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token, _TokenType

# What is longer, or has a longer line, stays without colours.
MAX_CHARS = 50_000
MAX_LINE_CHARS = 400
# How far an expression sees. A comment that is longer may lose its colour.
_WINDOW_CHARS = 2_000
CLASSES = frozenset(f"hl-{short}" for short in STANDARD_TYPES.values() if short)
_LONG_LINE = re.compile(rf"[^\n]{{{MAX_LINE_CHARS + 1}}}")
_LANGUAGES = frozenset(
    {
        *("bash", "console", "powershell", "ps1", "sh", "shell", "shell-session"),
        *("c", "c++", "cpp", "cs", "csharp", "dart", "elixir", "go", "groovy", "haskell", "java"),
        *("javascript", "js", "jsx", "kotlin", "lua", "objc", "perl", "php", "py", "python", "r"),
        *("rb", "rs", "ruby", "rust", "scala", "swift", "ts", "tsx", "typescript", "zig"),
        *("css", "diff", "docker", "dockerfile", "graphql", "hcl", "html", "ini", "json"),
        *("basemake", "json5", "less", "nginx", "nix", "properties", "proto", "scss"),
        *("protobuf", "sql", "terraform", "toml", "vue", "xml", "yaml", "yml"),
    }
)
# Other names, among them the endings of file names.
_SPELLED = {
    "cc": "cpp",
    "cjs": "javascript",
    "ex": "elixir",
    "h": "c",
    "hpp": "cpp",
    "jsonc": "json5",
    "kt": "kotlin",
    # The other one of this name hands whole files to a lexer within, which sees all of them.
    "makefile": "basemake",
    "mjs": "javascript",
    "mts": "typescript",
    "pyi": "python",
    "sh-session": "console",
    "svelte": "html",
    "svg": "xml",
    "zsh": "bash",
}
LANGUAGES = _LANGUAGES | frozenset(_SPELLED)


class Budget:
    """Processor time of this thread that colouring may take, in seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds_left = seconds

    def read_tokens(self, text: str, language: str) -> list[tuple[str, str]] | None:
        """Short class ("" for none) and text of each piece.

        None if the language is not known, the text is too long, or the time is up.
        """
        lexer = _load_lexer(language.lower())
        if lexer is None or self.seconds_left <= 0 or not _is_small(text):
            return None
        started = time.thread_time()
        found = []
        try:
            for token in _read(lexer, text):
                found.append(token)
                if time.thread_time() - started > self.seconds_left:
                    return None
        finally:
            self.seconds_left -= time.thread_time() - started
        return found


def _is_small(text: str) -> bool:
    return len(text) <= MAX_CHARS and not _LONG_LINE.search(text)


def _read(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    for kind, piece in lexer.get_tokens(text):
        yield _find_class(kind), piece


@cache
def _load_lexer(language: str) -> Lexer | None:
    name = _SPELLED.get(language, language)
    if name not in _LANGUAGES:
        return None
    # Without these two the lexer would strip blank lines, and move the others.
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    if isinstance(lexer, RegexLexer):
        # Lexers make others of their class for what is nested: these are narrow, too.
        lexer.__class__ = _narrow(lexer)
        lexer.__dict__.pop("_tokens", None)
    return lexer


def _narrow(lexer: Any) -> Any:
    """The class of the lexer, but its expressions see `_WINDOW_CHARS` at a time."""
    states = {
        state: [(_look_near(match), *rest) for match, *rest in rules]
        for state, rules in lexer._tokens.items()  # noqa: SLF001 -- where expressions are
    }
    found = type(lexer)
    make: Any = type(found)
    return make(found.__name__, (found,), {"_tokens": states})


def _look_near(match: Callable[..., Any]) -> Callable[..., Any]:
    def match_near(text: str, at: int = 0, end: int = sys.maxsize) -> Any:
        return match(text, at, min(end, at + _WINDOW_CHARS))

    return match_near


@cache
def _find_class(kind: _TokenType) -> str:
    """The short class of a token, or of the nearest kind above it that has one."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent or Token
    return STANDARD_TYPES[kind]
