"""Compare the files of two releases."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from plugport.spec.diff.values import Change


class ListedFile(Struct, frozen=True):
    """An entry of the file list of a release."""

    path: str
    size_bytes: int
    sha256: str
    executable: bool = False

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> ListedFile:
        """Build it from an entry of the JSON field `files`."""
        return cls(entry["path"], entry["size"], entry["sha256"], bool(entry.get("executable")))


class FileChange(Struct, frozen=True):
    """A changed file. `before` is None for an added file, `after` for a removed one."""

    change: Change
    before: ListedFile | None
    after: ListedFile | None

    @property
    def path(self) -> str:
        """The current path; for a removed file, the previous one."""
        file = self.after or self.before
        assert file is not None
        return file.path


def compare_files(before: Iterable[ListedFile], after: Iterable[ListedFile]) -> list[FileChange]:
    """All files that differ in content, path or mode, sorted by path.

    A file with the same content and another path is a rename, unless it is empty: all empty files
    have the same content.
    """
    old_files = {file.path: file for file in before}
    new_files = {file.path: file for file in after}
    changes = [
        FileChange(Change.CHANGED, old_files[path], new_files[path])
        for path in old_files.keys() & new_files.keys()
        if old_files[path] != new_files[path]
    ]
    removed = {path: old_files[path] for path in sorted(old_files.keys() - new_files.keys())}
    added = {path: new_files[path] for path in sorted(new_files.keys() - old_files.keys())}
    renamed = _match_renames(removed, added)
    changes += [FileChange(Change.RENAMED, old, file) for old, file in renamed]
    for old, file in renamed:
        del removed[old.path], added[file.path]
    changes += [FileChange(Change.REMOVED, file, None) for file in removed.values()]
    changes += [FileChange(Change.ADDED, None, file) for file in added.values()]
    return sorted(changes, key=lambda change: change.path)


def _match_renames(
    removed: Mapping[str, ListedFile], added: Mapping[str, ListedFile]
) -> list[tuple[ListedFile, ListedFile]]:
    """Pairs of renamed files. Among copies, files that keep their name are matched first.

    Takes linear time, however many files are copies of each other.
    """
    non_empty = [file for file in added.values() if file.size_bytes]
    same_name = _match_by_key(
        removed.values(), non_empty, lambda file: (file.sha256, _get_name(file))
    )
    rest_before, rest_after = dict(removed), {file.path: file for file in non_empty}
    for old, file in same_name:
        del rest_before[old.path], rest_after[file.path]
    return same_name + _match_by_key(
        rest_before.values(), rest_after.values(), lambda file: file.sha256
    )


def _match_by_key(
    removed: Iterable[ListedFile],
    added: Iterable[ListedFile],
    get_key: Callable[[ListedFile], Hashable],
) -> list[tuple[ListedFile, ListedFile]]:
    """Pair files with the same key, in order."""
    candidates: defaultdict[Hashable, deque[ListedFile]] = defaultdict(deque)
    for file in removed:
        candidates[get_key(file)].append(file)
    return [(queue.popleft(), file) for file in added if (queue := candidates[get_key(file)])]


def _get_name(file: ListedFile) -> str:
    return file.path.rpartition("/")[2]
