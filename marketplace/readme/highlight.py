"""Colours for code blocks, as classes: `static/css/readme.css` says which colour is which."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token, _TokenType
from pygments.util import ClassNotFound

# A lexer is many regular expressions over text that strangers wrote: short texts only, known
# languages only, and an end after so many seconds for all blocks of a README together.
MAX_BLOCK_CHARS = 10_000
MAX_SECONDS = 0.5
_LANGUAGES = frozenset(
    {
        *("bash", "console", "powershell", "ps1", "sh", "sh-session", "shell", "shell-session"),
        *("c", "c++", "cpp", "cs", "csharp", "dart", "elixir", "go", "groovy", "haskell", "java"),
        *("javascript", "js", "jsx", "kotlin", "lua", "objc", "perl", "php", "py", "python", "r"),
        *("rb", "rs", "ruby", "rust", "scala", "swift", "ts", "tsx", "typescript", "zig", "zsh"),
        *("css", "diff", "docker", "dockerfile", "graphql", "hcl", "html", "http", "ini", "json"),
        *("json5", "jsonc", "less", "makefile", "nginx", "nix", "properties", "proto", "scss"),
        *("protobuf", "sql", "svelte", "terraform", "toml", "vue", "xml", "yaml", "yml"),
    }
)
_SPELLED = {"jsonc": "json5", "svelte": "html", "sh-session": "console", "zsh": "bash"}
CLASSES = frozenset(f"hl-{short}" for short in STANDARD_TYPES.values() if short)


class Highlighter:
    """Colours the blocks of one README, as long as there is time."""

    def __init__(self) -> None:
        self.seconds_left = MAX_SECONDS

    def highlight(self, code: str, language: str) -> str | None:
        """The code as HTML of `span`s; None if it stays without colours."""
        lexer = _find_lexer(language.lower())
        if lexer is None or len(code) > MAX_BLOCK_CHARS or self.seconds_left <= 0:
            return None
        started = time.perf_counter()
        parts = []
        try:
            for part in _colour(lexer, code):
                parts.append(part)
                if time.perf_counter() - started > self.seconds_left:
                    return None
        finally:
            self.seconds_left -= time.perf_counter() - started
        return "".join(parts)


@cache
def _find_lexer(language: str) -> Lexer | None:
    if language not in _LANGUAGES:
        return None
    try:
        # Without these two the lexer would strip blank lines that the author wrote.
        return get_lexer_by_name(_SPELLED.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _colour(lexer: Lexer, code: str) -> Iterator[str]:
    for kind, text in lexer.get_tokens(code):
        short = _find_class(kind)
        yield f'<span class="hl-{short}">{escape(text)}</span>' if short else escape(text)


def _find_class(kind: _TokenType) -> str:
    """The short class of a token, or of the nearest kind above it that has one."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent or Token
    return STANDARD_TYPES[kind]
