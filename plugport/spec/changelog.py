"""Extract the section of a version from a changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

# Names of files without extensions, in lower case, the most common first.
CHANGELOG_NAMES = ("changelog", "changes", "history", "releases", "release")

_FILE = re.compile(
    rf"(?:{'|'.join(CHANGELOG_NAMES)})(?:\.(?:md|markdown|rst|txt))?\Z", re.IGNORECASE
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t#]*\Z")
# The line below an underlined heading; CommonMark calls these setext headings.
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*\Z")
# Lines above a row of dashes that is a rule or part of a table, and not an underline.
_NO_TITLE = re.compile(r"\s*\Z|\t| {4}|\s*(?:[>|#]|[-*+][ \t]|\d{1,9}[.)][ \t])")
# The destination of a link to a comparison names the version before this one.
_LINK_DESTINATION = re.compile(r"\]\([^()\s]*\)|<https?://[^<>\s]*>|\bhttps?://\S+")
_VERSION = re.compile(
    r"(?<![\w.])v?((?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[\w.-]*\w)?(?:\+[\w.-]*\w)?)(?![\w+]|[.-]\w)",
    re.ASCII,
)
_LABEL = re.compile(r"\[([^\[\]\n]{1,100})\]")
_DEFINITION = re.compile(r" {0,3}\[([^\[\]]{1,100})\]:[ \t]*\S")
# A heading starts with a version if only a word such as "Version" or a package name is before it.
_MAX_PREFIX_WORDS = 1
_MAX_HEADING_CHARS = 500


class _Heading(Struct, frozen=True):
    """A heading in lines `start` to `stop` (exclusive); `version` is the first version in it."""

    start: int
    stop: int
    level: int
    version: str
    starts_with_version: bool


def is_changelog_path(path: str) -> bool:
    """Whether the path, relative to the root of the plugin, is that of a changelog."""
    return _FILE.match(path) is not None


def extract_section(changelog: str, version: str) -> str:
    """The section below the heading with the version; "" if there is none.

    The section ends at the next heading of the same or a higher level, or that starts with another
    version: some tools write patch releases as subsections. Headings are Markdown of both forms.
    Definitions of its links and footnotes follow it.
    A heading without build metadata is that of each build.
    """
    lines = changelog.splitlines()
    headings = list(_iter_headings(lines))
    for wanted in dict.fromkeys((version, version.partition("+")[0])):
        for number, heading in enumerate(headings):
            if heading.version == wanted:
                ends = (
                    each.start
                    for each in headings[number + 1 :]
                    if each.level <= heading.level or each.starts_with_version
                )
                return _join_section(lines, heading.stop, next(ends, len(lines)))
    return ""


def _join_section(lines: Sequence[str], start: int, stop: int) -> str:
    """The text of these lines, with the link definitions of the changelog that it needs.

    Definitions are usually at the end of the file: outside of the section, or in the last one.
    """
    while stop > start and (not lines[stop - 1].strip() or _DEFINITION.match(lines[stop - 1])):
        stop -= 1
    text = "\n".join(lines[start:stop]).strip()
    needed = {label.casefold() for label in _LABEL.findall(text)}
    definitions: dict[str, str] = {}
    for line in (*lines[:start], *lines[stop:]) if needed else ():
        definition = _DEFINITION.match(line)
        if definition and (label := definition[1].casefold()) in needed:
            definitions.setdefault(label, line.strip())
    return "\n\n".join(filter(None, (text, "\n".join(definitions.values()))))


def _iter_headings(lines: Sequence[str]) -> Iterator[_Heading]:
    fence = ""
    for number, line in enumerate(lines):
        if mark := _FENCE.match(line):
            # A fence ends at one of the same character that is at least as long.
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
            continue
        if fence or len(line) > _MAX_HEADING_CHARS:
            continue
        if hashes := _HASHES.match(line):
            yield _build_heading(number, number + 1, len(hashes[1]), hashes[2])
        elif (
            number
            and (underline := _UNDERLINE.match(line))
            and len(lines[number - 1]) <= _MAX_HEADING_CHARS
            and not _NO_TITLE.match(lines[number - 1])
        ):
            level = 1 if underline[1][0] == "=" else 2
            yield _build_heading(number - 1, number + 1, level, lines[number - 1])


def _build_heading(start: int, stop: int, level: int, text: str) -> _Heading:
    text = _LINK_DESTINATION.sub("]", text)
    match = _VERSION.search(text)
    if match is None:
        return _Heading(start, stop, level, "", starts_with_version=False)
    words = re.findall(r"\w+", text[: match.start()])
    return _Heading(start, stop, level, match[1], len(words) <= _MAX_PREFIX_WORDS)


def cut_text(text: str, max_chars: int) -> str:
    """At most that many characters, without a part of a line. A text that is cut ends with `…`."""
    if len(text) <= max_chars:
        return text
    head = text[: max_chars - 2]
    return f"{head.rpartition(chr(10))[0] or head}\n…"
