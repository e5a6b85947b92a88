"""A JSON parser (RFC 8259) that reports line numbers and does not recurse.

It is stricter than the standard: keys must be unique and numbers finite. Python's parser reports no
positions of values, keeps the last of several equal keys, and recurses (CWE-674).
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from typing import NoReturn

from plugport.spec.manifest.document import (
    MAX_NUMBER_CHARS,
    Document,
    DocumentLimits,
    TreeBuilder,
    decode_text,
)
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import quote_text

_SPACE = re.compile(r"[ \t\r\n]*")
# The look-aheads reject `01` and `truely` as a whole instead of accepting `0` and `true`.
_TOKEN = re.compile(
    r'(?P<mark>[{}\[\],:])|(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.+-]))"
    r"|(?P<word>true|false|null)(?![0-9A-Za-z_])",
    re.DOTALL,
)
# The unexpected token in an error message, cut so that a message stays short.
_QUOTED_TOKEN = re.compile(r"[0-9A-Za-z_+.-]{1,40}|.", re.DOTALL)
_WORDS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}
_EXPECTED = {
    "value": "a value",
    "item": "a value or `]`",
    "key": "a key in double quotes",
    "first-key": "a key in double quotes or `}`",
    "colon": "`:`",
    "comma": "`,` or the end of the list or mapping",
    "end": "the end of the file",
}


def parse_json(content: bytes, file: str, limits: DocumentLimits | None = None) -> Document:
    """Parse a JSON object. Raises `ManifestError` at the first syntax error."""
    limits = limits or DocumentLimits()
    builder = TreeBuilder(file, limits, source_bytes=len(content))
    return _Parser(decode_text(content, file, limits), builder).parse()


class _Parser:
    def __init__(self, text: str, builder: TreeBuilder) -> None:
        self._text = text
        self._builder = builder
        self._state = "value"
        self._at = 0
        # Computed once: counting the lines for every value would take quadratic time.
        self._line_ends = [match.start() for match in re.finditer("\n", text)]

    @property
    def _line(self) -> int:
        return bisect_right(self._line_ends, self._at - 1) + 1

    def parse(self) -> Document:
        self._skip_space()
        while self._at < len(self._text):
            token = _TOKEN.match(self._text, self._at)
            if token is None:
                self._raise_syntax_error()
            self._handle_token(token.lastgroup or "", token[0])
            self._at = token.end()
            self._skip_space()
        if self._state != "end":
            self._raise_syntax_error()
        return self._builder.finish()

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _handle_token(self, group: str, text: str) -> None:
        if self._state in {"value", "item"} and text in "{[":
            self._builder.open({} if text == "{" else [], self._line)
            self._state = "first-key" if text == "{" else "item"
        elif self._state in {"value", "item"} and group != "mark":
            self._builder.add(self._parse_scalar(group, text), self._line)
            self._finish_value()
        elif self._state in {"key", "first-key"} and group == "string":
            self._builder.set_key(self._parse_string(text), self._line)
            self._state = "colon"
        elif self._state == "colon" and text == ":":
            self._state = "value"
        elif self._state == "comma" and text == ",":
            self._state = "key" if isinstance(self._builder.top, dict) else "value"
        elif self._can_close(text):
            self._builder.close()
            self._finish_value()
        else:
            self._raise_syntax_error()

    def _can_close(self, text: str) -> bool:
        mark, first = ("}", "first-key") if isinstance(self._builder.top, dict) else ("]", "item")
        return text == mark and self._state in {"comma", first}

    def _finish_value(self) -> None:
        self._state = "comma" if self._builder.depth else "end"

    def _parse_scalar(self, group: str, text: str) -> JsonValue:
        if group == "string":
            return self._parse_string(text)
        if group == "word":
            return _WORDS[text]
        if len(text) > MAX_NUMBER_CHARS:
            detail = f"a number has {len(text)} characters; at most {MAX_NUMBER_CHARS} are allowed"
            self._builder.refuse(detail, "number-too-long", self._line)
        if not set(text) & set(".eE"):
            return int(text)
        number = float(text)
        if not math.isfinite(number):
            detail = f"the number {quote_text(text)} is too large"
            self._builder.refuse(detail, "number-not-finite", self._line)
        return number

    def _parse_string(self, text: str) -> str:
        try:
            # A string cannot nest, so Python's fast parser is safe here.
            return str(json.loads(text))
        except json.JSONDecodeError as error:
            detail = f"a string is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
            self._builder.refuse(detail, "json-syntax", self._line)

    def _raise_syntax_error(self) -> NoReturn:
        rest = _QUOTED_TOKEN.match(self._text, self._at)
        actual = quote_text(rest[0]) if rest else "the end of the file"
        detail = f"expected {_EXPECTED[self._state]}, found {actual}"
        if rest and rest[0] in {"NaN", "Infinity", "-Infinity"}:
            detail = f"{actual} is not a JSON number"
        elif rest and rest[0] in {"]", "}"} and self._state in {"key", "value"}:
            detail += "; remove the comma before it"
        elif rest and rest[0] in {"/", "#"}:
            detail += "; JSON has no comments"
        elif rest and rest[0] == '"' and self._state != "comma":
            detail = "a string has no closing quote"
        self._builder.refuse(detail, "json-syntax", self._line)
