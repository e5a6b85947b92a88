"""The range as a value."""

from __future__ import annotations

from typing import NoReturn, Self

from plugport.spec.ranges.comparators import ComparatorSet
from plugport.spec.ranges.errors import make_size_error
from plugport.spec.ranges.matching import holds
from plugport.spec.ranges.overlap import overlap
from plugport.spec.ranges.reading import MAX_RANGE_CHARS, read_sets
from plugport.spec.versions.model import Version

# `1 ` grows ninefold when written out, and nothing grows more: shorter texts need no check.
_UNCHECKED_CHARS = MAX_RANGE_CHARS // 10


class Range:
    """A range of versions: immutable, hashable, equal where the canonical text is.

    `text` is what was written, `include_prerelease` whether all prereleases count, `sets` the
    alternatives.
    """

    __slots__ = ("_canonical", "_widened", "include_prerelease", "sets", "text")

    text: str
    include_prerelease: bool
    sets: tuple[ComparatorSet, ...]
    _canonical: str | None
    _widened: Range | None

    def __init__(self, text: str, *, include_prerelease: bool = False) -> None:
        _set_sets(self, read_sets(text, include_prerelease))
        _set_text(self, text)
        _set_include_prerelease(self, include_prerelease)
        _set_canonical(self, None)
        _set_widened(self, None)
        if len(text) > _UNCHECKED_CHARS and len(self.canonical) > MAX_RANGE_CHARS:
            raise make_size_error("characters written out", len(self.canonical), MAX_RANGE_CHARS)

    @classmethod
    def parse(cls, text: str, *, include_prerelease: bool = False) -> Self:
        """Read a range. Raises `InvalidRangeError`."""
        return cls(text, include_prerelease=include_prerelease)

    @property
    def canonical(self) -> str:
        """The range written with nothing but `>=`, `>`, `<=`, `<`, versions, spaces and `||`.

        Reading it again, with the same `include_prerelease`, gives an equal range.
        """
        canonical = self._canonical
        if canonical is None:
            canonical = "||".join(" ".join(map(str, found)) for found in self.sets) or "*"
            _set_canonical(self, canonical)
        return canonical

    @property
    def widened(self) -> Range:
        """The same text read so that all prereleases count."""
        if self.include_prerelease:
            return self
        widened = self._widened
        if widened is None:
            widened = Range(self.text, include_prerelease=True)
            _set_widened(self, widened)
        return widened

    def contains(self, version: Version, include_prerelease: bool = False) -> bool:
        """Whether a version is in the range."""
        wide = self.include_prerelease
        if include_prerelease and not wide:
            return self.widened.contains(version)
        key = version.key
        return any(holds(found, key, wide) for found in self.sets)

    def intersects(self, other: Range) -> bool:
        """Whether some version may be in both ranges; the same in both directions.

        Prereleases count for both if they count for one of them.
        """
        wide = self.include_prerelease or other.include_prerelease
        ones, others = (self.widened, other.widened) if wide else (self, other)
        return any(overlap(a, b, wide) for a in ones.sets for b in others.sets)

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
        raise AttributeError(f"a range cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a range cannot be changed ({name})")

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.text, self.include_prerelease)


def _restore(text: str, include_prerelease: bool) -> Range:
    return Range(text, include_prerelease=include_prerelease)


# The slots themselves write past `__setattr__`; half the cost of `object.__setattr__`.
_set_sets = Range.__dict__["sets"].__set__
_set_text = Range.__dict__["text"].__set__
_set_include_prerelease = Range.__dict__["include_prerelease"].__set__
_set_canonical = Range.__dict__["_canonical"].__set__
_set_widened = Range.__dict__["_widened"].__set__
