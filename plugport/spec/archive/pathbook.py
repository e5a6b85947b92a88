"""The names seen so far in one package, and the clashes between them."""

from __future__ import annotations

import hashlib
import unicodedata

from plugport.spec.archive.errors import (
    DuplicatePathError,
    PathCollisionError,
    PathConflictError,
    TooManyEntriesError,
    make_path_error,
)
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.text import show


def fold_path(path: str) -> str | bytes:
    """Return the same value for names that a case-insensitive or normalising file system takes for one.

    NFKC and case folding, without the formatting characters that such systems ignore (Unicode
    Standard Annex 31, identifier profiles). A digest stands for names that are not ASCII, as
    folding can make them many times longer.
    """
    if path.isascii():
        return path.lower()
    visible = "".join(char for char in path if unicodedata.category(char) != "Cf")
    folded = unicodedata.normalize("NFKC", visible).casefold()
    # Folding case can undo the normal form, so it is restored.
    final = unicodedata.normalize("NFKC", folded)
    if final.isascii():
        return final
    return hashlib.blake2b(final.encode("utf-8"), digest_size=16).digest()


class PathBook:
    """Takes every path once. Files and folders both count, as each becomes an entry on a disk."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self._limits = limits
        # By folded path. Most keys are the path itself, so the two share one string.
        self._spelling: dict[str | bytes, str] = {}
        self._folders: set[str] = set()
        # Folders with a member of their own, as opposed to those that a file's path implies.
        self._listed: set[str] = set()
        self._paths_bytes = 0

    def add_file(self, path: str) -> None:
        """Note a file and the folders above it. Raises `PathError` or `TooManyEntriesError`."""
        self._add_parents(path)
        if not self._claim(path, is_folder=False):
            raise make_path_error(DuplicatePathError, path, "is there twice")

    def add_folder(self, path: str) -> None:
        """Note a folder that is listed by itself. Raises as `add_file` does."""
        self._add_parents(path)
        self._claim(path, is_folder=True)
        if path in self._listed:
            raise make_path_error(DuplicatePathError, path, "is there twice")
        self._listed.add(path)

    def is_folder(self, path: str) -> bool:
        """Whether the path was seen as a folder, listed or above a file."""
        return path in self._folders

    def _add_parents(self, path: str) -> None:
        # A known parent was added with all of its own parents.
        end = path.rfind("/")
        if end < 0 or path[:end] in self._folders:
            return
        end = path.find("/")
        while end >= 0:
            self._claim(path[:end], is_folder=True)
            end = path.find("/", end + 1)

    def _claim(self, path: str, *, is_folder: bool) -> bool:
        """Whether the name is new; what was seen before must be the same folder, spelt alike."""
        key = fold_path(path)
        known = self._spelling.get(key)
        if known is None:
            self._count(path)
            self._spelling[path if key == path else key] = path
            if is_folder:
                self._folders.add(path)
            return True
        if known != path:
            raise make_path_error(
                PathCollisionError,
                path,
                f"and {show(known)} are one name on some systems",
                hint="Rename one of them; case and Unicode form do not tell names apart.",
                found=show(known)[1:-1],
            )
        if is_folder != (path in self._folders):
            raise make_path_error(PathConflictError, path, "is both a file and a folder")
        return False

    def _count(self, path: str) -> None:
        limits = self._limits
        self._paths_bytes += len(path.encode("utf-8"))
        if len(self._spelling) >= limits.entries:
            raise TooManyEntriesError(
                f"The package holds more than {limits.entries} files and folders",
                hint="Leave out what the plugin does not need (`.plugportignore`), or bundle it.",
                context={"allowed": limits.entries},
            )
        if self._paths_bytes > limits.paths_bytes:
            raise TooManyEntriesError(
                f"The paths in the package have more than {limits.paths_bytes} bytes together",
                hint="Shorten the paths or pack fewer files.",
                context={"allowed": limits.paths_bytes},
            )
