"""The grammar of Semantic Versioning 2.0.0, and keys that order versions by precedence.

A key is `(major, minor, patch, 1)` for a release and `(major, minor, patch, 0, *identifiers)` for
a prerelease. Each identifier takes two items: 0 and an int, or 1 and a str. Tuple order is then
the precedence of section 11 of the standard: numbers before text, a prefix before a longer list, a
prerelease before its release. Comparing keys never compares an int with a str.
"""

from __future__ import annotations

import re
from typing import Any

Key = tuple[Any, ...]

MAX_VERSION_CHARS = 256
# 2**53 - 1: the largest integer that every JSON parser reads exactly (RFC 8259, section 6), and
# the limit of npm.
MAX_NUMBER = 9_007_199_254_740_991
MAX_SORT_KEY_CHARS = 400

IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
PRERELEASE = rf"{IDENTIFIER}(?:\.{IDENTIFIER})*"
_NUMBER = r"(0|[1-9][0-9]{0,15})"

match_version = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(?:-({PRERELEASE}))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
).fullmatch
match_prerelease = re.compile(PRERELEASE).fullmatch


def parse_identifiers(prerelease: str) -> Key:
    """The items of a key for a prerelease: `beta.2` gives `(1, "beta", 0, 2)`."""
    items: list[int | str] = []
    for identifier in prerelease.split("."):
        items += (0, int(identifier)) if identifier.isdigit() else (1, identifier)
    return tuple(items)


def format_key(key: Key) -> str:
    """The text of the version that a key belongs to, without build metadata."""
    text = f"{key[0]}.{key[1]}.{key[2]}"
    return text if key[3] else f"{text}-{'.'.join(map(str, key[5::2]))}"


def build_sort_key(key: Key) -> str:
    """Encode a key as ASCII text whose code point order is the order of keys.

    Each number is prefixed with its length, because a longer number is larger. A release ends in
    `~`, which sorts after the `-` of a prerelease. A text identifier ends in `!`, which sorts
    before every character that it may contain.
    """
    numbers = "".join(f"{chr(96 + len(digits))}{digits}" for digits in map(str, key[:3]))
    if key[3]:
        return f"{numbers}~"
    return f"{numbers}-" + "".join(map(_format_identifier, key[5::2]))


def _format_identifier(identifier: int | str) -> str:
    if isinstance(identifier, str):
        return f":{identifier}!"
    digits = str(identifier)
    # One digit of length keeps keys short; identifiers of nine digits or more are rare.
    return f"{len(digits)}{digits}" if len(digits) < 9 else f"9{len(digits):03}{digits}"
