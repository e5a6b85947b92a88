"""The grammar of Semantic Versioning 2.0.0 and the keys that put versions in order.

A key is `(major, minor, patch, 1)` for a release and `(major, minor, patch, 0, *identifiers)` for
a prerelease, where each identifier is two items: 0 and an int, or 1 and a str. So plain tuple
order is precedence (section 11 of the standard): numbers before texts, a prefix before what is
longer, a prerelease before its release. No items of different types ever meet.
"""

from __future__ import annotations

import re
from typing import Any

Key = tuple[Any, ...]

MAX_VERSION_CHARS = 256
# The largest integer that all JSON readers agree on (2**53 - 1), which is also npm's limit.
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


def read_identifiers(prerelease: str) -> Key:
    """Turn `beta.2` into the part of a key that follows the 0: `(1, "beta", 0, 2)`."""
    items: list[int | str] = []
    for identifier in prerelease.split("."):
        items += (0, int(identifier)) if identifier.isdigit() else (1, identifier)
    return tuple(items)


def write_key(key: Key) -> str:
    """Turn a key back into the text of its version, without build metadata."""
    text = f"{key[0]}.{key[1]}.{key[2]}"
    return text if key[3] else f"{text}-{'.'.join(map(str, key[5::2]))}"


def write_sort_key(key: Key) -> str:
    """Write a key as ASCII text whose codepoint order is the order of keys.

    Numbers carry their length in front, because a longer number is a larger one. `~` of a release
    sorts after `-`; a text identifier ends in `!`, which sorts before all of its characters.
    """
    numbers = "".join(f"{chr(96 + len(digits))}{digits}" for digits in map(str, key[:3]))
    if key[3]:
        return f"{numbers}~"
    return f"{numbers}-" + "".join(map(_write_identifier, key[5::2]))


def _write_identifier(identifier: int | str) -> str:
    if isinstance(identifier, str):
        return f":{identifier}!"
    digits = str(identifier)
    # Nine digits and more are rare, so one digit of length is the rule.
    return f"{len(digits)}{digits}" if len(digits) < 9 else f"9{len(digits):03}{digits}"
