"""What a request asks of the search, for the API and the pages alike."""

from __future__ import annotations

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from marketplace.search.query import SORTS, SearchQuery
from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.text import show
from registry.api.v1.parameters import (
    MAX_TEXT_CHARS,
    PAGING,
    read_choice,
    read_number,
    read_text,
)
from registry.errors import QueryError
from registry.models import Trust
from registry.queries import MAX_LIMIT, MAX_PAGE

_FLAGS = {"": None, "true": True, "false": False}


def read_search(request: HttpRequest | Request) -> SearchQuery:
    """What a request asks for. Raises `QueryError`, which names the parameter."""
    asked = request if isinstance(request, Request) else Request(request)
    return SearchQuery(
        text=read_text(asked, "q"),
        filters={name: value for name, value in _read_filters(asked).items() if value},
        is_verified=_read_flag(asked, "verified"),
        sort=read_choice(asked, "sort", SORTS, "relevance"),
        page=read_number(asked, "page", 1, MAX_PAGE),
        limit=read_number(asked, "limit", 20, MAX_LIMIT),
    )


def _read_filters(request: Request) -> dict[str, str]:
    return {
        "type": read_choice(request, "type", tuple(KINDS)),
        "category": read_text(request, "category"),
        "tag": read_text(request, "tag"),
        "author": read_text(request, "author"),
        "trust": read_choice(request, "trust", tuple(Trust.values)),
        "license": read_text(request, "license"),
        "dialect": read_choice(request, "dialect", tuple(DIALECTS)),
        "registry": read_text(request, "registry"),
    }


def _read_flag(request: Request, name: str) -> bool | None:
    flag = request.query_params.get(name, "")
    if flag not in _FLAGS:
        raise QueryError(f"{name} is {show(flag)}", hint="Allowed: true, false.")
    return _FLAGS[flag]


def _describe(name: str, meaning: str, **schema: object) -> OpenApiParameter:
    return OpenApiParameter(
        name, {"type": "string", **schema}, OpenApiParameter.QUERY, description=meaning
    )


# For the OpenAPI document.
PARAMETERS = [
    _describe("q", "Words to find; typing errors are forgiven.", maxLength=MAX_TEXT_CHARS),
    _describe("type", "The plugin's kind.", enum=list(KINDS)),
    _describe("category", "A category.", maxLength=MAX_TEXT_CHARS),
    _describe("tag", "A tag.", maxLength=MAX_TEXT_CHARS),
    _describe("author", "The author's name.", maxLength=MAX_TEXT_CHARS),
    _describe("trust", "A trust level.", enum=list(Trust.values)),
    _describe("license", "An SPDX expression.", maxLength=MAX_TEXT_CHARS),
    _describe("verified", "Only verified ones, or only others.", enum=["true", "false"]),
    _describe("sort", "Order of the list.", enum=list(SORTS), default="relevance"),
    *PAGING,
    _describe("dialect", "The format of the manifest.", enum=list(DIALECTS)),
    _describe("registry", "The registry that a plugin comes from.", maxLength=MAX_TEXT_CHARS),
]
