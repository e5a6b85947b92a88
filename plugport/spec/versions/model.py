"""The version value object."""

from __future__ import annotations

from typing import NoReturn, Self

from plugport.spec.versions.diagnostics import build_invalid_version_error
from plugport.spec.versions.keys import (
    MAX_NUMBER,
    MAX_VERSION_CHARS,
    Key,
    build_sort_key,
    match_version,
    parse_identifiers,
)


class Version:
    """An immutable, hashable version, ordered by precedence.

    Comparison ignores build metadata, so `1.0.0+a == 1.0.0+b` (section 10 of the standard).
    Raises `InvalidVersionError` for a text that is not a version.
    """

    __slots__ = ("_text", "key")

    key: Key  # the sort key, see `plugport.spec.versions.keys`
    _text: str

    def __init__(self, text: str) -> None:
        match = match_version(text) if len(text) <= MAX_VERSION_CHARS else None
        if match is None:
            raise build_invalid_version_error(text)
        major_text, minor_text, patch_text, prerelease = match.groups()
        major, minor, patch = int(major_text), int(minor_text), int(patch_text)
        if major > MAX_NUMBER or minor > MAX_NUMBER or patch > MAX_NUMBER:
            raise build_invalid_version_error(text)
        if prerelease is None:
            _set_key(self, (major, minor, patch, 1))
        else:
            _set_key(self, (major, minor, patch, 0, *parse_identifiers(prerelease)))
        _set_text(self, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a version. Raises `InvalidVersionError`."""
        return cls(text)

    @property
    def major(self) -> int:
        """The first number; changes for incompatible releases."""
        return int(self.key[0])

    @property
    def minor(self) -> int:
        """The second number; changes for compatible features."""
        return int(self.key[1])

    @property
    def patch(self) -> int:
        """The third number; changes for bug fixes."""
        return int(self.key[2])

    @property
    def is_prerelease(self) -> bool:
        """Whether the version has a prerelease part, such as `-beta.2`."""
        return not self.key[3]

    @property
    def prerelease(self) -> tuple[int | str, ...]:
        """The identifiers after `-`: numbers as int, others as str."""
        return self.key[5::2]

    @property
    def build(self) -> tuple[str, ...]:
        """The identifiers after `+`."""
        _, plus, build = self._text.partition("+")
        return tuple(build.split(".")) if plus else ()

    @property
    def precedence_text(self) -> str:
        """The version without build metadata; equal versions have equal text."""
        return self._text.partition("+")[0]

    @property
    def sort_key(self) -> str:
        """ASCII text whose code point order is precedence, at most `MAX_SORT_KEY_CHARS` long.

        For a database column with a code point collation ("C" in PostgreSQL).
        """
        return build_sort_key(self.key)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Version({self._text!r})"

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.key < other.key if isinstance(other, Version) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.key <= other.key if isinstance(other, Version) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.key > other.key if isinstance(other, Version) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.key >= other.key if isinstance(other, Version) else NotImplemented

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"versions are immutable: cannot set `{name}`")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"versions are immutable: cannot set `{name}`")

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._text,)


# The slot descriptors bypass `__setattr__` at half the cost of `object.__setattr__`. Parsing is hot:
# the resolver and version lists create thousands of versions.
_set_key = Version.__dict__["key"].__set__
_set_text = Version.__dict__["_text"].__set__
