"""Compile lines of `.gitignore` files to patterns that match paths.

Implements gitignore(5) and git's wildmatch. A pattern matches one file or folder, never the files
below it, because the caller does not enter excluded folders. Matching takes linear time for each
component of a path, whatever the pattern (CWE-1333).
"""

from __future__ import annotations

import re
from typing import TypeAlias

from msgspec import Struct

from plugport.spec.encoding import decode_marked_text

# The pattern for one component of a path, or None for `**`.
_Part: TypeAlias = "re.Pattern[str] | None"

# Matches any component.
_ANY_PART = re.compile(r".*", re.DOTALL)
# git never matches unclosed brackets and a trailing backslash.
_UNFINISHED = "(?!)"
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
# A bracket at the start is literal. The possessive quantifiers prevent backtracking.
_BRACKET = re.compile(r"\[([!^]?+)(\]?+(?:\[:\w+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_IN_BRACKET = re.compile(r"\[:(\w+):\]|(?:\\(.)|(.))", re.DOTALL)


class IgnorePattern(Struct, frozen=True):
    """A compiled line. Lines with `is_negated` include files that earlier lines exclude."""

    is_negated: bool
    folders_only: bool
    parts: tuple[_Part, ...]

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether the line matches a path, relative to the folder of the ignore file."""
        if self.folders_only and not is_folder:
            return False
        # The set of reachable positions in the pattern, because `**` matches any number of components.
        parts = self.parts
        reached = _skip_any(parts, {0})
        for name in path.split("/"):
            step = {
                index if (part := parts[index]) is None else index + 1
                for index in reached
                if index < len(parts) and ((part := parts[index]) is None or part.match(name))
            }
            reached = _skip_any(parts, step)
        return len(parts) in reached


def parse_ignore_file(content: bytes) -> list[IgnorePattern]:
    """Parse an ignore file. Like in git, invalid lines are not errors; they never match.

    Unlike in git, UTF-16 with a byte order mark is read. The caller refuses unknown encodings.
    """
    text = decode_marked_text(content, "surrogateescape")
    patterns = (parse_ignore_line(line.removesuffix("\r")) for line in text.split("\n"))
    return [pattern for pattern in patterns if pattern is not None]


def parse_ignore_line(line: str) -> IgnorePattern | None:
    """Compile a line. Returns None for blank lines, comments and empty patterns."""
    if line.startswith("#"):
        return None
    line = _strip_spaces(line)
    is_negated = line.startswith("!")
    line = line[is_negated:]
    folders_only = line.endswith("/")
    # `/x` and `a/x` are relative to the folder of the file; `x` and `x/` match at any depth.
    body = line[: len(line) - folders_only]
    # git treats an escaped slash as a slash, and brackets never match a slash.
    names = _split(body.removeprefix("/").replace("\\/", "/"), "/")
    if not body.strip("/"):
        return None
    parts = [None if name == "**" else _compile_part(name) for name in names]
    if "/" not in body:
        parts.insert(0, None)
    if parts[-1] is None:
        # `a/**` matches everything in `a`, but not `a` itself.
        parts[-1:] = [_ANY_PART, None]
    return IgnorePattern(is_negated, folders_only, tuple(parts))


def _strip_spaces(line: str) -> str:
    """Remove trailing spaces, except for an escaped one."""
    stripped = line.rstrip(" ")
    escapes = len(stripped) - len(stripped.rstrip("\\"))
    return f"{stripped} " if escapes % 2 and stripped != line else stripped


def _skip_any(parts: tuple[_Part, ...], reached: set[int]) -> set[int]:
    """Add the positions after every reachable `**`, which can match zero components."""
    skipped = set(reached)
    for index in range(len(parts)):
        if index in skipped and parts[index] is None:
            skipped.add(index + 1)
    return skipped


def _compile_part(name: str) -> re.Pattern[str]:
    """Compile a component of a pattern to a regular expression without costly backtracking.

    Each `*` matches as little as possible before its following text, in an atomic group. Only the
    last `*` can backtrack, and its text must be at the end of the name.
    """
    first, *rest = [_translate(text) for text in _split(re.sub(r"(?<!\\)\*+", "*", name), "*")]
    if not rest:
        return re.compile(rf"{first}\Z", re.DOTALL)
    middle = "".join(f"(?>.*?{text})" for text in rest[:-1])
    return re.compile(rf"{first}{middle}.*{rest[-1]}\Z", re.DOTALL)


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that are neither escaped nor in brackets."""
    pieces, start, position = [], 0, 0
    while position < len(text):
        if text[position] == separator:
            pieces.append(text[start:position])
            position = start = position + 1
        elif text[position] == "[" and (bracket := _BRACKET.match(text, position)):
            position = bracket.end()
        else:
            position += 2 if text[position] == "\\" else 1
    return [*pieces, text[start:]]


def _translate(text: str) -> str:
    """Translate a text without `*` to a regular expression."""
    out, position = "", 0
    while position < len(text):
        char = text[position]
        if char == "[":
            bracket = _BRACKET.match(text, position)
            if bracket is None:
                return _UNFINISHED
            out += _translate_bracket(bracket[1], bracket[2])
            position = bracket.end()
        elif char == "\\":
            if position + 1 == len(text):
                return _UNFINISHED
            out += re.escape(text[position + 1])
            position += 2
        else:
            out += "." if char == "?" else re.escape(char)
            position += 1
    return out


def _translate_bracket(negation: str, inside: str) -> str:
    """Translate the content of brackets to a character class."""
    out: list[str] = []
    items = list(_IN_BRACKET.finditer(inside))
    position = 0
    while position < len(items):
        item = items[position]
        if item[1]:
            if item[1] not in _CLASSES:
                return _UNFINISHED
            out.append(_CLASSES[item[1]])
            position += 1
            continue
        low = high = item[2] or item[3]
        ends = items[position + 2 : position + 3]
        if ends and items[position + 1][3] == "-" and not ends[0][1]:
            high = ends[0][2] or ends[0][3]
            position += 2
        if low <= high:
            out.append(f"{re.escape(low)}-{re.escape(high)}")
        position += 1
    if not out:
        return "." if negation else _UNFINISHED
    return f"[{'^' if negation else ''}{''.join(out)}]"
