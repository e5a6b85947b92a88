"""The base class of all Plugport errors, and the registry of error codes.

Every error that a user or a client can see is a subclass of `PlugportError` with a stable `code` and
a `kind`. The kind determines the HTTP status and the exit code in one place each: `config.problems`
converts an error to a problem document (RFC 9457) or a page, `plugport.cli.output` to an `error:`
line. Messages name the object, what was found and what is allowed.

    PlugportError
    ├── InvalidError       the input is invalid              400 / 422
    ├── DeniedError        the actor has no permission       401 / 403
    ├── MissingError       the object does not exist         404
    ├── ConflictError      it conflicts with existing data   409
    ├── LimitedError       a size or rate limit is exceeded  413 / 429
    └── UnavailableError   temporarily unavailable           503
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


class ErrorKind(StrEnum):
    """The category of an error; determines HTTP status and exit code."""

    INVALID = "invalid"
    DENIED = "denied"
    MISSING = "missing"
    CONFLICT = "conflict"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One problem of one field of a document.

    `field` is a dotted path (`author.email`, `dependencies.plugins[2]`), or "" for the whole
    document. `line` starts at 1 and is None for formats without line numbers.
    """

    field: str
    detail: str
    code: str = "invalid"
    file: str | None = None
    line: int | None = None
    found: str | None = None
    allowed: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The problem as JSON-ready values; keys without a value are left out."""
        pairs = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        return {name: value for name, value in pairs if value is not None}

    def __str__(self) -> str:
        """One line for a terminal: `file:line: field: detail`."""
        position = f"{self.file}:{self.line}" if self.file and self.line else self.file or ""
        return ": ".join(part for part in (position, self.field, self.detail) if part)


_BY_CODE: dict[str, type[PlugportError]] = {}


class PlugportError(Exception):
    """The base class. Subclasses set only `code`, `kind` and `title`.

    `detail` is one sentence for users; `hint` says what to do next; `fields` lists the problems
    of a document; `context` holds more JSON-ready members for clients.
    """

    code: ClassVar[str] = "error"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    title: ClassVar[str] = "Error"

    # Codes that this error had before. They stay documented for one release.
    former_codes: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        for code in (cls.code, *cls.__dict__.get("former_codes", ())):
            known = _BY_CODE.setdefault(code, cls)
            if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"error code {code!r} is taken by {known.__qualname__}")

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
    """The input is invalid; the same request always fails."""

    code, kind, title = "invalid", ErrorKind.INVALID, "Invalid input"


class InvalidDigestError(InvalidError):
    """The text is not a valid digest or integrity value."""

    code, title = "invalid-digest", "Invalid digest"


class DeniedError(PlugportError):
    """The actor is not signed in or has no permission."""

    code, kind, title = "denied", ErrorKind.DENIED, "Permission denied"


class MissingError(PlugportError):
    """The object does not exist, or the actor has no permission to see it."""

    code, kind, title = "missing", ErrorKind.MISSING, "Not found"


class ConflictError(PlugportError):
    """The input is valid but conflicts with existing data."""

    code, kind, title = "conflict", ErrorKind.CONFLICT, "Conflict"


class LimitedError(PlugportError):
    """A size or rate limit was exceeded."""

    code, kind, title = "limited", ErrorKind.LIMITED, "Limit exceeded"


class UnavailableError(PlugportError):
    """The service is temporarily unavailable; the same request can succeed later."""

    code, kind, title = "unavailable", ErrorKind.UNAVAILABLE, "Service unavailable"


def list_error_codes() -> dict[str, type[PlugportError]]:
    """Error classes of all imported modules by code, sorted. A test compares the docs with it."""
    return dict(sorted(_BY_CODE.items()))
