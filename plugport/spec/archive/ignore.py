"""Which files of a folder belong into a package.

`.gitignore` and `.plugportignore` follow git's rules (gitignore(5)): each counts for its own
folder and below, the deepest file and in it the last matching line decide, and nothing comes
back below a folder that is left out. In one folder `.plugportignore` is read after `.gitignore`,
so `!dist/` there packs what git does not keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

from plugport.spec.archive.gitignore import IgnorePattern, parse_ignore_file

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
LEFT_OUT_BY_DEFAULT = b"node_modules/\n/*.tar.gz\n/*.tgz\n"

_ALWAYS = re.compile("|".join(map(translate, ALWAYS_LEFT_OUT)))


class IgnoreRules:
    """The rules that hold in one folder: its own and those of the folders above it."""

    def __init__(self, rules: tuple[tuple[str, list[IgnorePattern]], ...]) -> None:
        # Each with the folder it counts for, "" or ending in a slash; the deepest comes first.
        self._rules = rules

    @classmethod
    def make_default(cls) -> IgnoreRules:
        """Make the rules of `LEFT_OUT_BY_DEFAULT`, for the root of a tree."""
        return cls((("", parse_ignore_file(LEFT_OUT_BY_DEFAULT)),))

    def extend(self, folder: str, contents: Iterable[bytes]) -> IgnoreRules:
        """Add the ignore files of `folder` ("" or ending in `/`), in the order of `IGNORE_FILES`."""
        patterns = [pattern for content in contents for pattern in parse_ignore_file(content)]
        if not patterns:
            return self
        return IgnoreRules(((folder, patterns), *self._rules))

    def is_left_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path (relative to the root of the tree) is left out of the package."""
        if _ALWAYS.match(path.rpartition("/")[2]):
            return True
        for folder, patterns in self._rules:
            inner = path[len(folder) :]
            for pattern in reversed(patterns):
                if pattern.matches(inner, is_folder=is_folder):
                    return not pattern.is_negated
        return False
