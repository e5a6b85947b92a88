"""Search parameters of requests, for the API and the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from common.http.errors import QueryError
from marketplace.search.query import FILTERS, SORTS, SearchQuery
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS
from registry.api.v1.parameters import (
    MAX_TEXT_CHARS,
    PAGING,
    get_choice_parameter,
    get_int_parameter,
    get_text_parameter,
)
from registry.models import Trust
from registry.queries.catalog import MAX_LIMIT, MAX_PAGE

T = TypeVar("T")
# What `parse_search_query` reads of the query.
SEARCH_PARAMETERS = ("q", *FILTERS, "verified", "sort", "page", "limit")
_BOOLEANS = {"": None, "true": True, "false": False}
_CHOICES: dict[str, tuple[str, ...]] = {
    "type": tuple(KINDS),
    "trust": tuple(Trust.values),
    "dialect": tuple(MANIFEST_FORMATS),
}


class SearchParameters:
    """The search parameters of one request.

    An invalid parameter raises `QueryError`, which names it. Pages parse leniently: people edit
    and share search URLs. Then an invalid parameter counts as missing and its name is added to
    `ignored_parameters`, and an unknown value of a filter finds nothing, like an unused tag.
    """

    def __init__(self, request: HttpRequest | Request, *, is_lenient: bool = False) -> None:
        self._query = request.GET
        self._is_lenient = is_lenient
        self.ignored_parameters: list[str] = []

    def parse_search_query(self) -> SearchQuery:
        """Parse all parameters. Raises `QueryError` unless lenient."""
        return SearchQuery(
            text=self.parse_text("q"),
            filters={name: value for name, value in self._iter_filters() if value},
            is_verified=_BOOLEANS[self.parse_choice("verified", ("true", "false"))],
            sort=self.parse_choice("sort", SORTS) or "relevance",
            page=self.parse_number("page", 1, MAX_PAGE),
            limit=self.parse_number("limit", 20, MAX_LIMIT),
        )

    def _iter_filters(self) -> Iterator[tuple[str, str]]:
        for name in FILTERS:
            if name in _CHOICES and not self._is_lenient:
                yield name, self.parse_choice(name, _CHOICES[name])
            else:
                yield name, self.parse_text(name)

    def parse_text(self, name: str) -> str:
        """Parse a text; empty if it is missing."""
        return self._attempt(name, lambda: get_text_parameter(self._query, name), "")

    def parse_choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Parse one of the choices; empty if it is missing."""
        return self._attempt(name, lambda: get_choice_parameter(self._query, name, choices), "")

    def parse_number(self, name: str, default: int, max_value: int) -> int:
        """Parse an integer from 1 to `max_value`."""
        return self._attempt(
            name, lambda: get_int_parameter(self._query, name, default, max_value), default
        )

    def _attempt(self, name: str, parse: Callable[[], T], default: T) -> T:
        try:
            return parse()
        except QueryError:
            if not self._is_lenient:
                raise
            self.ignored_parameters.append(name)
            return default


def parse_search_query(request: HttpRequest | Request) -> SearchQuery:
    """The search query of a request. Raises `QueryError`, which names the invalid parameter."""
    return SearchParameters(request).parse_search_query()


def _build_parameter(name: str, description: str, **schema: object) -> OpenApiParameter:
    return OpenApiParameter(
        name, {"type": "string", **schema}, OpenApiParameter.QUERY, description=description
    )


# For the OpenAPI document.
PARAMETERS = [
    _build_parameter(
        "q",
        "Words to search for, with letters or digits. Typing errors are allowed.",
        maxLength=MAX_TEXT_CHARS,
    ),
    _build_parameter("type", "The plugin's kind.", enum=list(KINDS)),
    _build_parameter("category", "A category.", maxLength=MAX_TEXT_CHARS),
    _build_parameter("tag", "A tag.", maxLength=MAX_TEXT_CHARS),
    _build_parameter("author", "The name of the author.", maxLength=MAX_TEXT_CHARS),
    _build_parameter("trust", "A trust level.", enum=list(Trust.values)),
    _build_parameter("license", "An SPDX expression.", maxLength=MAX_TEXT_CHARS),
    _build_parameter(
        "verified", "Only verified plugins, or only the others.", enum=["true", "false"]
    ),
    _build_parameter("sort", "Order of the results.", enum=list(SORTS), default="relevance"),
    *PAGING,
    _build_parameter("dialect", "The format of the manifest.", enum=list(MANIFEST_FORMATS)),
    _build_parameter(
        "registry", "The registry that published the plugin.", maxLength=MAX_TEXT_CHARS
    ),
]
