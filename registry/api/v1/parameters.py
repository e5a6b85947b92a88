"""Query parameters: how they are parsed, and how the OpenAPI document describes them.

The functions take `request.GET`, so that HTML pages and API views share them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from accounts.queries.paging import MAX_PEOPLE_PER_PAGE
from common.http.errors import QueryError
from plugport.spec.text import has_nul, quote_text
from registry.errors import UnknownPublicationError
from registry.queries.catalog import MAX_LIMIT, MAX_PAGE

MAX_TEXT_CHARS = 200
_MAX_DIGITS = 10


def get_int_parameter(
    query: Mapping[str, str], name: str, default: int, max_value: int, *, min_value: int = 1
) -> int:
    """Return the whole number, or `default` if it is missing or empty. Raises `QueryError`."""
    text = query.get(name, "")
    if not text:
        return default
    # int() and isdecimal() also accept digits of other scripts; a URL has one spelling per number.
    is_number = text.isascii() and text.isdecimal() and len(text) < _MAX_DIGITS
    if not (is_number and min_value <= int(text) <= max_value):
        raise QueryError(
            f"The parameter `{name}` is {quote_text(text)}.",
            hint=f"Use a whole number from {min_value} to {max_value}.",
        )
    return int(text)


def get_people_page(query: Mapping[str, str]) -> tuple[int, int]:
    """The number of the page of a list of members, and its limit. Raises `QueryError`."""
    limit = get_int_parameter(query, "limit", MAX_PEOPLE_PER_PAGE, MAX_PEOPLE_PER_PAGE)
    return get_int_parameter(query, "page", 1, MAX_PAGE), limit


def get_text_parameter(query: Mapping[str, str], name: str) -> str:
    """Return the text without outer white space, "" if it is missing. Raises `QueryError`."""
    text = query.get(name, "").strip()
    if len(text) > MAX_TEXT_CHARS or has_nul(text):
        raise QueryError(
            f"The parameter `{name}` is {quote_text(text)}.",
            hint=f"Use at most {MAX_TEXT_CHARS} characters, without NUL.",
        )
    return text


def get_choice_parameter(
    query: Mapping[str, str], name: str, choices: tuple[str, ...], default: str = ""
) -> str:
    """Return one of `choices`, or `default` if it is missing or empty. Raises `QueryError`."""
    text = query.get(name, "") or default
    if text and text not in choices:
        raise QueryError(
            f"The parameter `{name}` is {quote_text(text)}.", hint=f"Allowed: {', '.join(choices)}."
        )
    return text


def parse_publication_id(text: str) -> uuid.UUID:
    """Return the id. Raises `UnknownPublicationError`: a malformed id names no publication."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise UnknownPublicationError(f"There is no publication {quote_text(text)}.") from None


_NAME_PATTERN = r"^(@[a-z0-9][a-z0-9.-]*/)?[a-z0-9][a-z0-9.-]*$"
NAME = OpenApiParameter(
    "name",
    {"type": "string", "pattern": _NAME_PATTERN, "maxLength": 130},
    OpenApiParameter.PATH,
    description="`name` or `@scope/name`. Send the slash as it is or as `%2F`.",
)
VERSION = OpenApiParameter(
    "version",
    {"type": "string", "minLength": 1, "maxLength": 256},
    OpenApiParameter.PATH,
    description="A version or a dist-tag.",
)
ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
USERNAME = OpenApiParameter(
    "username",
    {"type": "string", "minLength": 1, "maxLength": 150},
    OpenApiParameter.PATH,
    description="The user name of an account.",
)
ORGANIZATION = OpenApiParameter(
    "organization",
    {"type": "string", "minLength": 1, "maxLength": 64},
    OpenApiParameter.PATH,
    description="The name of an organization.",
)
SCOPE = OpenApiParameter(
    "name",
    {"type": "string", "minLength": 1, "maxLength": 64},
    OpenApiParameter.PATH,
    description="The scope, without the `@`.",
)
DOMAIN = OpenApiParameter(
    "domain",
    {"type": "string", "minLength": 1, "maxLength": 253},
    OpenApiParameter.PATH,
    description="A domain of the owner, or an account or group of a code host: `github.com/acme`.",
)
TEAM = OpenApiParameter(
    "team",
    {"type": "string", "minLength": 1, "maxLength": 39},
    OpenApiParameter.PATH,
    description="The name of a team of the organization.",
)
TARGET = OpenApiParameter(
    "target",
    {"type": "string", "minLength": 1, "maxLength": 130},
    OpenApiParameter.PATH,
    description="A plugin, `@acme/chat`, or a scope, `@acme`, of the organization. Send the slash as"
    " it is or as `%2F`.",
)
ROBOT = OpenApiParameter(
    "robot",
    {"type": "string", "minLength": 1, "maxLength": 64},
    OpenApiParameter.PATH,
    description="The user name of a robot, `organization+name`.",
)
INVITATION_ID = OpenApiParameter("id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH)
PAGING = [
    OpenApiParameter(
        "page",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
        description="Page number, from 1.",
    ),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20},
        description="Plugins per page.",
    ),
]
PEOPLE_PAGING = [
    PAGING[0],
    OpenApiParameter(
        "limit",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_PEOPLE_PER_PAGE,
            "default": MAX_PEOPLE_PER_PAGE,
        },
        description="Members per page.",
    ),
]
PEOPLE_SEARCH = OpenApiParameter(
    "q",
    {"type": "string", "maxLength": MAX_TEXT_CHARS},
    description="Only members whose user name has this text, in any case. For members, also those with "
    "it in their name at the identity provider.",
)
AUDIT = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
        description="Entries per page.",
    ),
    OpenApiParameter(
        "before",
        {"type": "integer", "minimum": 1},
        description="Only entries with a lower id: `next` of the page before.",
    ),
    OpenApiParameter(
        "action",
        {"type": "string", "maxLength": MAX_TEXT_CHARS},
        description="Only acts with this code.",
    ),
]
STAGE = OpenApiParameter(
    "stage",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    description="Let the release wait for the approval of an owner or maintainer when its checks have"
    " passed.",
)
PUBLISHER_ID = OpenApiParameter("id", {"type": "integer", "minimum": 1}, OpenApiParameter.PATH)
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": 60, "default": 0},
    description="Seconds to wait for the checks. The status is 201 if they finish in time, else 202. A"
    " busy registry does not wait and returns 202 immediately.",
)
