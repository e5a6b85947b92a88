"""Reading query parameters: whole numbers in bounds, choices, flags."""

from __future__ import annotations

import uuid

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from plugport.spec.manifest.kinds import KINDS
from plugport.spec.text import show
from registry.catalogue.filter import SORTS, PluginFilter
from registry.errors import QueryError, UnknownPublicationError
from registry.models import Trust
from registry.queries import MAX_LIMIT, MAX_PAGE

MAX_TEXT_CHARS = 200

_FLAGS = {"": None, "true": True, "false": False}


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


def read_filter(request: Request) -> PluginFilter:
    """The filters of a list of plugins. Raises `QueryError`."""
    flag = request.query_params.get("verified", "")
    if flag not in _FLAGS:
        raise QueryError(f"verified is {show(flag)}", hint="Allowed: true, false.")
    return PluginFilter(
        q=read_text(request, "q"),
        kind=read_choice(request, "type", tuple(KINDS)),
        category=read_text(request, "category"),
        tag=read_text(request, "tag"),
        author=read_text(request, "author"),
        trust=read_choice(request, "trust", tuple(Trust.values)),
        license=read_text(request, "license"),
        verified=_FLAGS[flag],
        sort=read_choice(request, "sort", SORTS, "relevance"),
        page=read_number(request, "page", 1, MAX_PAGE),
        limit=read_number(request, "limit", 20, MAX_LIMIT),
    )


def read_uuid(text: str) -> uuid.UUID:
    """The id. Raises `UnknownPublicationError`: a bad id names nothing."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise UnknownPublicationError(f"There is no publication {show(text)}.") from None


def _query(name: str, meaning: str, **schema: object) -> OpenApiParameter:
    return OpenApiParameter(
        name, {"type": "string", **schema}, OpenApiParameter.QUERY, description=meaning
    )


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
FILTERS = [
    _query("q", "Words that all occur in name, title or description.", maxLength=MAX_TEXT_CHARS),
    _query("type", "The plugin's kind.", enum=list(KINDS)),
    _query("category", "A category.", maxLength=MAX_TEXT_CHARS),
    _query("tag", "A tag.", maxLength=MAX_TEXT_CHARS),
    _query("author", "The author's name.", maxLength=MAX_TEXT_CHARS),
    _query("trust", "A trust level.", enum=list(Trust.values)),
    _query("license", "An SPDX expression.", maxLength=MAX_TEXT_CHARS),
    _query("verified", "Only verified ones, or only others.", enum=["true", "false"]),
    _query("sort", "Order of the list.", enum=list(SORTS), default="relevance"),
    *PAGING,
]
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": 60, "default": 0},
    description="Seconds to wait for the checks; 201 if they end in time, 202 otherwise. A busy"
    " registry does not wait and answers 202 at once.",
)
