"""The one error base of Plugport, and the catalogue of its codes.

Every error a person or a program may meet is a subclass of `PlugportError` with a stable `code`
and a `kind`. The kind decides the HTTP status and the exit code, once, at the edge:
`config.problems` turns an error into a problem document (RFC 9457) or a page,
`plugport.cli.output` into an `error:` line. Messages name the thing, the limit, what was found
and what is allowed.

    PlugportError
    ├── InvalidError       the input is wrong            400 / 422
    ├── DeniedError        the actor may not             401 / 403
    ├── MissingError       there is no such thing        404
    ├── ConflictError      it clashes with what is there 409
    ├── LimitedError       too much, too often           413 / 429
    └── UnavailableError   not now, try again            503
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class ErrorKind(StrEnum):
    """What sort of failure it is, which is all that the edges need to know."""

    INVALID = "invalid"
    DENIED = "denied"
    MISSING = "missing"
    CONFLICT = "conflict"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in one field: where it is, what was found, what is allowed.

    `field` is a dotted path (`author.email`, `dependencies.plugins[2]`), "" for the whole
    document. `line` counts from 1 where the format has lines.
    """

    field: str
    detail: str
    code: str = "invalid"
    file: str | None = None
    line: int | None = None
    found: str | None = None
    allowed: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON-ready values, without the keys that are not known."""
        pairs = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        return {name: value for name, value in pairs if value is not None}

    def __str__(self) -> str:
        """One line for a terminal: `file:line: field: detail`."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file or ""
        return ": ".join(part for part in (place, self.field, self.detail) if part)


_BY_CODE: dict[str, type[PlugportError]] = {}


class PlugportError(Exception):
    """The base of all errors. Subclasses set `code`, `kind` and `title` and nothing else.

    `detail` is one sentence for a person; `hint` says what to do next; `fields` lists the
    faults of a document; `context` holds further JSON-ready members for programs.
    """

    code: ClassVar[str] = "error"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    title: ClassVar[str] = "Something is wrong"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            known = _BY_CODE.setdefault(cls.code, cls)
            if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"error code {cls.code!r} is taken by {known.__qualname__}")

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        fields: Sequence[FieldError] = (),
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.fields = tuple(fields)
        self.context = dict(context or {})

    def __str__(self) -> str:
        return self.detail


class InvalidError(PlugportError):
    """The input is wrong and will stay wrong."""

    code, kind, title = "invalid", ErrorKind.INVALID, "Invalid input"


class DeniedError(PlugportError):
    """The actor is unknown or may not do this."""

    code, kind, title = "denied", ErrorKind.DENIED, "Not allowed"


class MissingError(PlugportError):
    """There is no such thing, or the actor may not know of it."""

    code, kind, title = "missing", ErrorKind.MISSING, "Not found"


class ConflictError(PlugportError):
    """The input is fine but clashes with what is there."""

    code, kind, title = "conflict", ErrorKind.CONFLICT, "Conflict"


class LimitedError(PlugportError):
    """A limit of size or rate was passed."""

    code, kind, title = "limited", ErrorKind.LIMITED, "Limit passed"


class UnavailableError(PlugportError):
    """It cannot be done now; the same call may succeed later."""

    code, kind, title = "unavailable", ErrorKind.UNAVAILABLE, "Not available now"


def list_error_codes() -> dict[str, type[PlugportError]]:
    """Every code known to the imported modules, sorted; the documentation is checked against it."""
    return dict(sorted(_BY_CODE.items()))
