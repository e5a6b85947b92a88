"""One line of a `.gitignore` file as something that matches paths.

gitignore(5) and git's wildmatch. A pattern is asked about one file or folder at a time, never
about what lies below it: the walk through the tree does not enter what is left out. Matching
takes linear time for each part of a path, whatever the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

# A part of a pattern: what one part of a path must look like, or None for `**`.
_Part: TypeAlias = "re.Pattern[str] | None"

# Any one name.
_ANY_PART = re.compile(r".*", re.DOTALL)
# For brackets without an end and a backslash at the end: git lets them match nothing.
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
# A bracket right at the start stands for itself; `++` and the like give nothing back.
_BRACKET = re.compile(r"\[([!^]?+)(\]?+(?:\[:\w+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_IN_BRACKET = re.compile(r"\[:(\w+):\]|(?:\\(.)|(.))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """A compiled line. `is_negated` lines take back what earlier ones leave out."""

    is_negated: bool
    folders_only: bool
    parts: tuple[_Part, ...]

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Whether the line speaks of this path, which is relative to the ignore file's folder."""
        if self.folders_only and not is_folder:
            return False
        # How far into the pattern the names so far can have led: `**` leaves several ways open.
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
    """Read an ignore file. As with git, no line is an error: what makes no sense never matches."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    patterns = (parse_ignore_line(line.removesuffix("\r")) for line in text.split("\n"))
    return [pattern for pattern in patterns if pattern is not None]


def parse_ignore_line(line: str) -> IgnorePattern | None:
    """Compile one line; None for blank lines, comments and patterns that name nothing."""
    if line.startswith("#"):
        return None
    line = _strip_spaces(line)
    is_negated = line.startswith("!")
    line = line[is_negated:]
    folders_only = line.endswith("/")
    # `/x` and `a/x` belong to the file's folder, `x` and `x/` to every folder below it too.
    body = line[: len(line) - folders_only]
    # git takes an escaped slash for a slash, and knows no slash in brackets.
    names = _split(body.removeprefix("/").replace("\\/", "/"), "/")
    if not body.strip("/"):
        return None
    parts = [None if name == "**" else _compile_part(name) for name in names]
    if "/" not in body:
        parts.insert(0, None)
    if parts[-1] is None:
        # `a/**` is all that is in `a`, not `a` itself.
        parts[-1:] = [_ANY_PART, None]
    return IgnorePattern(is_negated, folders_only, tuple(parts))


def _strip_spaces(line: str) -> str:
    """Cut spaces off the end, but for one after a backslash."""
    stripped = line.rstrip(" ")
    escapes = len(stripped) - len(stripped.rstrip("\\"))
    return f"{stripped} " if escapes % 2 and stripped != line else stripped


def _skip_any(parts: tuple[_Part, ...], reached: set[int]) -> set[int]:
    """Let every `**` that is reached match nothing."""
    skipped = set(reached)
    for index in range(len(parts)):
        if index in skipped and parts[index] is None:
            skipped.add(index + 1)
    return skipped


def _compile_part(name: str) -> re.Pattern[str]:
    """Turn one part of a pattern into a regular expression without costly backtracking.

    Each `*` takes as little as it can until the text after it fits, and gives nothing back: only
    the last one has a choice, and its text must end the name.
    """
    first, *rest = [_translate(text) for text in _split(re.sub(r"(?<!\\)\*+", "*", name), "*")]
    if not rest:
        return re.compile(rf"{first}\Z", re.DOTALL)
    middle = "".join(f"(?>.*?{text})" for text in rest[:-1])
    return re.compile(rf"{first}{middle}.*{rest[-1]}\Z", re.DOTALL)


def _split(text: str, separator: str) -> list[str]:
    """Split where the separator is neither escaped nor in brackets."""
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
    """Turn a text without stars into a regular expression."""
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
    """Turn the inside of brackets into a character class."""
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
