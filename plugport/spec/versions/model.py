"""The version as a value."""

from __future__ import annotations

from typing import Literal, NoReturn, Self

from plugport.spec.versions.faults import make_error
from plugport.spec.versions.keys import (
    MAX_NUMBER,
    MAX_VERSION_CHARS,
    Key,
    match_version,
    read_identifiers,
    write_sort_key,
)


class Version:
    """A version: immutable, hashable, ordered by precedence.

    Build metadata has no part in comparison, so `1.0.0+a == 1.0.0+b`, as the standard rules.
    """

    __slots__ = ("_text", "key")

    key: Key  # what versions are ordered by, see `plugport.spec.versions.keys`
    _text: str

    def __init__(self, text: str) -> None:
        found = match_version(text) if len(text) <= MAX_VERSION_CHARS else None
        if found is None:
            raise make_error(text)
        major_text, minor_text, patch_text, prerelease = found.groups()
        major, minor, patch = int(major_text), int(minor_text), int(patch_text)
        if major > MAX_NUMBER or minor > MAX_NUMBER or patch > MAX_NUMBER:
            raise make_error(text)
        if prerelease is None:
            _set_key(self, (major, minor, patch, 1))
        else:
            _set_key(self, (major, minor, patch, 0, *read_identifiers(prerelease)))
        _set_text(self, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version. Raises `InvalidVersionError`."""
        return cls(text)

    @property
    def major(self) -> int:
        """The first number."""
        return int(self.key[0])

    @property
    def minor(self) -> int:
        """The second number."""
        return int(self.key[1])

    @property
    def patch(self) -> int:
        """The third number."""
        return int(self.key[2])

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release of its three numbers."""
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
        """The version without build metadata: the same for versions that are equal."""
        return self._text.partition("+")[0]

    @property
    def sort_key(self) -> str:
        """ASCII text whose codepoint order is precedence, at most `MAX_SORT_KEY_CHARS` long.

        For a database column, which needs a codepoint collation ("C" in PostgreSQL).
        """
        return write_sort_key(self.key)

    def increment(
        self, part: str, identifier: str | None = None, first: Literal[0, 1] | None = 0
    ) -> Version:
        """Return the next version; see `plugport.spec.versions.increment`."""
        from plugport.spec.versions.increment import increment

        return increment(self, part, identifier, first)

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
        raise AttributeError(f"a version cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a version cannot be changed ({name})")

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._text,)


# The slots themselves write past `__setattr__`; half the cost of `object.__setattr__`.
_set_key = Version.__dict__["key"].__set__
_set_text = Version.__dict__["_text"].__set__
