"""Picking typed members out of an answered JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from plugport.client.errors import UnexpectedAnswerError
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.versions import Version


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object and what it is supposed to be, for messages."""

    data: Mapping[str, Any]
    what: str

    @classmethod
    def read(cls, data: Any, what: str) -> Self:
        """Raises `UnexpectedAnswerError` for anything but a JSON object."""
        if not isinstance(data, dict):
            raise UnexpectedAnswerError(
                f"{what} was expected, but {type(data).__name__} was answered",
                hint="Is this address a Plugport registry?",
            )
        return cls(data, what)

    def show(self, key: str) -> str:
        """A member that is only shown or compared: its text, or "" if it is none."""
        value = self.data.get(key)
        return value if isinstance(value, str) else ""

    def notice(self, key: str) -> str | None:
        """`deprecated` and `yanked`: None if not, else the message, which may be "".

        Registries write a boolean, a message, or an object with a `message` or `reason` and
        perhaps a `replacement`.
        """
        value = self.data.get(key)
        if isinstance(value, dict):
            told = Fields(value, key)
            message, instead = told.show("message") or told.show("reason"), told.show("replacement")
            return f"{message} Use `{instead}` instead.".strip() if instead else message
        if isinstance(value, str):
            return value or None
        return "" if value is True else None

    def find_count(self, key: str) -> int | None:
        """A whole number that is not negative, or None."""
        value = self.data.get(key)
        # In Python a truth value is a number as well.
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return None
        return value

    def count(self, key: str) -> int:
        """A whole number that is not negative; 0 where it is not told."""
        return self.find_count(key) or 0

    def child(self, key: str) -> Fields:
        """An object inside; empty where there is none."""
        value = self.data.get(key)
        return Fields(value if isinstance(value, dict) else {}, f"{self.what}'s `{key}`")

    def texts(self) -> dict[str, str]:
        """All members that are texts."""
        return {key: value for key, value in self.data.items() if isinstance(value, str)}

    def items(self, key: str) -> list[Any]:
        """A list inside; empty where there is none."""
        value = self.data.get(key)
        return value if isinstance(value, list) else []

    def plugin_name(self, key: str) -> PluginName:
        """A plugin's name. Raises `UnexpectedAnswerError`."""
        try:
            return PluginName.parse(self.show(key))
        except PlugportError as error:
            raise self._complain(key, error) from error

    def version(self, key: str) -> Version:
        """A version. Raises `UnexpectedAnswerError`."""
        try:
            return Version.parse(self.show(key))
        except PlugportError as error:
            raise self._complain(key, error) from error

    def _complain(self, key: str, error: PlugportError) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(f"{self.what} was answered with a wrong `{key}`: {error}")
