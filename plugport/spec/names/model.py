"""The name of a plugin as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from plugport.spec.names.confusables import fold_part
from plugport.spec.names.faults import MAX_PART_CHARS, is_part, make_error

MAX_NAME_CHARS = 2 * MAX_PART_CHARS + 2
MAX_COLLISION_KEY_CHARS = 2 * MAX_PART_CHARS + 1


@dataclass(frozen=True, slots=True)
class PluginName:
    """The name of a plugin; `scope` is None for an unscoped one. Unscoped names sort first.

    Making one with parts that are not valid raises `InvalidNameError`.
    """

    scope: str | None
    name: str

    def __post_init__(self) -> None:
        if not is_part(self.name) or (self.scope is not None and not is_part(self.scope)):
            parts = {"it": self.name}
            if self.scope is not None:
                parts = {"its scope": self.scope, "its name": self.name}
            raise make_error(str(self), "plugin", parts)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name`, `@scope/name` or `scope/name`. Raises `InvalidNameError`."""
        head, slash, tail = text.partition("/")
        if not slash:
            return cls(None, text)
        scope = head.removeprefix("@")
        if not is_part(scope) or not is_part(tail):
            raise make_error(text, "plugin", {"its scope": scope, "its name": tail})
        return cls(scope, tail)

    @property
    def collision_key(self) -> str:
        """The same text for all names that a reader could take for this one.

        ASCII, at most `MAX_COLLISION_KEY_CHARS`. Case, `-`, `_`, `.` and confusables do not count;
        the line between scope and name does, so `@ab/c` and `@a/bc` differ.
        """
        name = fold_part(self.name)
        return name if self.scope is None else f"{fold_part(self.scope)}/{name}"

    def __str__(self) -> str:
        return self.name if self.scope is None else f"@{self.scope}/{self.name}"

    def _order(self) -> tuple[str, str]:
        return self.scope or "", self.name

    def __lt__(self, other: object) -> bool:
        return self._order() < other._order() if isinstance(other, PluginName) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._order() <= other._order() if isinstance(other, PluginName) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._order() > other._order() if isinstance(other, PluginName) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._order() >= other._order() if isinstance(other, PluginName) else NotImplemented


def parse_scope(text: str) -> str:
    """Read `scope` or `@scope` and return it without the `@`. Raises `InvalidNameError`."""
    scope = text.removeprefix("@")
    if not is_part(scope):
        raise make_error(text, "scope", {"it": scope})
    return scope
