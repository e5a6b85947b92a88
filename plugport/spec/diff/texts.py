"""Compare two texts line by line, with bounded time and output.

Finds the shortest edit script (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986) up to
`MAX_EDITS` edits. Texts that differ more are shown as one block replaced by another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

CONTEXT_LINES = 3
# The search takes quadratic time in the number of edits: about 0.1 s for this many.
MAX_EDITS = 600


class Line(Struct, frozen=True):
    """A line with its line numbers in both texts. `sign` is `+`, `-` or a space."""

    sign: str
    text: str
    before: int | None
    after: int | None


class Hunk(Struct, frozen=True):
    """A group of changed lines with the unchanged lines around them."""

    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """The position in both texts, such as `@@ -1,4 +1,6 @@`."""
        before = [line.before for line in self.lines if line.before is not None]
        after = [line.after for line in self.lines if line.after is not None]
        return f"@@ -{_format_span(before)} +{_format_span(after)} @@"


class TextDiff(Struct, frozen=True):
    """The hunks. `added` and `removed` count all lines, including those that were cut."""

    hunks: tuple[Hunk, ...]
    added: int
    removed: int
    is_cut: bool


def compare_texts(before: str, after: str, *, max_lines: int) -> TextDiff:
    """The hunks from `before` to `after`, with at most `max_lines` lines in total."""
    rows = list(_iter_lines(split_lines(before), split_lines(after)))
    added = sum(1 for line in rows if line.sign == "+")
    removed = sum(1 for line in rows if line.sign == "-")
    hunks: list[Hunk] = []
    remaining = max_lines
    for lines in _iter_hunks(rows):
        if len(lines) > remaining:
            if remaining:
                hunks.append(Hunk(tuple(lines[:remaining])))
            return TextDiff(tuple(hunks), added, removed, is_cut=True)
        hunks.append(Hunk(tuple(lines)))
        remaining -= len(lines)
    return TextDiff(tuple(hunks), added, removed, is_cut=False)


def split_lines(text: str) -> list[str]:
    """The lines of a text. Only a line feed ends a line, like in editors."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _format_span(numbers: Sequence[int]) -> str:
    return f"{numbers[0]},{len(numbers)}" if numbers else "0,0"


def _iter_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """All lines of both texts; unchanged lines once."""
    old = new = 0
    for same_old, same_new in [*_match_lines(before, after), (len(before), len(after))]:
        for index in range(old, same_old):
            yield Line("-", before[index], index + 1, None)
        for index in range(new, same_new):
            yield Line("+", after[index], None, index + 1)
        if same_old < len(before) and same_new < len(after):
            yield Line(" ", before[same_old], same_old + 1, same_new + 1)
        old, new = same_old + 1, same_new + 1


def _match_lines(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of indexes of equal lines, ascending in both texts."""
    # Equal lines at both ends are not searched, so that a small change of a long text is fast.
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    head = [(index, index) for index in range(start)]
    middle = _compute_path(before[start : len(before) - end], after[start : len(after) - end])
    tail = [(len(before) - i, len(after) - i) for i in range(end, 0, -1)]
    return [*head, *((x + start, y + start) for x, y in middle), *tail]


def _compute_path(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The equal lines on a shortest edit path; none if it has more than `MAX_EDITS` edits."""
    if not before or not after:
        return []
    # `reach[k]` is the furthest index in `before` on diagonal k after `edits` edits.
    reach = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(min(MAX_EDITS, len(before) + len(after)) + 1):
        trail.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            goes_down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if goes_down else reach[k - 1] + 1
            while x < len(before) and 0 <= x - k < len(after) and before[x] == after[x - k]:
                x += 1
            reach[k] = x
            if x >= len(before) and x - k >= len(after):
                return _trace_path(trail, len(before), len(after))
    return []


def _trace_path(trail: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trail) - 1, -1, -1):
        reach, k = trail[edits], x - y
        goes_down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        from_k = k + 1 if goes_down else k - 1
        from_x = reach[from_k] if edits else 0
        from_y = from_x - from_k if edits else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    return pairs[::-1]


def _iter_hunks(rows: Sequence[Line]) -> Iterator[list[Line]]:
    """Changed lines with their context. Groups whose context touches are merged."""
    spans: list[list[int]] = []
    for index, line in enumerate(rows):
        if line.sign == " ":
            continue
        first, last = max(0, index - CONTEXT_LINES), min(len(rows), index + CONTEXT_LINES + 1)
        if spans and first <= spans[-1][1]:
            spans[-1][1] = last
        else:
            spans.append([first, last])
    for first, last in spans:
        yield list(rows[first:last])
