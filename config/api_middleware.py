"""Middleware of the API: preflights, and the limit of unknown paths."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from common.http.client_address import get_client_network, is_unlimited
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota
from config.problems import respond_with_error

_KIND = "read"
# Unknown paths, and those that a redirect corrects (`marketplace.pages.redirects`).
_WITHOUT_VIEW = (302, 404)
# What scripts of other sites may send to the API (https://fetch.spec.whatwg.org/).
_PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def is_api_request(request: HttpRequest) -> bool:
    """Whether the path is below `/api/`."""
    return request.path.startswith("/api/")


class ApiQuotaMiddleware:
    """Counts requests for unknown paths below `/api/`, and adds the `RateLimit-*` headers to the responses.

    Such a request counts as a read of the client address, so that it costs what a known path costs.
    Views count the others. A response to a request that does not count has no headers: preflights,
    unknown hosts, maintenance, clients without limits.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            response.status_code not in _WITHOUT_VIEW
            or not is_api_request(request)
            # A view has counted it.
            or "RateLimit-Limit" in response.headers
            or is_unlimited(request)
        ):
            return response
        try:
            quota = consume_quota(_KIND, get_client_network(request))
        except RateLimitedError as error:
            return respond_with_error(request, error)
        for name, value in quota.headers.items():
            response.headers[name] = value
        return response


class PreflightMiddleware:
    """Answers preflights of browsers: they have no token and must not reach views that need one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_preflight = (
            is_api_request(request)
            and request.method == "OPTIONS"
            and "Access-Control-Request-Method" in request.headers
        )
        if is_preflight:
            return HttpResponse(status=204, headers=_PREFLIGHT_HEADERS)
        return self.get_response(request)
