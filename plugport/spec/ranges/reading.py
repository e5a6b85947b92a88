"""From the text of a range to its sets of comparators.

Text that is written cleanly is read in one pass, token by token. Only where that fails is it
rewritten as npm rewrites it (`> 1.2` to `>1.2`, `~> 1` to `~1`) and read again. Every pattern
here is linear: what can repeat is possessive, bounded or free of overlap.
"""

from __future__ import annotations

import re

from plugport.spec.ranges.comparators import (
    ANY_NUMBER,
    NOTHING,
    PARTIAL,
    BoundError,
    Comparator,
    ComparatorSet,
    read_token,
)
from plugport.spec.ranges.errors import make_size_error, make_token_error

MAX_RANGE_CHARS = 8192
MAX_ALTERNATIVES = 256

# What JavaScript takes for white space; Python's `\s` differs.
_SPACES = re.compile("[ \t-\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_BUILD = re.compile(r"\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")
_BUILD_AT_END = re.compile(_BUILD.pattern + r"\Z")
_match_hyphen = re.compile(rf" ?([v= ]*+){PARTIAL} - ([v= ]*+){PARTIAL} ?").fullmatch

# An operator, one space to drop, and the start of a version. The last alternative steps over a run
# of `v` and `=` that leads nowhere in one go: trying each of its positions would be quadratic.
_DIGITS = "[0-9]{1,256}+"
_LOOSE_TAIL = r"(?:-?[0-9A-Za-z-][0-9A-Za-z.-]*)?"
_GAP_AFTER_COMPARISON = re.compile(
    rf"( ?)([<>]?=?) ?([v= ]*+(?:{_DIGITS}\.{_DIGITS}\.{_DIGITS}{_LOOSE_TAIL}|{PARTIAL}))"
    r"|[v= ]++",
)
_GAP_AFTER_TILDE = re.compile(r"~>? ")
_STAR = re.compile(r"[<>]?=? ?\*")


def read_sets(text: str, wide: bool) -> tuple[ComparatorSet, ...]:
    """Read a range: one set for each alternative. Raises `InvalidRangeError`."""
    if len(text) > MAX_RANGE_CHARS:
        raise make_size_error("characters", len(text), MAX_RANGE_CHARS)
    parts = _SPACES.sub(" ", text).split("||")
    if len(parts) == 1:
        return (_read_set(parts[0].strip(" "), wide),)
    if len(parts) > MAX_ALTERNATIVES:
        raise make_size_error("alternatives", len(parts), MAX_ALTERNATIVES)
    sets = [_read_set(part.strip(" "), wide) for part in parts]
    possible = tuple(found for found in sets if found != (NOTHING,))
    if not possible:
        return (sets[0],)
    return ((),) if () in possible else possible


class _TokenError(Exception):
    """A token is not a comparator: the token, and why where that is known."""

    def __init__(self, token: str, why: str | None = None) -> None:
        super().__init__(token)
        self.token = token
        self.why = why


def _read_set(text: str, wide: bool) -> ComparatorSet:
    """Read the comparators of one alternative, each once, in their order."""
    plain = _BUILD.sub("", text) if "+" in text else text
    if " - " in plain:
        plain = _rewrite_hyphen(plain, wide)
    try:
        found = _read_tokens(plain, wide)
    except _TokenError:
        try:
            found = _read_tokens(_close_gaps(plain), wide)
        except _TokenError as error:
            raise make_token_error(text, error.token, error.why) from None
    if len(found) < 2:
        return tuple(found)
    return (NOTHING,) if NOTHING in found else tuple(dict.fromkeys(found))


def _read_tokens(text: str, wide: bool) -> list[Comparator]:
    """Read the tokens between single spaces. Raises `_TokenError`."""
    comparators: list[Comparator] = []
    for token in text.split(" "):
        if not token:
            continue
        try:
            found = read_token(token, wide)
            if found is None and "*" in token:
                found = _read_starred(token, wide)
        except BoundError as error:
            raise _TokenError(token, str(error)) from None
        if found is None:
            raise _TokenError(token)
        comparators += found
    return comparators


def _read_starred(token: str, wide: bool) -> ComparatorSet | None:
    """Read `1.2.3*`: a star that no rule explains is dropped, once, if a whole version is left."""
    rest = _BUILD_AT_END.sub("", _STAR.sub("", token, count=1))
    numbers = rest.lstrip("<>=v").partition("-")[0].split(".")
    is_whole = len(numbers) == 3 and ANY_NUMBER.isdisjoint(numbers)
    return read_token(rest, wide) if is_whole and rest[0] not in "~^" else None


def _close_gaps(text: str) -> str:
    """Drop the space between an operator and its version."""
    text = _GAP_AFTER_COMPARISON.sub(
        lambda found: found[0] if found[3] is None else f"{found[1]}{found[2]}{found[3]}", text
    )
    return _GAP_AFTER_TILDE.sub("~", text).replace("^ ", "^")


def _rewrite_hyphen(text: str, wide: bool) -> str:
    """Write `1.2 - 2` as `>=1.2.0 <3.0.0-0`; what is not a span of two versions stays."""
    found = _match_hyphen(text)
    if found is None:
        return text
    lowest = "-0" if wide else ""
    prefix, major, minor, patch, prerelease = found.groups()[:5]
    if major in ANY_NUMBER:
        low = ""
    elif minor in ANY_NUMBER:
        low = f">={major}.0.0{lowest}"
    elif patch in ANY_NUMBER:
        low = f">={major}.{minor}.0{lowest}"
    else:
        low = f">={prefix}{major}.{minor}.{patch}{'-' + prerelease if prerelease else lowest}"
    return f"{low} {_write_upper_end(*found.groups()[5:], wide=wide)}".strip(" ")


def _write_upper_end(
    prefix: str,
    major: str,
    minor: str | None,
    patch: str | None,
    prerelease: str | None,
    *,
    wide: bool,
) -> str:
    """Write the right side of a hyphen: a missing number lets all of that number in."""
    if major in ANY_NUMBER:
        return ""
    if minor is None or minor in ANY_NUMBER:
        return f"<{int(major) + 1}.0.0-0"
    if patch is None or patch in ANY_NUMBER:
        return f"<{major}.{int(minor) + 1}.0-0"
    if prerelease:
        return f"<={major}.{minor}.{patch}-{prerelease}"
    if wide:
        return f"<{major}.{minor}.{int(patch) + 1}-0"
    return f"<={prefix}{major}.{minor}.{patch}"
