"""The lines that changed between two texts, in bounded time and with bounded output.

The shortest list of edits is looked for (Myers, "An O(ND) difference algorithm", 1986) as long as
it has few edits. Texts that have less in common are shown as one block replaced by another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONTEXT_LINES = 3
# The search takes time by the square of the edits: about a tenth of a second for so many.
MAX_EDITS = 600


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its numbers in the two texts; `sign` is `+`, `-` or a blank."""

    sign: str
    text: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines that lie together, with some unchanged ones around them."""

    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """Where it is, as `@@ -1,4 +1,6 @@`."""
        before = [line.before for line in self.lines if line.before is not None]
        after = [line.after for line in self.lines if line.after is not None]
        return f"@@ -{_span(before)} +{_span(after)} @@"


@dataclass(frozen=True, slots=True)
class TextDiff:
    """The changed parts; `added` and `removed` count all lines, shown or not."""

    hunks: tuple[Hunk, ...]
    added: int
    removed: int
    is_cut: bool


def compare_texts(before: str, after: str, *, max_lines: int) -> TextDiff:
    """The hunks from `before` to `after`, at most `max_lines` lines of them."""
    rows = list(_make_rows(split_lines(before), split_lines(after)))
    added = sum(1 for line in rows if line.sign == "+")
    removed = sum(1 for line in rows if line.sign == "-")
    hunks: list[Hunk] = []
    left = max_lines
    for lines in _cut_hunks(rows):
        if len(lines) > left:
            if left:
                hunks.append(Hunk(tuple(lines[:left])))
            return TextDiff(tuple(hunks), added, removed, is_cut=True)
        hunks.append(Hunk(tuple(lines)))
        left -= len(lines)
    return TextDiff(tuple(hunks), added, removed, is_cut=False)


def split_lines(text: str) -> list[str]:
    """The lines of a file as editors count them: only a line feed ends one."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _span(numbers: Sequence[int]) -> str:
    return f"{numbers[0]},{len(numbers)}" if numbers else "0,0"


def _make_rows(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Every line of both, unchanged ones once."""
    old = new = 0
    for kept_old, kept_new in [*_match_lines(before, after), (len(before), len(after))]:
        for index in range(old, kept_old):
            yield Line("-", before[index], index + 1, None)
        for index in range(new, kept_new):
            yield Line("+", after[index], None, index + 1)
        if kept_old < len(before) and kept_new < len(after):
            yield Line(" ", before[kept_old], kept_old + 1, kept_new + 1)
        old, new = kept_old + 1, kept_new + 1


def _match_lines(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of places with the same line, ascending in both."""
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    head = [(index, index) for index in range(start)]
    middle = _find_path(before[start : len(before) - end], after[start : len(after) - end])
    tail = [(len(before) - i, len(after) - i) for i in range(end, 0, -1)]
    return [*head, *((x + start, y + start) for x, y in middle), *tail]


def _find_path(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The matching places on a shortest way from `before` to `after`; none if it is too long."""
    if not before or not after:
        return []
    # `reach[k]` is how far into `before` one gets on the diagonal k with so many edits.
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
                return _walk_back(trail, len(before), len(after))
    return []


def _walk_back(trail: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
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


def _cut_hunks(rows: Sequence[Line]) -> Iterator[list[Line]]:
    """The changed lines with their surroundings; those that would touch come together."""
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
