"""Reading query parameters: whole numbers in bounds, texts, choices."""

from __future__ import annotations

import uuid

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from plugport.spec.text import show
from registry.errors import QueryError, UnknownPublicationError
from registry.queries import MAX_LIMIT, MAX_PAGE

MAX_TEXT_CHARS = 200


def read_number(request: Request, name: str, default: int, most: int, *, least: int = 1) -> int:
    """The whole number from `least` to `most`. Raises `QueryError`."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    # isdecimal also takes other scripts' digits, which int() reads as well; ASCII alone is meant.
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise QueryError(
            f"{name} is {show(text)}", hint=f"A whole number from {least} to {most} is needed."
        )
    return int(text)


def read_text(request: Request, name: str) -> str:
    """The text without what no database takes. Raises `QueryError`."""
    text = request.query_params.get(name, "").strip()
    if len(text) > MAX_TEXT_CHARS or "\x00" in text:
        raise QueryError(
            f"{name} is {show(text)}", hint=f"At most {MAX_TEXT_CHARS} characters, no NUL."
        )
    return text


def read_choice(request: Request, name: str, choices: tuple[str, ...], default: str = "") -> str:
    """One of `choices`. Raises `QueryError`."""
    text = request.query_params.get(name, "") or default
    if text and text not in choices:
        raise QueryError(f"{name} is {show(text)}", hint=f"Allowed: {', '.join(choices)}.")
    return text


def read_uuid(text: str) -> uuid.UUID:
    """The id. Raises `UnknownPublicationError`: a bad id names nothing."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise UnknownPublicationError(f"There is no publication {show(text)}.") from None


_NAME_PATTERN = r"^(@[a-z0-9][a-z0-9.-]*/)?[a-z0-9][a-z0-9.-]*$"
NAME = OpenApiParameter(
    "name",
    {"type": "string", "pattern": _NAME_PATTERN, "maxLength": 130},
    OpenApiParameter.PATH,
    description="`name` or `@scope/name`; the slash may be sent raw or as `%2F`.",
)
VERSION = OpenApiParameter(
    "version",
    {"type": "string", "minLength": 1, "maxLength": 256},
    OpenApiParameter.PATH,
    description="A version or a dist-tag.",
)
ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
PAGING = [
    OpenApiParameter(
        "page",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
        description="Counts from 1.",
    ),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20},
        description="Plugins a page.",
    ),
]
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": 60, "default": 0},
    description="Seconds to wait for the checks; 201 if they end in time, 202 otherwise. A busy"
    " registry does not wait and answers 202 at once.",
)
