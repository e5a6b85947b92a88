"""Model fields for text with a size limit that holds for every write, on every database.

SQLite ignores the length of a column, and PostgreSQL limits neither text nor JSON. Values from
outside are checked or cut earlier, with a message for their field; these fields refuse what nothing
else refused. `docs/limits.md` lists the limits; `make docs` writes them there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from django.db import models

from plugport.spec.errors import InvalidError

# The types of the values that are assigned and read, as in the stubs of Django.
_Set = TypeVar("_Set")
_Get = TypeVar("_Get")

if TYPE_CHECKING:
    from django.db.models import BinaryField, CharField, JSONField, TextField
else:
    # Generic for the type checker only: at run time Django's fields take no parameter.
    class _Unparametrized:
        def __init__(self, field: type) -> None:
            self._field = field

        def __getitem__(self, _parameters: object) -> type:
            return self._field

    CharField, TextField = _Unparametrized(models.CharField), _Unparametrized(models.TextField)
    JSONField, BinaryField = _Unparametrized(models.JSONField), _Unparametrized(models.BinaryField)


class StoredTextTooLargeError(InvalidError):
    """A text exceeds the size limit of its column."""

    code, title = "stored-text-too-large", "Text too large to store"


def check_stored_size(column: str, size: int, bound: int, unit: str = "bytes") -> None:
    """Raise `StoredTextTooLargeError` if the size of a value is above the limit of its column."""
    if size > bound:
        raise StoredTextTooLargeError(
            f"`{column}` has {size:,} {unit}; at most {bound:,} are stored.",
            context={"column": column, "found": size, "allowed": bound},
        )


class BoundedField:
    """Refuses values above `bound`, in characters or bytes as `unit` says.

    `excess` says what happens to longer text from outside before it gets here, for the page of
    limits. Expressions are not checked.
    """

    unit = "bytes"

    def __init__(
        self, *args: Any, max_bytes: int | None = None, excess: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.max_bytes = max_bytes
        self.excess = excess

    @property
    def bound(self) -> int | None:
        """The limit in `unit`."""
        return self.max_bytes

    def measure(self, value: Any) -> int:
        """The size of a value in `unit`."""
        return len(value.encode("utf-8", "surrogatepass"))

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """As Django's field: the limit is no part of the schema, and needs no migration."""
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]  # a mixin
        base = next(each for each in type(self).__mro__ if each.__module__.startswith("django."))
        return name, f"django.db.models.{base.__name__}", args, kwargs

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Raises `StoredTextTooLargeError`."""
        if value is not None and not hasattr(value, "resolve_expression"):
            self._check_size(value)
        return super().get_db_prep_save(value, connection)  # type: ignore[misc]  # a mixin

    def _check_size(self, value: Any) -> None:
        if self.bound is not None:
            check_stored_size(str(self), self.measure(value), self.bound, self.unit)


class BoundedCharField(BoundedField, CharField[_Set, _Get]):
    """A text of at most `max_length` characters."""

    unit = "characters"

    @property
    def bound(self) -> int | None:
        """The limit in characters."""
        return self.max_length

    def measure(self, value: Any) -> int:
        """The number of characters."""
        return len(value)


class BoundedTextField(BoundedField, TextField[_Set, _Get]):
    """A text of at most `max_bytes` bytes in UTF-8."""


class BoundedJSONField(BoundedField, JSONField[_Set, _Get]):
    """A value of at most `max_bytes` bytes as JSON in UTF-8."""

    def measure(self, value: Any) -> int:
        """The bytes of the value as compact JSON."""
        try:
            return len(orjson.dumps(value))
        except TypeError:
            # Integers of more than 64 bits.
            return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


class BoundedBinaryField(BoundedField, BinaryField[_Set, _Get]):
    """At most `max_length` bytes."""

    @property
    def bound(self) -> int | None:
        """The limit in bytes."""
        return self.max_length

    def measure(self, value: Any) -> int:
        """The number of bytes."""
        return len(value)
