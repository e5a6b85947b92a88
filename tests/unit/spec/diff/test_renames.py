"""Files that moved: which ones are paired, and that it takes no longer for copies than for others."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.diff.files import ListedFile, compare_files
from plugport.spec.diff.values import Change
from tests.support.examples import try_examples

READS_A_FILE = 50
# Enough that comparing each file with each other one would exceed the limit many times.
FILES = ArchiveLimits().entries // 10


class CountedFile(ListedFile, frozen=True):
    """A file that counts how often anything of any of them is read, and stops at a limit."""

    left: ClassVar[list[int]] = [0]

    def __getattribute__(self, name: str) -> object:
        left = CountedFile.left
        left[0] -= 1
        assert left[0] >= 0, "far more is read than there are files"
        return object.__getattribute__(self, name)

    # Those of a struct read its members without `__getattribute__`.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, CountedFile) and self._list_members() == other._list_members()

    def __hash__(self) -> int:
        return hash(self._list_members())

    def _list_members(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__)


def test_copies_take_no_longer_than_others():
    """All files are alike, every one under a new name."""
    before = [CountedFile(f"old/{n:05}", 1, "same") for n in range(FILES)]
    after = [CountedFile(f"new/{n + 7:05}x", 1, "same") for n in range(FILES)]
    CountedFile.left[0] = READS_A_FILE * 2 * FILES
    changes = compare_files(before, after)
    assert len(changes) == FILES
    assert {change.change for change in changes} == {Change.RENAMED}


def test_copies_that_swapped_folders_take_no_longer():
    """Every one kept its name, and the last is looked for first."""
    before = [CountedFile(f"{n:05}/{n:05}", 1, "same") for n in range(FILES)]
    after = [CountedFile(f"x{FILES - n:05}/{n:05}", 1, "same") for n in range(FILES)]
    CountedFile.left[0] = READS_A_FILE * 2 * FILES
    changes = compare_files(before, after)
    assert all(_get_name(each.before) == _get_name(each.after) for each in changes)


_paths = st.builds("{}/{}".format, st.sampled_from("abcd"), st.sampled_from("xyz"))
_trees = st.dictionaries(_paths, st.sampled_from("012"), max_size=12)


@try_examples(300)
@given(_trees, _trees)
def test_pairs_are_stable_and_prefer_equal_names(before, after):
    """In the order of their paths: first files with the same name, then the others."""
    changes = compare_files(_list_files(before), _list_files(after))
    renames = {
        (each.before.path, each.after.path) for each in changes if each.change is Change.RENAMED
    }
    assert renames == _pair_by_hand(before, after)


def _pair_by_hand(before, after):
    gone = [path for path in sorted(before) if path not in after]
    new = [path for path in sorted(after) if path not in before and after[path] != "0"]
    pairs = set()
    for needs_name in (True, False):
        for path in list(new):
            for old in gone:
                is_named = old.rpartition("/")[2] == path.rpartition("/")[2]
                if before[old] == after[path] and (is_named or not needs_name):
                    pairs.add((old, path))
                    gone.remove(old)
                    new.remove(path)
                    break
    return pairs


def _list_files(tree):
    """Files with that content; `0` is empty."""
    return [ListedFile(path, int(content), content) for path, content in tree.items()]


def _get_name(file):
    return file.path.rpartition("/")[2]
