"""The archive check: what a package carries that can be read safely but should not be there.

Whether the archive is safe at all was decided before: `read_package` refuses what is not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePosixPath

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import make_finding
from plugport.spec.text import show

# Folders and files that tools leave behind; each is reported once, by its own name.
_LEFTOVER_FOLDERS = frozenset({
    "node_modules", "__pycache__", ".git", ".hg", ".svn", ".venv", "venv", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".tox", ".idea", ".vscode", "__MACOSX", ".nyc_output",
    "coverage",
})  # fmt: skip
_LEFTOVER_FILES = re.compile(
    r"\.DS_Store|Thumbs\.db|desktop\.ini|\._.+|.+\.(?:pyc|pyo|swp|swo|orig|rej)|.+~"
    r"|npm-debug\.log.*|yarn-error\.log"
)
_NESTED = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".whl", ".jar", ".zst")
_BINARY = (".exe", ".dll", ".so", ".dylib", ".node", ".o", ".a", ".class", ".msi", ".deb", ".rpm")
# First bytes of programs: ELF, Mach-O (both byte orders, fat), Windows.
_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe", b"MZ\x90\x00")


class ArchiveCheck:
    """Looks at names and first bytes."""

    name = "archive"
    title = "Archive"

    def run(self, subject: Subject) -> list[Finding]:
        """Leftovers grouped by folder, then compiled files and nested archives one by one."""
        leftovers: dict[str, list[str]] = defaultdict(list)
        findings = []
        for file in subject.package.files:
            if where := find_leftover(file.path):
                leftovers[where].append(file.path)
            elif file.path.lower().endswith(_NESTED):
                message = f"{show(file.path)} is an archive inside the package"
                findings.append(make_finding("archive-nested", message, path=file.path))
            elif _is_binary(subject, file.path):
                message = f"{show(file.path)} is compiled code"
                findings.append(make_finding("archive-binary", message, path=file.path))
        return [_report(where, paths) for where, paths in leftovers.items()] + findings


def find_leftover(path: str) -> str | None:
    """Find the folder or file that a tool left behind and to which `path` belongs."""
    parts = PurePosixPath(path).parts
    for depth, part in enumerate(parts[:-1], 1):
        if part in _LEFTOVER_FOLDERS:
            return "/".join(parts[:depth])
    return path if _LEFTOVER_FILES.fullmatch(parts[-1]) else None


def _is_binary(subject: Subject, path: str) -> bool:
    if path.lower().endswith(_BINARY):
        return True
    with (subject.tree / path).open("rb") as stream:
        return stream.read(4).startswith(_MAGIC)


def _report(where: str, paths: list[str]) -> Finding:
    count = f" ({len(paths)} files)" if len(paths) > 1 else ""
    return make_finding(
        "archive-leftovers", f"{show(where)}{count} is a working file of a tool", path=where
    )
