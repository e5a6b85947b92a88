"""Which files of a folder belong into a package.

`.gitignore` and `.plugportignore` follow git's rules (gitignore(5)): each counts for its own
folder and below, the deepest file and in it the last matching line decide, and nothing comes
back below a folder that is left out. In one folder `.plugportignore` is read after `.gitignore`,
so `!dist/` there packs what git does not keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pathspec import GitIgnoreSpec

from plugport.spec.archive.errors import PackError, make_path_error
from plugport.spec.text import show

IGNORE_FILES = (".gitignore", ".plugportignore")

# Never packed, whatever the ignore files say; matched against one part of a path.
ALWAYS_LEFT_OUT = (
    ".git",
    ".hg",
    ".svn",
    ".plugport",
    *IGNORE_FILES,
    ".venv",
    "__pycache__",
    "*.pyc",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".DS_Store",
    "._*",
    "Thumbs.db",
    "*.swp",
)
# Left out unless `.plugportignore` takes them back: dependencies, and packages made before.
LEFT_OUT_BY_DEFAULT = ("node_modules/", "/*.tar.gz", "/*.tgz")


@dataclass(frozen=True, slots=True)
class _FolderRules:
    folder: str
    spec: GitIgnoreSpec

    def decide(self, path: str) -> bool | None:
        """Whether a path below the folder is left out, or None where no line matches."""
        return self.spec.check_file(path[len(self.folder) :]).include


class IgnoreRules:
    """The rules that hold in one folder: its own and those of the folders above it."""

    def __init__(self, rules: tuple[_FolderRules, ...] = ()) -> None:
        self._rules = rules

    @classmethod
    def make_default(cls) -> IgnoreRules:
        """Rules of `LEFT_OUT_BY_DEFAULT`, for the root of a tree."""
        return cls((_FolderRules("", GitIgnoreSpec.from_lines(LEFT_OUT_BY_DEFAULT)),))

    def extend(self, folder: str, files: Iterable[tuple[str, bytes]]) -> IgnoreRules:
        """Add the ignore files (name and content) of `folder` ("" or ending in `/`).

        Raises `PackError` for a line that is no pattern.
        """
        patterns = [line for name, content in files for line in _read_lines(folder + name, content)]
        if not patterns:
            return self
        return IgnoreRules((*self._rules, _FolderRules(folder, GitIgnoreSpec.from_lines(patterns))))

    def is_left_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path (relative to the root of the tree) is left out of the package."""
        name = path.rpartition("/")[2]
        if any(fnmatchcase(name, pattern) for pattern in ALWAYS_LEFT_OUT):
            return True
        asked = f"{path}/" if is_folder else path
        for rules in reversed(self._rules):
            decision = rules.decide(asked)
            if decision is not None:
                return decision
        return False


def _read_lines(path: str, content: bytes) -> list[str]:
    lines = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            fault = f"line {number} is not an ignore pattern: {show(line)}"
            raise make_path_error(PackError, path, fault, found=show(line)[1:-1]) from None
    return lines
