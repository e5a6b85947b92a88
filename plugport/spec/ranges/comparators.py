"""Comparators, and how `^`, `~`, `x` and missing numbers expand to them.

A comparator is an operator (`>=`, `>`, `<=`, `<`, or "" for equality) and the key of a version. A
version satisfies a *set* if it satisfies every comparator in it; the empty set matches everything.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from plugport.spec.ranges.errors import BoundError
from plugport.spec.versions.keys import (
    MAX_NUMBER,
    MAX_VERSION_CHARS,
    Key,
    format_key,
    parse_identifiers,
)

# These lengths are npm's. They bound parts that are parsed and ignored, such as the end of
# `1.x.x-beta`, and keep the patterns linear (CWE-1333).
_NUMBER = r"(?:0|[1-9][0-9]{0,256})"
_IDENTIFIER = rf"(?:[0-9]{{0,256}}+[A-Za-z-][0-9A-Za-z-]{{0,250}}|{_NUMBER})"
_PART = rf"({_NUMBER}|[xX*])"
# MAJOR[.MINOR[.PATCH[-PRERELEASE]]], where each number can be an x. Has four groups.
PARTIAL = rf"{_PART}(?:\.{_PART}(?:\.{_PART}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?)?)?"
_match_token = re.compile(rf"(\^|~>?|[<>]=?|=|)([v=]*+){PARTIAL}").fullmatch

ANY_NUMBER = frozenset({None, "x", "X", "*"})
_SPANS = frozenset({"^", "~", "~>"})

Triple = tuple[int, int, int]


class Comparator(NamedTuple):
    """An operator and the key to compare with."""

    operator: str
    key: Key

    def __str__(self) -> str:
        return self.operator + format_key(self.key)


ComparatorSet = tuple[Comparator, ...]

# No version is below the lowest prerelease of 0.0.0, so this matches nothing.
NOTHING = Comparator("<", (0, 0, 0, 0, 0, 0))
_ALL = (Comparator(">=", (0, 0, 0, 1)), Comparator(">=", (0, 0, 0, 0, 0, 0)))


def parse_token(token: str, wide: bool) -> ComparatorSet | None:
    """Parse a token such as `^1.2`, `>=1.0.0-rc.1` or `x`; None if it is not a comparator.

    `wide` includes all prereleases, which lowers some bounds to their `-0`. Raises `BoundError`.
    """
    match = _match_token(token)
    if match is None:
        return None
    operator, prefix, major, minor, patch, prerelease = match.groups()
    if operator in _SPANS:
        return _parse_span(operator, (major, minor, patch), prerelease, wide)
    if patch in ANY_NUMBER or minor in ANY_NUMBER or major in ANY_NUMBER:
        return _parse_partial(operator, (major, minor, patch), wide)
    # npm accepts repeated prefixes (`=v=1.x`) only in versions with an x.
    if prefix and prefix != "v":
        return None
    return _build_comparators(operator, build_key(major, minor, patch, prerelease), wide)


def build_key(major: str, minor: str, patch: str, prerelease: str | None) -> Key:
    """The key of a bound that is a complete version. Raises `BoundError`."""
    numbers = int(major), int(minor), int(patch)
    if prerelease is None:
        return _require_in_range((*numbers, 1))
    if len(prerelease) + sum(map(len, (major, minor, patch))) + 3 > MAX_VERSION_CHARS:
        raise BoundError(f"has a version with more than {MAX_VERSION_CHARS} characters")
    return _require_in_range((*numbers, 0, *parse_identifiers(prerelease)))


def _require_in_range(key: Key) -> Key:
    if key[0] > MAX_NUMBER or key[1] > MAX_NUMBER or key[2] > MAX_NUMBER:
        raise BoundError(f"has or results in a number above {MAX_NUMBER}")
    return key


def _build_comparators(operator: str, key: Key, wide: bool) -> ComparatorSet:
    comparator = Comparator("" if operator == "=" else operator, key)
    # A comparator that every version satisfies is left out, so that the canonical text is minimal.
    return () if comparator == _ALL[wide] else (comparator,)


def _build_lower_bound(low: Triple, wide: bool) -> ComparatorSet:
    """The comparator for versions from `low` on; with `wide`, from its prereleases on."""
    return _build_comparators(">=", _require_in_range((*low, 0, 0, 0) if wide else (*low, 1)), wide)


def _build_upper_bound(high: Triple) -> Comparator:
    """The comparator for versions below `high` and below its prereleases."""
    return Comparator("<", _require_in_range((*high, 0, 0, 0)))


def _parse_span(
    operator: str, parts: tuple[str, str | None, str | None], prerelease: str | None, wide: bool
) -> ComparatorSet:
    """Expand `^` (keeps the first number that is not 0) or `~` (keeps the minor version)."""
    major_text, minor_text, patch_text = parts
    if major_text in ANY_NUMBER:
        return ()
    major = int(major_text)
    if minor_text is None or minor_text in ANY_NUMBER:
        return (*_build_lower_bound((major, 0, 0), wide), _build_upper_bound((major + 1, 0, 0)))
    minor = int(minor_text)
    high = (major + 1, 0, 0) if operator == "^" and major else (major, minor + 1, 0)
    if patch_text is None or patch_text in ANY_NUMBER:
        return (*_build_lower_bound((major, minor, 0), wide), _build_upper_bound(high))
    low = build_key(major_text, minor_text, patch_text, prerelease)
    if operator == "^" and not major and not minor:
        high = (0, 0, low[2] + 1)
    return (*_build_comparators(">=", low, wide), _build_upper_bound(high))


def _parse_partial(
    operator: str, parts: tuple[str, str | None, str | None], wide: bool
) -> ComparatorSet | None:
    """Expand a version with an x or a missing number, such as `1.x` or `>1.2`."""
    major, minor, patch = parts
    # An x can only be followed by an x: `1.x.3` is invalid.
    if (major in ANY_NUMBER and minor not in ANY_NUMBER) or (
        minor in ANY_NUMBER and patch not in ANY_NUMBER
    ):
        return None
    if major in ANY_NUMBER:
        return (NOTHING,) if operator in {"<", ">"} else ()
    low, high = _get_bounds(int(major), minor)
    if operator in {"<", "<="}:
        return (_build_upper_bound(low if operator == "<" else high),)
    if operator in {">", ">="}:
        return _build_lower_bound(high if operator == ">" else low, wide)
    return (*_build_lower_bound(low, wide), _build_upper_bound(high))


def _get_bounds(major: int, minor: str | None) -> tuple[Triple, Triple]:
    """The lowest version that matches `1` or `1.2`, and the lowest one above all matches."""
    if minor is None or minor in ANY_NUMBER:
        return (major, 0, 0), (major + 1, 0, 0)
    return (major, int(minor), 0), (major, int(minor) + 1, 0)
