"""Single comparators, and how `^`, `~`, `x` and missing numbers turn into them.

A comparator is an operator (`>=`, `>`, `<=`, `<`, or "" for equality) and the key of a version.
A *set* of comparators has to hold as a whole; the empty set holds for every version.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from plugport.spec.versions.keys import (
    MAX_NUMBER,
    MAX_VERSION_CHARS,
    Key,
    read_identifiers,
    write_key,
)

# The lengths bound what is read and ignored, such as the end of `1.x.x-beta`; they are npm's.
_NUMBER = r"(?:0|[1-9][0-9]{0,256})"
_IDENTIFIER = rf"(?:[0-9]{{0,256}}+[A-Za-z-][0-9A-Za-z-]{{0,250}}|{_NUMBER})"
_PART = rf"({_NUMBER}|[xX*])"
# MAJOR[.MINOR[.PATCH[-PRERELEASE]]], where a number may be an x: four groups.
PARTIAL = rf"{_PART}(?:\.{_PART}(?:\.{_PART}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?)?)?"
_match_token = re.compile(rf"(\^|~>?|[<>]=?|=|)([v=]*+){PARTIAL}").fullmatch

ANY_NUMBER = frozenset({None, "x", "X", "*"})
_SPANS = frozenset({"^", "~", "~>"})

Triple = tuple[int, int, int]


class Comparator(NamedTuple):
    """One comparison: an operator and the key it compares with."""

    operator: str
    key: Key

    def __str__(self) -> str:
        return self.operator + write_key(self.key)


ComparatorSet = tuple[Comparator, ...]

# Nothing is below the lowest prerelease of 0.0.0, so this holds for no version.
NOTHING = Comparator("<", (0, 0, 0, 0, 0, 0))
_ALL = (Comparator(">=", (0, 0, 0, 1)), Comparator(">=", (0, 0, 0, 0, 0, 0)))


class BoundError(Exception):
    """A bound is not a version, for the reason given as text."""


def read_token(token: str, wide: bool) -> ComparatorSet | None:
    """Read one token such as `^1.2`, `>=1.0.0-rc.1` or `x`; None for what is not a comparator.

    `wide` means that all prereleases are included, which lowers some bounds to their `-0`.
    Raises `BoundError`.
    """
    found = _match_token(token)
    if found is None:
        return None
    operator, prefix, major, minor, patch, prerelease = found.groups()
    if operator in _SPANS:
        return _read_span(operator, (major, minor, patch), prerelease, wide)
    if patch in ANY_NUMBER or minor in ANY_NUMBER or major in ANY_NUMBER:
        return _read_partial(operator, (major, minor, patch), wide)
    # `=v=1.x` is taken where there is an x, and nowhere else.
    if prefix and prefix != "v":
        return None
    return _compare(operator, make_key(major, minor, patch, prerelease), wide)


def make_key(major: str, minor: str, patch: str, prerelease: str | None) -> Key:
    """Make the key of a bound that is a whole version. Raises `BoundError`."""
    numbers = int(major), int(minor), int(patch)
    if prerelease is None:
        return _check((*numbers, 1))
    if len(prerelease) + sum(map(len, (major, minor, patch))) + 3 > MAX_VERSION_CHARS:
        raise BoundError(f"has a version of more than {MAX_VERSION_CHARS} characters")
    return _check((*numbers, 0, *read_identifiers(prerelease)))


def _check(key: Key) -> Key:
    if key[0] > MAX_NUMBER or key[1] > MAX_NUMBER or key[2] > MAX_NUMBER:
        raise BoundError(f"has or leads to a number above {MAX_NUMBER}")
    return key


def _compare(operator: str, key: Key, wide: bool) -> ComparatorSet:
    comparator = Comparator("" if operator == "=" else operator, key)
    # What every version satisfies says nothing, and is left out of the canonical text.
    return () if comparator == _ALL[wide] else (comparator,)


def _at_least(low: Triple, wide: bool) -> ComparatorSet:
    """Make the comparator for everything from x.y.0 on; when `wide`, from its prereleases on."""
    return _compare(">=", _check((*low, 0, 0, 0) if wide else (*low, 1)), wide)


def _below(high: Triple) -> Comparator:
    """Make the comparator for everything below a version and below its prereleases."""
    return Comparator("<", _check((*high, 0, 0, 0)))


def _read_span(
    operator: str, parts: tuple[str, str | None, str | None], prerelease: str | None, wide: bool
) -> ComparatorSet:
    """Read `^`, which keeps the first number that is not 0, or `~`, which keeps the minor one."""
    major_text, minor_text, patch_text = parts
    if major_text in ANY_NUMBER:
        return ()
    major = int(major_text)
    if minor_text is None or minor_text in ANY_NUMBER:
        return (*_at_least((major, 0, 0), wide), _below((major + 1, 0, 0)))
    minor = int(minor_text)
    high = (major + 1, 0, 0) if operator == "^" and major else (major, minor + 1, 0)
    if patch_text is None or patch_text in ANY_NUMBER:
        return (*_at_least((major, minor, 0), wide), _below(high))
    low = make_key(major_text, minor_text, patch_text, prerelease)
    if operator == "^" and not major and not minor:
        high = (0, 0, low[2] + 1)
    return (*_compare(">=", low, wide), _below(high))


def _read_partial(
    operator: str, parts: tuple[str, str | None, str | None], wide: bool
) -> ComparatorSet | None:
    """Read a version with an x or a missing number: all versions that fit it, or beside those."""
    major, minor, patch = parts
    # After an x only an x may come: `1.x.3` is refused.
    if (major in ANY_NUMBER and minor not in ANY_NUMBER) or (
        minor in ANY_NUMBER and patch not in ANY_NUMBER
    ):
        return None
    if major in ANY_NUMBER:
        return (NOTHING,) if operator in {"<", ">"} else ()
    low, high = _find_ends(int(major), minor)
    if operator in {"<", "<="}:
        return (_below(low if operator == "<" else high),)
    if operator in {">", ">="}:
        return _at_least(high if operator == ">" else low, wide)
    return (*_at_least(low, wide), _below(high))


def _find_ends(major: int, minor: str | None) -> tuple[Triple, Triple]:
    """Find the first version that fits `1` or `1.2`, and the first after those that do."""
    if minor is None or minor in ANY_NUMBER:
        return (major, 0, 0), (major + 1, 0, 0)
    return (major, int(minor), 0), (major, int(minor) + 1, 0)
