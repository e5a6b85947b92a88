"""Say which responses are the same for every visitor, and what ends them.

A view declares it with `@cacheable`. A middleware (`config.caching.marks`) tells the gateway, unless
something personal went into the response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common.gateway_protocol import CACHE_ALL, CACHE_PLUGIN_PREFIX
from plugport.spec.names import PluginName

View = TypeVar("View", bound=Callable[..., Any])
_MARK, _RECORD = "cache_mark", "cache_record"
_RESTRICTED = "is_response_restricted"
_RULE = "cache_rule"
_FIRST_PAGES = ("", "1")


class InvalidatedBy(Enum):
    """Which changes invalidate a stored response."""

    # Any public change.
    ANY_CHANGE = "any change"
    # Changes of the plugin in the URL, and all that are not of a plugin (`registry.change_counter`).
    CHANGE_OF_PLUGIN = "change of the plugin"


@dataclass(frozen=True, slots=True)
class CacheRule:
    """What a view declares: what invalidates its responses, and all query parameters that it reads."""

    invalidated_by: InvalidatedBy
    parameters: tuple[str, ...] = ()

    def build_mark(self, values: dict[str, Any]) -> CacheMark:
        """The mark of a response; `values` are the parts of the URL."""
        if self.invalidated_by is InvalidatedBy.ANY_CHANGE:
            return CacheMark(CACHE_ALL, self.parameters)
        # In the form that the journal has. Other forms of a name lead to the same plugin.
        return build_plugin_mark(str(PluginName.parse(values["name"])), self.parameters)


@dataclass(frozen=True, slots=True)
class CacheMark:
    """The mark of one response. `dependency` is the value of `CACHE_HEADER`."""

    dependency: str
    parameters: tuple[str, ...]

    def covers(self, query: dict[str, list[str]]) -> bool:
        """Whether the view reads each parameter of the query, none is repeated, and it is a first page.

        Later pages are read too rarely to be stored.
        """
        is_known = all(
            name in self.parameters and len(values) == 1 for name, values in query.items()
        )
        return is_known and query.get("page", [""])[0] in _FIRST_PAGES


def build_plugin_mark(name: str, parameters: tuple[str, ...] = ()) -> CacheMark:
    """The mark of a response that changes of the plugin `name` end."""
    return CacheMark(CACHE_PLUGIN_PREFIX + quote(name, safe=""), parameters)


def cacheable(invalidated_by: InvalidatedBy, *parameters: str) -> Callable[[View], View]:
    """Declare that a view's responses with status 200 are the same for everybody without an account.

    `parameters` are all query parameters that change the response. Request headers that change it are
    named in its `Vary`. For `InvalidatedBy.CHANGE_OF_PLUGIN` the URL has the plugin's `name`.
    """
    rule = CacheRule(invalidated_by, parameters)

    def decorate(view: View) -> View:
        @wraps(view)
        def respond(*args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase = view(*args, **kwargs)
            if response.status_code == 200 and not hasattr(response, _MARK):
                add_mark(response, rule.build_mark(kwargs))
            return response

        setattr(respond, _RULE, rule)
        return respond  # type: ignore[return-value]  # the same parameters

    return decorate


def find_rule(view: Callable[..., Any]) -> CacheRule | None:
    """The rule of a view in the URL configuration, None if its responses are not marked."""
    # Of the API, each method of a class is a view.
    handler = getattr(getattr(view, "cls", None), "get", view)
    rule: CacheRule | None = getattr(handler, _RULE, None)
    return rule


def is_impersonal(response: HttpResponseBase) -> bool:
    """Whether the view declares that the response is the same for everybody without an account.

    Also if it left out the mark.
    """
    return hasattr(response, _MARK)


def find_mark(response: HttpResponseBase) -> CacheMark | None:
    """The mark of a response, None if it has none."""
    mark: CacheMark | None = getattr(response, _MARK, None)
    return mark


def add_mark(response: HttpResponseBase, mark: CacheMark) -> None:
    """Mark a response of a view that is not cacheable as a whole."""
    setattr(response, _MARK, mark)


def withhold_mark(response: HttpResponseBase) -> None:
    """Leave this response of a cacheable view unmarked: it is older than the public state, or incomplete."""
    setattr(response, _MARK, None)


def restrict_response(request: HttpRequest, is_restricted: Callable[[], bool]) -> None:
    """Let no cache keep the response to a request if, when it is complete, `is_restricted` is true.

    Whatever the view declares: it read something that others must not learn of.
    """
    setattr(request, _RESTRICTED, is_restricted)


def is_restricted(request: HttpRequest) -> bool:
    """Whether the response has something that not everybody may see."""
    check: Callable[[], bool] | None = getattr(request, _RESTRICTED, None)
    return check is not None and check()


def add_record(response: HttpResponseBase, record: str) -> None:
    """Let the gateway send `record` to `RECORDS_PATH` for each time it gives the response."""
    setattr(response, _RECORD, record)


def find_record(response: HttpResponseBase) -> str:
    """The record of a response, "" if it has none."""
    record: str = getattr(response, _RECORD, "")
    return record
