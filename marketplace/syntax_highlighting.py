"""Syntax highlighting as CSS classes; `static/css/readme.css` defines the colors.

Lexers consist of regular expressions, and the text is untrusted: a match that takes quadratic time
cannot be interrupted (CWE-1333). So every expression sees at most `WINDOW_CHARS` of the text, and
lines are limited to `MAX_LINE_CHARS`, which bounds a match to milliseconds. The time budget is checked
between matches.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pygments.lexer import Lexer, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token, _TokenType

from common.once import built_once

# Longer text, or text with a longer line, is not highlighted.
MAX_CHARS = 50_000
MAX_LINE_CHARS = 400
# The part of the text that an expression sees. A longer comment may not be highlighted.
WINDOW_CHARS = 2_000
CLASSES = frozenset(f"hl-{short}" for short in STANDARD_TYPES.values() if short)
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
# Other names, including file extensions.
_LANGUAGE_ALIASES = {
    "cc": "cpp",
    "cjs": "javascript",
    "ex": "elixir",
    "h": "c",
    "hpp": "cpp",
    "jsonc": "json5",
    "kt": "kotlin",
    # The standard Makefile lexer passes the whole file to a nested lexer without the window.
    "makefile": "basemake",
    "mjs": "javascript",
    "mts": "typescript",
    "pyi": "python",
    "sh-session": "console",
    "svelte": "html",
    "svg": "xml",
    "zsh": "bash",
}
LANGUAGES = _LANGUAGES | frozenset(_LANGUAGE_ALIASES)


class TimeBudget:
    """A budget of processor time of the current thread, in seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds_left = seconds

    def tokenize(self, text: str, language: str) -> list[tuple[str, str]] | None:
        """Pairs of short class ("" for none) and text. Each line end becomes a line feed.

        None if the language is unknown, the text is too long, the budget is used up, or the lexer
        lost a part of the text.
        """
        lexer = load_lexer(language.lower())
        if lexer is None or self.seconds_left <= 0 or not _is_small(text):
            return None
        started = time.thread_time()
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        tokens = []
        try:
            for token in _iter_tokens(lexer, text):
                tokens.append(token)
                if time.thread_time() - started > self.seconds_left:
                    return None
        finally:
            self.seconds_left -= time.thread_time() - started
        # Colors must not hide code from its readers.
        return tokens if "".join(piece for _, piece in tokens) == text else None


def _is_small(text: str) -> bool:
    return len(text) <= MAX_CHARS and max(map(len, text.split("\n"))) <= MAX_LINE_CHARS


def _iter_tokens(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    # With a line end, because the lexers of shell sessions lose a last line that has none.
    left = len(text)
    for kind, piece in lexer.get_tokens(text if text.endswith("\n") else f"{text}\n"):
        if shown := piece[:left]:
            yield _get_class(kind), shown
        left -= len(shown)


@built_once
def load_lexer(language: str) -> Lexer | None:
    """The lexer of a lower-case language name or alias; None if the language is unknown."""
    name = _LANGUAGE_ALIASES.get(language, language)
    if name not in _LANGUAGES:
        return None
    # By default, lexers strip blank lines, which changes line numbers.
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    if isinstance(lexer, RegexLexer):
        # Lexers create lexers of their own class for nested code, so these have the window too.
        lexer.__class__ = _build_windowed_lexer_class(lexer)
        lexer.__dict__.pop("_tokens", None)
    return lexer


def _build_windowed_lexer_class(lexer: Any) -> Any:
    """A subclass of the lexer whose expressions see `WINDOW_CHARS` at a time."""
    states = {
        state: [(_limit_window(match), *rest) for match, *rest in rules]
        for state, rules in lexer._tokens.items()  # noqa: SLF001 -- pygments has no public access to the expressions
    }
    lexer_class = type(lexer)
    metaclass: Any = type(lexer_class)
    return metaclass(lexer_class.__name__, (lexer_class,), {"_tokens": states})


def _limit_window(match: Callable[..., Any]) -> Callable[..., Any]:
    def match_near(text: str, at: int = 0, end: int = sys.maxsize) -> Any:
        return match(text, at, min(end, at + WINDOW_CHARS))

    return match_near


@cache
def _get_class(kind: _TokenType) -> str:
    """The short class of a token type, or of its closest parent that has one."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent or Token
    return STANDARD_TYPES[kind]
