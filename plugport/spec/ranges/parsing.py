"""Parse range text into sets of comparators.

Well-formed text is parsed in one pass, token by token. If that fails, the text is normalized like
npm does (`> 1.2` to `>1.2`, `~> 1` to `~1`) and parsed again. Every pattern matches in linear time
(CWE-1333): repetitions are possessive, bounded, or cannot overlap.
"""

from __future__ import annotations

import re

from plugport.spec.ranges.comparators import (
    ANY_NUMBER,
    NOTHING,
    PARTIAL,
    Comparator,
    ComparatorSet,
    parse_token,
)
from plugport.spec.ranges.errors import BoundError, build_size_error, build_token_error

MAX_RANGE_CHARS = 8192
MAX_ALTERNATIVES = 256

# The white space of JavaScript, as npm's parser uses it; Python's `\s` differs.
_SPACES = re.compile("[ \t-\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_BUILD = re.compile(r"\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")
_BUILD_AT_END = re.compile(_BUILD.pattern + r"\Z")
_match_hyphen = re.compile(rf" ?([v= ]*+){PARTIAL} - ([v= ]*+){PARTIAL} ?").fullmatch

# An operator, a space to drop, and the start of a version. The last alternative consumes a run of
# `v` and `=` at once: retrying at each of its positions would take quadratic time.
_DIGITS = "[0-9]{1,256}+"
_LOOSE_TAIL = r"(?:-?[0-9A-Za-z-][0-9A-Za-z.-]*)?"
_GAP_AFTER_COMPARISON = re.compile(
    rf"( ?)([<>]?=?) ?([v= ]*+(?:{_DIGITS}\.{_DIGITS}\.{_DIGITS}{_LOOSE_TAIL}|{PARTIAL}))"
    r"|[v= ]++",
)
_GAP_AFTER_TILDE = re.compile(r"~>? ")
_STAR = re.compile(r"[<>]?=? ?\*")


def parse_sets(text: str, wide: bool) -> tuple[ComparatorSet, ...]:
    """The comparator sets of a range, one per alternative. Raises `InvalidRangeError`."""
    if len(text) > MAX_RANGE_CHARS:
        raise build_size_error("characters", len(text), MAX_RANGE_CHARS)
    parts = _SPACES.sub(" ", text).split("||")
    if len(parts) == 1:
        return (_parse_set(parts[0].strip(" "), wide),)
    if len(parts) > MAX_ALTERNATIVES:
        raise build_size_error("alternatives", len(parts), MAX_ALTERNATIVES)
    sets = [_parse_set(part.strip(" "), wide) for part in parts]
    possible = tuple(comparators for comparators in sets if comparators != (NOTHING,))
    if not possible:
        return (sets[0],)
    return ((),) if () in possible else possible


class _TokenError(Exception):
    """A token is not a comparator. Holds the token and, if known, the reason."""

    def __init__(self, token: str, why: str | None = None) -> None:
        super().__init__(token)
        self.token = token
        self.why = why


def _parse_set(text: str, wide: bool) -> ComparatorSet:
    """The distinct comparators of one alternative, in their order."""
    plain = _BUILD.sub("", text) if "+" in text else text
    if " - " in plain:
        plain = _rewrite_hyphen(plain, wide)
    try:
        comparators = _parse_tokens(plain, wide)
    except _TokenError:
        try:
            comparators = _parse_tokens(_close_gaps(plain), wide)
        except _TokenError as error:
            raise build_token_error(text, error.token, error.why) from None
    if len(comparators) < 2:
        return tuple(comparators)
    return (NOTHING,) if NOTHING in comparators else tuple(dict.fromkeys(comparators))


def _parse_tokens(text: str, wide: bool) -> list[Comparator]:
    """Parse tokens separated by single spaces. Raises `_TokenError`."""
    comparators: list[Comparator] = []
    for token in text.split(" "):
        if not token:
            continue
        try:
            parsed = parse_token(token, wide)
            if parsed is None and "*" in token:
                parsed = _parse_starred(token, wide)
        except BoundError as error:
            raise _TokenError(token, str(error)) from None
        if parsed is None:
            raise _TokenError(token)
        comparators += parsed
    return comparators


def _parse_starred(token: str, wide: bool) -> ComparatorSet | None:
    """Parse `1.2.3*`: like npm, drop one stray star if a complete version remains."""
    rest = _BUILD_AT_END.sub("", _STAR.sub("", token, count=1))
    numbers = rest.lstrip("<>=v").partition("-")[0].split(".")
    is_whole = len(numbers) == 3 and ANY_NUMBER.isdisjoint(numbers)
    return parse_token(rest, wide) if is_whole and rest[0] not in "~^" else None


def _close_gaps(text: str) -> str:
    """Remove the space between an operator and its version."""
    text = _GAP_AFTER_COMPARISON.sub(
        lambda match: match[0] if match[3] is None else f"{match[1]}{match[2]}{match[3]}", text
    )
    return _GAP_AFTER_TILDE.sub("~", text).replace("^ ", "^")


def _rewrite_hyphen(text: str, wide: bool) -> str:
    """Rewrite the hyphen range `1.2 - 2` as `>=1.2.0 <3.0.0-0`; other text stays unchanged."""
    match = _match_hyphen(text)
    if match is None:
        return text
    lowest = "-0" if wide else ""
    prefix, major, minor, patch, prerelease = match.groups()[:5]
    if major in ANY_NUMBER:
        low = ""
    elif minor in ANY_NUMBER:
        low = f">={major}.0.0{lowest}"
    elif patch in ANY_NUMBER:
        low = f">={major}.{minor}.0{lowest}"
    else:
        low = f">={prefix}{major}.{minor}.{patch}{'-' + prerelease if prerelease else lowest}"
    return f"{low} {_format_upper_bound(*match.groups()[5:], wide=wide)}".strip(" ")


def _format_upper_bound(
    prefix: str,
    major: str,
    minor: str | None,
    patch: str | None,
    prerelease: str | None,
    *,
    wide: bool,
) -> str:
    """The right side of a hyphen range. A missing number matches every value of that number."""
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
