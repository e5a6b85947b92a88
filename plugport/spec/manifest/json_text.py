"""JSON (RFC 8259) with line numbers, read without recursion.

Stricter than the standard asks for: keys may not repeat, and numbers must be finite. Python's own
parser names no lines, keeps the last of repeated keys and recurses into nested arrays.
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
from plugport.spec.text import show

_SPACE = re.compile(r"[ \t\r\n]*")
# The look-aheads make `01` or `truely` one wrong token, not a right one with something behind it.
_TOKEN = re.compile(
    r'(?P<mark>[{}\[\],:])|(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.+-]))"
    r"|(?P<word>true|false|null)(?![0-9A-Za-z_])",
    re.DOTALL,
)
_SHOWN = re.compile(r"[0-9A-Za-z_+.-]{1,40}|.", re.DOTALL)
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


def load_json(content: bytes, file: str, limits: DocumentLimits | None = None) -> Document:
    """Read a JSON object. Raises `ManifestError` where it cannot be read to its end."""
    limits = limits or DocumentLimits()
    return _Parser(decode_text(content, file, limits), TreeBuilder(file, limits)).read()


class _Parser:
    def __init__(self, text: str, builder: TreeBuilder) -> None:
        self._text = text
        self._builder = builder
        self._state = "value"
        self._at = 0
        # Found once: counting lines anew for every value would be quadratic.
        self._line_ends = [found.start() for found in re.finditer("\n", text)]

    @property
    def _line(self) -> int:
        return bisect_right(self._line_ends, self._at - 1) + 1

    def read(self) -> Document:
        self._skip_space()
        while self._at < len(self._text):
            token = _TOKEN.match(self._text, self._at)
            if token is None:
                self._refuse()
            self._take(token.lastgroup or "", token[0])
            self._at = token.end()
            self._skip_space()
        if self._state != "end":
            self._refuse()
        return self._builder.finish()

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _take(self, group: str, text: str) -> None:
        if self._state in {"value", "item"} and text in "{[":
            self._builder.open({} if text == "{" else [], self._line)
            self._state = "first-key" if text == "{" else "item"
        elif self._state in {"value", "item"} and group != "mark":
            self._builder.add(self._read_scalar(group, text), self._line)
            self._leave_value()
        elif self._state in {"key", "first-key"} and group == "string":
            self._builder.set_key(self._read_string(text), self._line)
            self._state = "colon"
        elif self._state == "colon" and text == ":":
            self._state = "value"
        elif self._state == "comma" and text == ",":
            self._state = "key" if isinstance(self._builder.top, dict) else "value"
        elif self._can_close(text):
            self._builder.close()
            self._leave_value()
        else:
            self._refuse()

    def _can_close(self, text: str) -> bool:
        mark, first = ("}", "first-key") if isinstance(self._builder.top, dict) else ("]", "item")
        return text == mark and self._state in {"comma", first}

    def _leave_value(self) -> None:
        self._state = "comma" if self._builder.depth else "end"

    def _read_scalar(self, group: str, text: str) -> JsonValue:
        if group == "string":
            return self._read_string(text)
        if group == "word":
            return _WORDS[text]
        if len(text) > MAX_NUMBER_CHARS:
            detail = f"a number has {len(text)} digits; at most {MAX_NUMBER_CHARS} are read"
            self._builder.refuse(detail, "number-too-long", self._line)
        if not set(text) & set(".eE"):
            return int(text)
        number = float(text)
        if not math.isfinite(number):
            detail = f"the number {show(text)} is too large"
            self._builder.refuse(detail, "number-not-finite", self._line)
        return number

    def _read_string(self, text: str) -> str:
        try:
            # A single text cannot nest, so Python's parser is safe for it, and fast.
            return str(json.loads(text))
        except json.JSONDecodeError as error:
            detail = f"a text is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
            self._builder.refuse(detail, "json-syntax", self._line)

    def _refuse(self) -> NoReturn:
        rest = _SHOWN.match(self._text, self._at)
        found = show(rest[0]) if rest else "the end of the file"
        detail = f"expected {_EXPECTED[self._state]}, found {found}"
        if rest and rest[0] in {"NaN", "Infinity", "-Infinity"}:
            detail = f"{found} is not a JSON number"
        elif rest and rest[0] in {"]", "}"} and self._state in {"key", "value"}:
            detail += "; a comma before it may be one too many"
        elif rest and rest[0] in {"/", "#"}:
            detail += "; JSON has no comments"
        elif rest and rest[0] == '"' and self._state != "comma":
            detail = "a text is not closed"
        self._builder.refuse(detail, "json-syntax", self._line)
