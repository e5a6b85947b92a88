"""Middleware of the API: preflights, and rate limit headers where no API view adds them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from common.http.client_address import get_client_network, is_unlimited
from config.problems import respond_with_error
from registry.errors import RateLimitedError
from registry.rate_limits import consume_quota, get_quota

_KIND = "read"
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
    """Adds the `RateLimit-*` headers to every response below `/api/` that lacks them.

    Clients without limits get none.

    These have no view: unknown paths, preflights, unknown hosts, maintenance, failures of other
    middleware. An unknown path counts as a read of the client address, so that it costs what a
    known path costs; the others do not count.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            not is_api_request(request)
            or "RateLimit-Limit" in response.headers
            or is_unlimited(request)
        ):
            return response
        address = get_client_network(request)
        if response.status_code != 404:
            quota = get_quota(_KIND, address)
        else:
            try:
                quota = consume_quota(_KIND, address)
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
