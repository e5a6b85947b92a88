"""The archive check: files that are safe to unpack but do not belong in a package.

Unsafe archives never get here: `load_package` refuses them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePosixPath

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import build_finding
from plugport.spec.text import quote_text

# Working files of tools. Each folder is reported once.
_LEFTOVER_FOLDERS = frozenset({
    "node_modules", "__pycache__", ".git", ".hg", ".svn", ".venv", "venv", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".tox", ".idea", ".vscode", "__MACOSX", ".nyc_output",
    "coverage",
})  # fmt: skip
_LEFTOVER_FILES = re.compile(
    r"\.DS_Store|Thumbs\.db|desktop\.ini|\._.+|.+\.(?:pyc|pyo|swp|swo|orig|rej)|.+~"
    r"|npm-debug\.log.*|yarn-error\.log"
)
_ARCHIVE_SUFFIXES = (
    ".zip",
    ".tar",
    ".tgz",
    ".gz",
    ".bz2",
    ".xz",
    ".7z",
    ".rar",
    ".whl",
    ".jar",
    ".zst",
)
_BINARY_SUFFIXES = (
    ".exe",
    ".dll",
    ".so",
    ".dylib",
    ".node",
    ".o",
    ".a",
    ".class",
    ".msi",
    ".deb",
    ".rpm",
)
# Magic numbers of programs: ELF, Mach-O (both byte orders, universal), Windows.
_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe", b"MZ\x90\x00")


class ArchiveCheck:
    """Checks file names and magic numbers."""

    name = "archive"
    title = "Archive"

    def run(self, subject: Subject) -> list[Finding]:
        """Findings for leftover files by folder, then for each compiled file and nested archive."""
        leftovers: dict[str, list[str]] = defaultdict(list)
        findings = []
        for file in subject.package.files:
            if leftover := find_leftover(file.path):
                leftovers[leftover].append(file.path)
            elif file.path.lower().endswith(_ARCHIVE_SUFFIXES):
                message = f"{quote_text(file.path)} is an archive in the package"
                findings.append(build_finding("archive-nested", message, path=file.path))
            elif _is_binary(subject, file.path):
                message = f"{quote_text(file.path)} is compiled code"
                findings.append(build_finding("archive-binary", message, path=file.path))
        return [
            _build_leftover_finding(leftover, paths) for leftover, paths in leftovers.items()
        ] + findings


def find_leftover(path: str) -> str | None:
    """The leftover folder or file that `path` belongs to, or None."""
    parts = PurePosixPath(path).parts
    for depth, part in enumerate(parts[:-1], 1):
        if part in _LEFTOVER_FOLDERS:
            return "/".join(parts[:depth])
    return path if _LEFTOVER_FILES.fullmatch(parts[-1]) else None


def _is_binary(subject: Subject, path: str) -> bool:
    if path.lower().endswith(_BINARY_SUFFIXES):
        return True
    with (subject.tree / path).open("rb") as stream:
        return stream.read(4).startswith(_MAGIC)


def _build_leftover_finding(leftover: str, paths: list[str]) -> Finding:
    count = f" ({len(paths)} files)" if len(paths) > 1 else ""
    return build_finding(
        "archive-leftovers",
        f"{quote_text(leftover)}{count} is a working file of a tool",
        path=leftover,
    )
