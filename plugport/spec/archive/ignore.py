"""Ignore rules: which files of a folder to pack.

`.gitignore` and `.plugportignore` follow the rules of gitignore(5). An ignore file applies to its
folder and all folders below, so that in a git repository those of the folders above the plugin apply
too. The deepest file and its last matching line win, and files below an excluded folder cannot be
included again. In a folder, `.plugportignore` is applied after
`.gitignore`, so that `!dist/` packs a folder that git ignores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

from plugport.spec.archive.gitignore import IgnorePattern, parse_ignore_file

IGNORE_FILES = (".gitignore", ".plugportignore")

# Never packed, regardless of ignore files. Matched against the name of a file or folder.
ALWAYS_EXCLUDED = (
    ".git",
    ".hg",
    ".svn",
    ".plugport",
    # Left behind by `plugport pack` if it is killed.
    ".plugport-*.tmp",
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
# Excluded by default: dependencies, and packages created earlier. `.plugportignore` can override.
DEFAULT_EXCLUDES = b"node_modules/\n/*.tar.gz\n/*.tgz\n"

_ALWAYS = re.compile("|".join(map(translate, ALWAYS_EXCLUDED)))


class IgnoreRules:
    """The rules that apply in a folder: its own, and those of its parent folders.

    The tree can be a folder of a repository, whose parent folders have rules too. `base` is the path
    of the tree in the repository, "" or ending with a slash.
    """

    def __init__(
        self, rules: tuple[tuple[str, list[IgnorePattern]], ...] = (), base: str = ""
    ) -> None:
        # (folder, patterns), deepest folder first. The folder is "" or ends with a slash, and starts
        # at the root of the repository, like all paths inside this class.
        self._rules = rules
        self._base = base

    @classmethod
    def build_default(cls) -> IgnoreRules:
        """The rules of `DEFAULT_EXCLUDES`, for the root of a tree."""
        return cls().enter_tree("")

    def enter_tree(self, base: str) -> IgnoreRules:
        """The rules for the root of a tree, after those of the folders above it."""
        defaults = (base, parse_ignore_file(DEFAULT_EXCLUDES))
        return IgnoreRules((*self._rules, defaults), base)

    def extend(self, folder: str, contents: Iterable[bytes]) -> IgnoreRules:
        """Add the ignore files of `folder` ("" or ending with `/`), in the order of `IGNORE_FILES`."""
        patterns = [pattern for content in contents for pattern in parse_ignore_file(content)]
        if not patterns:
            return self
        return IgnoreRules(((self._base + folder, patterns), *self._rules), self._base)

    def is_excluded(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path, relative to the root of the tree, is excluded from the package."""
        name = path.rpartition("/")[2]
        return _ALWAYS.match(name) is not None or self.matches(path, is_folder=is_folder)

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """As `is_excluded`, by ignore files only, without the names that are never packed."""
        path = self._base + path
        for folder, patterns in self._rules:
            inner = path[len(folder) :]
            for pattern in reversed(patterns):
                if pattern.matches(inner, is_folder=is_folder):
                    return not pattern.is_negated
        return False
