"""Detect duplicate, colliding and conflicting paths in a package."""

from __future__ import annotations

from plugport.spec.archive.errors import (
    DuplicatePathError,
    PathCollisionError,
    PathConflictError,
    TooManyEntriesError,
    build_path_error,
)
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.path_folding import fold_path
from plugport.spec.text import quote_text


class PathIndex:
    """Collects the paths of a package. Folders count too, because each becomes an entry on disk."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self._limits = limits
        # Path by folded path. Most keys equal their path, so the two share one string object.
        self._spelling: dict[str | bytes, str] = {}
        self._folders: set[str] = set()
        # Folders that have their own member, not only those implied by the path of a file.
        self._listed: set[str] = set()
        self._paths_bytes = 0

    def add_file(self, path: str) -> None:
        """Add a file and its parent folders. Raises `PathError` or `TooManyEntriesError`."""
        self._add_parents(path)
        if not self._add_path(path, is_folder=False):
            raise build_path_error(DuplicatePathError, path, "occurs twice")

    def add_folder(self, path: str) -> None:
        """Add a folder that has its own member. Raises the errors of `add_file`."""
        self._add_parents(path)
        self._add_path(path, is_folder=True)
        if path in self._listed:
            raise build_path_error(DuplicatePathError, path, "occurs twice")
        self._listed.add(path)

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder, with its own member or as the parent of a file."""
        return path in self._folders

    def _add_parents(self, path: str) -> None:
        # A known parent was added together with all of its parents.
        end = path.rfind("/")
        if end < 0 or path[:end] in self._folders:
            return
        end = path.find("/")
        while end >= 0:
            self._add_path(path[:end], is_folder=True)
            end = path.find("/", end + 1)

    def _add_path(self, path: str, *, is_folder: bool) -> bool:
        """Whether the path is new. Raises `PathError` unless a known path is the same folder."""
        key = fold_path(path)
        known = self._spelling.get(key)
        if known is None:
            self._count(path)
            self._spelling[path if key == path else key] = path
            if is_folder:
                self._folders.add(path)
            return True
        if known != path:
            raise build_path_error(
                PathCollisionError,
                path,
                f"and {quote_text(known)} are the same file on some systems",
                hint="Rename one of them. Paths must differ in more than case and Unicode normalization.",
                found=quote_text(known)[1:-1],
            )
        if is_folder != (path in self._folders):
            raise build_path_error(PathConflictError, path, "is both a file and a folder")
        return False

    def _count(self, path: str) -> None:
        limits = self._limits
        self._paths_bytes += len(path.encode("utf-8"))
        if len(self._spelling) >= limits.entries:
            raise TooManyEntriesError(
                f"The package contains more than {limits.entries} files and folders",
                hint="Exclude files that the plugin does not need with `.plugportignore`, or bundle them.",
                context={"allowed": limits.entries},
            )
        if self._paths_bytes > limits.paths_bytes:
            raise TooManyEntriesError(
                f"The total length of all paths is more than {limits.paths_bytes} bytes",
                hint="Shorten the paths, or pack fewer files.",
                context={"allowed": limits.paths_bytes},
            )
