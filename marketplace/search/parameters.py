"""What a request asks of the search, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from marketplace.search.query import FILTERS, SORTS, SearchQuery
from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.kinds import KINDS
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

T = TypeVar("T")
_FLAGS = {"": None, "true": True, "false": False}
_CHOICES: dict[str, tuple[str, ...]] = {
    "type": tuple(KINDS),
    "trust": tuple(Trust.values),
    "dialect": tuple(DIALECTS),
}


class Reading:
    """Reads the parameters of one request.

    A bad one raises `QueryError`, which names it. A lenient reading, for people's addresses, takes
    it for missing and notes its name in `left_out`; and a filter may have any value there: one that
    is no kind, no level of trust or no dialect finds nothing, as a tag does that no plugin has.
    """

    def __init__(self, request: HttpRequest | Request, *, is_lenient: bool = False) -> None:
        self._request = request if isinstance(request, Request) else Request(request)
        self._is_lenient = is_lenient
        self.left_out: list[str] = []

    def read_search(self) -> SearchQuery:
        """What is asked for."""
        return SearchQuery(
            text=self.read_text("q"),
            filters={name: value for name, value in self._read_filters() if value},
            is_verified=_FLAGS[self.read_choice("verified", ("true", "false"))],
            sort=self.read_choice("sort", SORTS) or "relevance",
            page=self.read_number("page", 1, MAX_PAGE),
            limit=self.read_number("limit", 20, MAX_LIMIT),
        )

    def _read_filters(self) -> Iterator[tuple[str, str]]:
        for name in FILTERS:
            if name in _CHOICES and not self._is_lenient:
                yield name, self.read_choice(name, _CHOICES[name])
            else:
                yield name, self.read_text(name)

    def read_text(self, name: str) -> str:
        """A text, empty if it is missing."""
        return self._attempt(name, lambda: read_text(self._request, name), "")

    def read_choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices, empty if it is missing."""
        return self._attempt(name, lambda: read_choice(self._request, name, choices), "")

    def read_number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        return self._attempt(name, lambda: read_number(self._request, name, default, most), default)

    def _attempt(self, name: str, read: Callable[[], T], default: T) -> T:
        try:
            return read()
        except QueryError:
            if not self._is_lenient:
                raise
            self.left_out.append(name)
            return default


def read_search(request: HttpRequest | Request) -> SearchQuery:
    """What a request asks for. Raises `QueryError`, which names the parameter."""
    return Reading(request).read_search()


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
