"""Extract the section of a version from a changelog."""

from __future__ import annotations

import re

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$")


def extract_section(changelog: str, version: str) -> str:
    """The section below the heading with the version; "" if there is none."""
    version_pattern = re.compile(rf"(?<![\w.]){re.escape(version)}(?![\w+]|[.-]\w)")
    lines = changelog.splitlines()
    for start, line in enumerate(lines):
        heading = _HEADING.match(line)
        if heading and version_pattern.search(heading[2].replace("v", " ")):
            return "\n".join(_list_section_lines(lines[start + 1 :], len(heading[1]))).strip()
    return ""


def _list_section_lines(lines: list[str], depth: int) -> list[str]:
    """The lines before the next heading of the same or a higher level. Ignores code blocks."""
    is_code = False
    for count, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
        heading = None if is_code else _HEADING.match(line)
        if heading and len(heading[1]) <= depth:
            return lines[:count]
    return lines
