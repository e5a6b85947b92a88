"""Which files a release added, removed, changed or renamed."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plugport.spec.comparing.values import Change


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as a release lists it."""

    path: str
    size_bytes: int
    sha256: str
    executable: bool = False

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> ListedFile:
        """From an entry of a release's `files`."""
        return cls(entry["path"], entry["size"], entry["sha256"], bool(entry.get("executable")))


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file, as it was and as it is; None where there was or is none."""

    change: Change
    before: ListedFile | None
    after: ListedFile | None

    @property
    def path(self) -> str:
        """Where it is now, or where it was."""
        file = self.after or self.before
        assert file is not None
        return file.path


def compare_files(before: Iterable[ListedFile], after: Iterable[ListedFile]) -> list[FileChange]:
    """Every file that differs in content, place or mode, by path.

    A file of the same content under another path is renamed. Empty files are not, for all of them
    have the same content.
    """
    ours = {file.path: file for file in before}
    theirs = {file.path: file for file in after}
    changes = [
        FileChange(Change.CHANGED, ours[path], theirs[path])
        for path in ours.keys() & theirs.keys()
        if ours[path] != theirs[path]
    ]
    gone = {path: ours[path] for path in sorted(ours.keys() - theirs.keys())}
    new = {path: theirs[path] for path in sorted(theirs.keys() - ours.keys())}
    renamed = _pair(gone, new)
    changes += [FileChange(Change.RENAMED, old, file) for old, file in renamed]
    for old, file in renamed:
        del gone[old.path], new[file.path]
    changes += [FileChange(Change.REMOVED, file, None) for file in gone.values()]
    changes += [FileChange(Change.ADDED, None, file) for file in new.values()]
    return sorted(changes, key=lambda change: change.path)


def _pair(
    gone: Mapping[str, ListedFile], new: Mapping[str, ListedFile]
) -> list[tuple[ListedFile, ListedFile]]:
    """Files that moved, each once; of copies, those that kept their name first.

    Takes time that grows with the number of files, however many are copies of each other.
    """
    filled = [file for file in new.values() if file.size_bytes]
    same_name = _match(gone.values(), filled, lambda file: (file.sha256, _get_name(file)))
    left = (dict(gone), {file.path: file for file in filled})
    for old, file in same_name:
        del left[0][old.path], left[1][file.path]
    return same_name + _match(left[0].values(), left[1].values(), lambda file: file.sha256)


def _match(
    gone: Iterable[ListedFile],
    new: Iterable[ListedFile],
    make_key: Callable[[ListedFile], Hashable],
) -> list[tuple[ListedFile, ListedFile]]:
    """Files with the same key: the first with the first, the second with the second, and so on."""
    candidates: defaultdict[Hashable, deque[ListedFile]] = defaultdict(deque)
    for file in gone:
        candidates[make_key(file)].append(file)
    return [(found.popleft(), file) for file in new if (found := candidates[make_key(file)])]


def _get_name(file: ListedFile) -> str:
    return file.path.rpartition("/")[2]
