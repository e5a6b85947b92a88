"""Changed lines: correct, shortest if possible, and bounded in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.diff.texts import MAX_EDITS, TextDiff, compare_texts, split_lines

_texts = st.lists(st.sampled_from("abcd"), max_size=12).map("\n".join)


def _count_common(before: list[str], after: list[str]) -> int:
    """The length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(after) + 1)
    for line in before:
        above = row[:]
        for index, other in enumerate(after):
            row[index + 1] = (
                above[index] + 1 if line == other else max(above[index + 1], row[index])
            )
    return row[-1]


def _show(diff: TextDiff) -> list[str]:
    return [f"{line.sign}{line.text}" for hunk in diff.hunks for line in hunk.lines]


@given(_texts, _texts)
def test_line_numbers_and_changes_are_correct(before, after):
    """Numbers lead to the exact lines; lines that are not shown did not change."""
    old, new = split_lines(before), split_lines(after)
    diff = compare_texts(before, after, max_lines=1_000)
    rows = [line for hunk in diff.hunks for line in hunk.lines]
    for line in rows:
        assert line.before is None or old[line.before - 1] == line.text
        assert line.after is None or new[line.after - 1] == line.text
    gone = {line.before for line in rows if line.sign == "-"}
    added = {line.after for line in rows if line.sign == "+"}
    unchanged_lines = [text for number, text in enumerate(old, 1) if number not in gone]
    assert unchanged_lines == [text for number, text in enumerate(new, 1) if number not in added]
    assert (len(gone), len(added)) == (diff.removed, diff.added)


@given(_texts, _texts)
def test_is_shortest(before, after):
    """As many lines stay as can."""
    old, new = split_lines(before), split_lines(after)
    diff = compare_texts(before, after, max_lines=1_000)
    assert len(old) - diff.removed == _count_common(old, new)


def test_hunks():
    """Three lines of context, near changes together, far ones apart."""
    before = [f"line {number}" for number in range(1, 41)]
    after = [*before]
    after[9] = "ten"
    after[12] = "thirteen"
    del after[34]
    diff = compare_texts("\n".join(before), "\n".join(after), max_lines=100)
    assert [hunk.title for hunk in diff.hunks] == ["@@ -7,10 +7,10 @@", "@@ -32,7 +32,6 @@"]
    assert _show(diff)[:6] == [" line 7", " line 8", " line 9", "-line 10", "+ten", " line 11"]
    assert (diff.added, diff.removed) == (2, 3)


def test_from_nothing_and_to_nothing():
    """New and removed files are all plus and all minus."""
    assert _show(compare_texts("", "a\nb", max_lines=10)) == ["+a", "+b"]
    assert compare_texts("", "a", max_lines=10).hunks[0].title == "@@ -0,0 +1,1 @@"
    assert _show(compare_texts("a\nb", "", max_lines=10)) == ["-a", "-b"]
    assert not compare_texts("a\n", "a", max_lines=10).hunks


def test_output_is_bounded():
    """What is not shown is still counted."""
    diff = compare_texts("", "x\n" * 500, max_lines=50)
    assert diff.is_cut
    assert len(_show(diff)) == 50
    assert diff.added == 500


def test_what_ends_a_line():
    """Numbers are those of editors; other line ends are a change."""
    assert _show(compare_texts("a\x0cb\u2028c\n", "a\x0cb\u2028c\r\n", max_lines=9)) == [
        "-a\x0cb\u2028c",
        "+a\x0cb\u2028c\r",
    ]


def test_texts_without_anything_in_common():
    """Past the edits that are looked for, one block replaces the other."""
    size = 20 * MAX_EDITS
    before = "\n".join(f"a{n}" for n in range(size))
    after = "\n".join(f"b{n}" for n in range(size))
    diff = compare_texts(f"start\n{before}\nend", f"start\n{after}\nend", max_lines=10)
    assert (diff.added, diff.removed) == (size, size)


def test_one_edit_in_a_long_text():
    """Length alone costs little."""
    lines = [str(number % 7) for number in range(100_000)]
    changed = [*lines[:50_000], "new", *lines[50_000:]]
    diff = compare_texts("\n".join(lines), "\n".join(changed), max_lines=100)
    assert (diff.added, diff.removed) == (1, 0)
