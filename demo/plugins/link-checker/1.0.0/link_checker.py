"""Finds links in the Markdown files of a folder that lead nowhere."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?!`).*?\1(?!`)")
_LINK = re.compile(r"\]\(\s*<?([^)<>\s]+)>?(?:\s+[\"'(][^)]*)?\)")
_DEFINITION = re.compile(r"\s{0,3}\[[^\]]+\]:\s*<?([^>\s]+)>?")
_HEADING = re.compile(r"#{1,6}\s+(.*?)(?:\s+#+)?\s*\Z")
_ANCHOR = re.compile(r"<a\s[^>]*?(?:id|name)=[\"']([^\"']+)[\"']")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that are not code."""
    fence = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence:
            yield number, _CODE.sub("", line)


def list_anchors(path: Path) -> set[str]:
    """What `#...` may name in a file."""
    seen: Counter[str] = Counter()
    anchors = set()
    # Code in headings counts for their anchor, so the lines are read as they are.
    for line in path.read_text(encoding="utf-8").splitlines():
        anchors.update(_ANCHOR.findall(line))
        if heading := _HEADING.match(line):
            name = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            anchors.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return anchors


def check_folder(root: Path) -> tuple[list[str], int]:
    """The faults of all files below a folder, and how many files were read."""
    files = sorted(path for path in root.rglob("*.md") if path.is_file())
    anchors = {path.resolve(): list_anchors(path) for path in files}
    faults = []
    for path in files:
        for number, line in read_lines(path):
            for link in _LINK.findall(line) + _DEFINITION.findall(line):
                if fault := find_fault(root, path, link, anchors):
                    faults.append(f"{path}:{number}: {fault}")
    return faults, len(files)


def find_fault(root: Path, path: Path, link: str, anchors: dict[Path, set[str]]) -> str | None:
    """What is wrong with a link, or None."""
    if _SCHEME.match(link) or link.startswith("//"):
        return None
    name, _, fragment = link.partition("#")
    name = unquote(name.partition("?")[0])
    start = root if name.startswith("/") else path.parent
    target = (start / name.lstrip("/")).resolve() if name else path.resolve()
    if not target.is_relative_to(root.resolve()):
        return f"`{link}` leads out of the folder"
    if not target.exists():
        return f"`{link}` is not there"
    if fragment and target in anchors and unquote(fragment).lower() not in anchors[target]:
        return f"`{link}` names no heading"
    return None


def main(arguments: list[str]) -> int:
    """`link_checker.py [FOLDER]`."""
    root = Path(arguments[0] if arguments else ".")
    try:
        faults, count = check_folder(root)
    except (OSError, UnicodeDecodeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for fault in faults:
        print(fault)
    print(f"{len(faults)} broken links in {count} files")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
