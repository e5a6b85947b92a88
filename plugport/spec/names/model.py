"""The plugin name value object."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from plugport.spec.names.confusables import fold_part
from plugport.spec.names.validation import MAX_PART_CHARS, build_invalid_name_error, is_part

MAX_NAME_CHARS = 2 * MAX_PART_CHARS + 2
MAX_COLLISION_KEY_CHARS = 2 * MAX_PART_CHARS + 1


class PluginName(Struct, frozen=True):
    """The name of a plugin. `scope` is None for a name without a scope; these sort first.

    Raises `InvalidNameError` for invalid parts.
    """

    scope: str | None
    name: str

    def __post_init__(self) -> None:
        if not is_part(self.name) or (self.scope is not None and not is_part(self.scope)):
            parts = {"it": self.name}
            if self.scope is not None:
                parts = {"its scope": self.scope, "its name": self.name}
            raise build_invalid_name_error(str(self), "plugin", parts)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `name`, `@scope/name` or `scope/name`. Raises `InvalidNameError`."""
        head, slash, tail = text.partition("/")
        if not slash:
            return cls(None, text)
        scope = head.removeprefix("@")
        if not is_part(scope) or not is_part(tail):
            raise build_invalid_name_error(text, "plugin", {"its scope": scope, "its name": tail})
        return cls(scope, tail)

    @property
    def collision_key(self) -> str:
        """A key that is equal for all names that a reader can mistake for this one.

        ASCII, at most `MAX_COLLISION_KEY_CHARS`. It ignores case, `-`, `_`, `.` and confusable
        characters, but keeps the boundary of the scope: `@ab/c` and `@a/bc` differ.
        """
        name = fold_part(self.name)
        return name if self.scope is None else f"{fold_part(self.scope)}/{name}"

    def __str__(self) -> str:
        return self.name if self.scope is None else f"@{self.scope}/{self.name}"

    def _get_sort_key(self) -> tuple[str, str]:
        return self.scope or "", self.name

    def __lt__(self, other: object) -> bool:
        return (
            self._get_sort_key() < other._get_sort_key()
            if isinstance(other, PluginName)
            else NotImplemented
        )

    def __le__(self, other: object) -> bool:
        return (
            self._get_sort_key() <= other._get_sort_key()
            if isinstance(other, PluginName)
            else NotImplemented
        )

    def __gt__(self, other: object) -> bool:
        return (
            self._get_sort_key() > other._get_sort_key()
            if isinstance(other, PluginName)
            else NotImplemented
        )

    def __ge__(self, other: object) -> bool:
        return (
            self._get_sort_key() >= other._get_sort_key()
            if isinstance(other, PluginName)
            else NotImplemented
        )


def parse_scope(text: str) -> str:
    """Parse `scope` or `@scope`. Returns it without the `@`. Raises `InvalidNameError`."""
    scope = text.removeprefix("@")
    if not is_part(scope):
        raise build_invalid_name_error(text, "scope", {"it": scope})
    return scope
