"""Names of plugins: `name` or `@scope/name`.

Each part is 1 to 64 of `a-z 0-9 - .`, starts and ends with a letter or digit and has neither
`--` nor `..`. Two names *collide* when a reader could take one for the other: then only the first
of them may exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Self

from plugport.spec.errors import InvalidError
from plugport.spec.text import show

MAX_PART_CHARS = 64
MAX_NAME_CHARS = 2 * MAX_PART_CHARS + 2
MAX_COLLISION_KEY_CHARS = 2 * MAX_PART_CHARS + 1

_PART = re.compile(r"(?!.*(?:--|\.\.))[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?\Z")
_FOLD = str.maketrans({"0": "o", "1": "l", "i": "l", "-": None, ".": None, "_": None})
_HINT = (
    "A name is `name` or `@scope/name`; each part has 1 to 64 of a-z, 0-9, `-` and `.`, "
    "starts and ends with a letter or digit, and has no `--` or `..`."
)


class InvalidNameError(InvalidError):
    """A text cannot be the name of a plugin or a scope."""

    code, title = "invalid-name", "Invalid name"


class ReservedNameError(InvalidError):
    """A name is well formed but kept back."""

    code, title = "reserved-name", "Reserved name"


def _check_part(part: str) -> None:
    if len(part) > MAX_PART_CHARS or not _PART.match(part):
        raise InvalidNameError(f"{show(part)} cannot be part of a plugin's name", hint=_HINT)


def _fold(part: str) -> str:
    return part.lower().translate(_FOLD).replace("rn", "m").replace("w", "vv").replace("vv", "w")


@total_ordering
@dataclass(frozen=True, slots=True)
class PluginName:
    """The name of a plugin; `scope` is None for an unscoped one. Unscoped names sort first."""

    scope: str | None
    name: str

    def __post_init__(self) -> None:
        if self.scope is not None:
            _check_part(self.scope)
        _check_part(self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name`, `@scope/name` or `scope/name`. Raises `InvalidNameError`."""
        scope, slash, name = text.rpartition("/")
        if not slash:
            return cls(None, name)
        return cls(scope.removeprefix("@"), name)

    @property
    def collision_key(self) -> str:
        """The same text for all names a reader could take for this one."""
        name = _fold(self.name)
        return name if self.scope is None else f"{_fold(self.scope)}/{name}"

    def __str__(self) -> str:
        return self.name if self.scope is None else f"@{self.scope}/{self.name}"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, PluginName):
            return NotImplemented
        return (self.scope or "", self.name) < (other.scope or "", other.name)


def parse_scope(text: str) -> str:
    """Read `scope` or `@scope` and return it without the `@`. Raises `InvalidNameError`."""
    scope = text.removeprefix("@")
    _check_part(scope)
    return scope


RESERVED_NAMES: frozenset[str] = frozenset(
    """
    about account accounts admin api app apps assets auth badge badges blog categories category
    dashboard docs download downloads explore favicon.ico featured feed feeds health healthz help
    home invitations login logout manage me media metrics moderation new npm node notifications
    oauth official organisations organizations pip plugin plugins plugport popular privacy
    publish python readme readyz recent register registry releases reports reviews robots.txt
    root scope scopes search security settings signin signup sitemap.xml sso static stats status
    support system tags team teams terms test tokens tools trending user users v1 v2 versions
    webhooks well-known www
    """.split(),
)
_RESERVED_KEYS = frozenset(_fold(name) for name in RESERVED_NAMES)


def check_reserved(name: PluginName) -> None:
    """Refuse reserved unscoped names and scopes. Raises `ReservedNameError`."""
    part = name.name if name.scope is None else name.scope
    if _fold(part) in _RESERVED_KEYS:
        raise ReservedNameError(f"the name `{part}` is reserved")
