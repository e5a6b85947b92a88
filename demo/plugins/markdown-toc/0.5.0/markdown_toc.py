"""Writes the table of contents of Markdown files between `<!-- toc -->` and `<!-- /toc -->`."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

START, END = "<!-- toc -->", "<!-- /toc -->"
LEVELS = range(2, 5)

_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>.*?)(?:\s+#+)?\s*\Z")
_FENCE = re.compile(r"\s{0,3}(?P<fence>`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


def list_headings(lines: list[str]) -> list[tuple[int, str]]:
    """Level and text of each heading outside fenced code."""
    headings, fence = [], None
    for line in lines:
        mark = _FENCE.match(line)
        if mark and fence is None:
            fence = mark["fence"]
        elif mark and mark["fence"][0] == fence[0] and len(mark["fence"]) >= len(fence):
            fence = None
        elif fence is None and (heading := _HEADING.match(line)):
            headings.append((len(heading["marks"]), _LINK.sub(r"\1", heading["text"])))
    return headings


def make_anchor(text: str) -> str:
    """The anchor of a heading, without the number of a repetition."""
    kept = re.sub(r"[^\w\- ]", "", text.lower().replace("`", ""))
    return kept.replace(" ", "-")


def make_contents(headings: list[tuple[int, str]]) -> list[str]:
    """The lines of the table. Numbers of repetitions count headings of every level."""
    seen: Counter[str] = Counter()
    lines = []
    for level, text in headings:
        anchor = make_anchor(text)
        number = seen[anchor]
        seen[anchor] += 1
        if level in LEVELS:
            target = f"{anchor}-{number}" if number else anchor
            lines.append(f"{'  ' * (level - LEVELS.start)}- [{text}](#{target})")
    return lines


def refresh(text: str) -> str:
    """The text with a fresh table; unchanged if it has not both marks."""
    lines = text.split("\n")
    if START not in lines or END not in lines[lines.index(START) :]:
        return text
    start = lines.index(START)
    end = lines.index(END, start)
    contents = make_contents(list_headings(lines[end + 1 :]))
    return "\n".join([*lines[: start + 1], "", *contents, "", *lines[end:]])


def main(arguments: list[str]) -> int:
    """`markdown_toc.py [--check] FILE...`."""
    is_check = "--check" in arguments
    stale = 0
    for name in (argument for argument in arguments if argument != "--check"):
        path = Path(name)
        try:
            before = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return 2
        after = refresh(before)
        if after != before:
            stale += 1
            print(f"{name}: {'out of date' if is_check else 'written'}")
            if not is_check:
                path.write_text(after, encoding="utf-8")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
