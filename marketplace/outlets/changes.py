"""Finding what a changelog says of one version."""

from __future__ import annotations

import re

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t#]*$")


def find_section(changelog: str, version: str) -> str:
    """What stands under the heading that names the version, "" if there is none."""
    names_it = re.compile(rf"(?<![\w.]){re.escape(version)}(?![\w+]|[.-]\w)")
    lines = changelog.splitlines()
    for start, line in enumerate(lines):
        heading = _HEADING.match(line)
        if heading and names_it.search(heading[2].replace("v", " ")):
            return "\n".join(_take_section(lines[start + 1 :], len(heading[1]))).strip()
    return ""


def _take_section(lines: list[str], depth: int) -> list[str]:
    """The lines up to the next heading that is no deeper. Code may hold what looks like one."""
    is_code = False
    for count, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
        heading = None if is_code else _HEADING.match(line)
        if heading and len(heading[1]) <= depth:
            return lines[:count]
    return lines
