"""The version as a value."""

from __future__ import annotations

import re
from typing import Any, NoReturn, Self

from plugport.spec.text import show
from plugport.spec.versions.errors import InvalidVersionError

MAX_VERSION_CHARS = 256
# The largest integer that JSON readers agree on (2**53 - 1), which is also npm's limit.
MAX_NUMBER = 9_007_199_254_740_991
MAX_SORT_KEY_CHARS = 400

_NUMBER = r"(0|[1-9][0-9]{0,15})"
_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?\Z",
).match

Key = tuple[Any, ...]
_HINT = "A version is MAJOR.MINOR.PATCH with an optional `-prerelease` and `+build`, as in `1.4.0-beta.2`."


def read_prerelease_key(prerelease: str) -> Key:
    """The identifiers flattened so that plain tuple order is precedence: 0 and a number, or 1 and a text."""
    key: list[int | str] = []
    for part in prerelease.split("."):
        key += (0, int(part)) if part.isdigit() else (1, part)
    return tuple(key)


class Version:
    """A version: immutable, hashable, ordered by precedence.

    Build metadata has no part in comparison, so `1.0.0+a == 1.0.0+b`, as the standard rules.
    """

    __slots__ = ("_key", "_text")

    # (major, minor, patch, 1) or (major, minor, patch, 0, *prerelease): tuple order is precedence.
    _key: Key
    _text: str

    def __init__(self, text: str) -> None:
        found = _VERSION(text) if len(text) <= MAX_VERSION_CHARS else None
        if found is None:
            raise InvalidVersionError(f"{show(text)} is not a version", hint=_HINT)
        major, minor, patch, prerelease, _ = found.groups()
        numbers = (int(major), int(minor), int(patch))
        if max(numbers) > MAX_NUMBER:
            raise InvalidVersionError(f"{show(text)} has a number above {MAX_NUMBER}", hint=_HINT)
        tail = (1,) if prerelease is None else (0, *read_prerelease_key(prerelease))
        object.__setattr__(self, "_key", numbers + tail)
        object.__setattr__(self, "_text", text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version. Raises `InvalidVersionError`."""
        return cls(text)

    @property
    def major(self) -> int:
        """The first number."""
        return int(self._key[0])

    @property
    def minor(self) -> int:
        """The second number."""
        return int(self._key[1])

    @property
    def patch(self) -> int:
        """The third number."""
        return int(self._key[2])

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release of its three numbers."""
        return not self._key[3]

    @property
    def prerelease(self) -> tuple[int | str, ...]:
        """The identifiers after `-`: numbers as int, others as str."""
        return self._key[5::2]

    @property
    def build(self) -> tuple[str, ...]:
        """The identifiers after `+`."""
        _, plus, build = self._text.partition("+")
        return tuple(build.split(".")) if plus else ()

    @property
    def precedence_text(self) -> str:
        """The version without build metadata: equal for versions that are equal."""
        return self._text.partition("+")[0]

    @property
    def sort_key(self) -> str:
        """ASCII text whose codepoint order is precedence, at most `MAX_SORT_KEY_CHARS` long.

        For a database column; there it needs a codepoint collation ("C" in PostgreSQL).
        """
        numbers = "".join(f"{chr(96 + len(n))}{n}" for n in map(str, self._key[:3]))
        if self._key[3]:
            return f"{numbers}~"
        return f"{numbers}-" + "".join(map(_write_identifier, self.prerelease))

    def increment(self, part: str, identifier: str | None = None, base: int | None = 0) -> Version:
        """The next version; see `plugport.spec.versions.increment`."""
        from plugport.spec.versions.increment import increment

        return increment(self, part, identifier, base)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Version({self._text!r})"

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._key < other._key if isinstance(other, Version) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._key <= other._key if isinstance(other, Version) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._key > other._key if isinstance(other, Version) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._key >= other._key if isinstance(other, Version) else NotImplemented

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a version cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a version cannot be changed ({name})")

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._text,)


def _write_identifier(identifier: int | str) -> str:
    if isinstance(identifier, str):
        return f":{identifier}!"
    digits = str(identifier)
    # Longer numbers are larger numbers; few have nine digits, so one digit of length is the rule.
    return f"{len(digits)}{digits}" if len(digits) < 9 else f"9{len(digits):03}{digits}"


def find_version(text: str) -> Version | None:
    """The version in what people write for one, as in tags: spaces around it, a leading `v` or `=`."""
    if len(text) > MAX_VERSION_CHARS:
        return None
    try:
        return Version(text.strip().removeprefix("=").strip().removeprefix("v").strip())
    except InvalidVersionError:
        return None
