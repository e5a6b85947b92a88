"""The version range value object."""

from __future__ import annotations

from typing import NoReturn, Self

from plugport.spec.ranges.comparators import ComparatorSet
from plugport.spec.ranges.errors import build_size_error
from plugport.spec.ranges.matching import satisfies
from plugport.spec.ranges.overlap import has_overlap
from plugport.spec.ranges.parsing import MAX_RANGE_CHARS, parse_sets
from plugport.spec.versions.model import Version

# The canonical text is at most nine times as long as the input (`1 `), so that the expanded size
# of shorter input needs no check.
_UNCHECKED_CHARS = MAX_RANGE_CHARS // 10


class Range:
    """An immutable, hashable version range. Ranges with equal canonical text are equal.

    `text` is the input, `include_prerelease` whether all prereleases can match, `sets` the
    alternatives. Raises `InvalidRangeError` for an invalid text.
    """

    __slots__ = ("_canonical", "_widened", "include_prerelease", "sets", "text")

    text: str
    include_prerelease: bool
    sets: tuple[ComparatorSet, ...]
    _canonical: str | None
    _widened: Range | None

    def __init__(self, text: str, *, include_prerelease: bool = False) -> None:
        _set_sets(self, parse_sets(text, include_prerelease))
        _set_text(self, text)
        _set_include_prerelease(self, include_prerelease)
        _set_canonical(self, None)
        _set_widened(self, None)
        if len(text) > _UNCHECKED_CHARS and len(self.canonical) > MAX_RANGE_CHARS:
            raise build_size_error(
                "characters in canonical form", len(self.canonical), MAX_RANGE_CHARS
            )

    @classmethod
    def parse(cls, text: str, *, include_prerelease: bool = False) -> Self:
        """Parse a range. Raises `InvalidRangeError`."""
        return cls(text, include_prerelease=include_prerelease)

    @property
    def canonical(self) -> str:
        """The range with only `>=`, `>`, `<=`, `<`, versions, spaces and `||`.

        Parsing it with the same `include_prerelease` returns an equal range.
        """
        canonical = self._canonical
        if canonical is None:
            canonical = (
                "||".join(" ".join(map(str, comparators)) for comparators in self.sets) or "*"
            )
            _set_canonical(self, canonical)
        return canonical

    @property
    def widened(self) -> Range:
        """The same range with `include_prerelease` set."""
        if self.include_prerelease:
            return self
        widened = self._widened
        if widened is None:
            widened = Range(self.text, include_prerelease=True)
            _set_widened(self, widened)
        return widened

    def contains(self, version: Version, include_prerelease: bool = False) -> bool:
        """Whether a version matches the range."""
        wide = self.include_prerelease
        if include_prerelease and not wide:
            return self.widened.contains(version)
        key = version.key
        return any(satisfies(comparators, key, wide) for comparators in self.sets)

    def intersects(self, other: Range) -> bool:
        """Whether a version can match both ranges. Symmetric.

        If one of the ranges includes all prereleases, so does the other.
        """
        wide = self.include_prerelease or other.include_prerelease
        ones, others = (self.widened, other.widened) if wide else (self, other)
        return any(has_overlap(a, b, wide) for a in ones.sets for b in others.sets)

    def __contains__(self, version: Version) -> bool:
        return self.contains(version)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Range({self.text!r}, include_prerelease={self.include_prerelease})"

    def __hash__(self) -> int:
        return hash((self.sets, self.include_prerelease))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Range):
            return NotImplemented
        return (self.sets, self.include_prerelease) == (other.sets, other.include_prerelease)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"ranges are immutable: cannot set `{name}`")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"ranges are immutable: cannot set `{name}`")

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.text, self.include_prerelease)


def _restore(text: str, include_prerelease: bool) -> Range:
    return Range(text, include_prerelease=include_prerelease)


# The slot descriptors bypass `__setattr__` at half the cost of `object.__setattr__`.
_set_sets = Range.__dict__["sets"].__set__
_set_text = Range.__dict__["text"].__set__
_set_include_prerelease = Range.__dict__["include_prerelease"].__set__
_set_canonical = Range.__dict__["_canonical"].__set__
_set_widened = Range.__dict__["_widened"].__set__
