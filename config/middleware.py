"""Middleware: request ids, one log line for each request, errors, proxies, limits of pages, maintenance, security headers."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.security.organization_session import check_route_is_open
from common.gateway_protocol import RECORDS_PATH
from common.http.content_security import CONTENT_SECURITY_POLICY, POLICY_WITH_INLINE_STYLE
from common.http.errors import RateLimitedError
from common.rate_limits import count_request
from config.api_middleware import is_api_request
from config.errors import MaintenanceError, UntrustedProxyError
from config.outages import find_outage
from config.problems import respond_with_error
from plugport.spec.errors import PlugportError

_log = structlog.get_logger("plugport.request")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
# Load balancers request these every few seconds.
_QUIET_PATHS = ("/static/", "/healthz", "/readyz")
_MAINTENANCE_RETRY_SECONDS = 300
# A parameter of RFC 7239.
_FORWARDED_HTTPS = re.compile(r'(?:^|[;,\s])proto="?https\b', re.IGNORECASE)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def _build_request_id() -> str:
    """Return 32 hex digits that identify a request in the logs.

    Not a secret, so the fast generator is enough: `os.urandom` is a system call that releases the
    interpreter lock.
    """
    return f"{random.getrandbits(128):032x}"


class RequestContextMiddleware:
    """Adds a request id to logs and responses, logs each request once, and maps errors.

    A short, plain id from a proxy is kept. Any other value is replaced: it would let a client
    write arbitrary text into the logs (CWE-117).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.match(given) else _build_request_id()
        # Context variables belong to the thread, which serves the next request too: see `finally`.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-Id"] = request_id
            if not request.path.startswith(_QUIET_PATHS):
                _log.info(
                    "request",
                    method=request.method,
                    # The path only: a query may contain search terms and email addresses.
                    path=request.path[:300],
                    status=response.status_code,
                    duration_ms=round((time.perf_counter() - started) * 1000, 1),
                )
            return response
        finally:
            structlog.contextvars.unbind_contextvars("request_id")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Respond to a `PlugportError` or an outage in a page; Django handles other exceptions."""
        known = error if isinstance(error, PlugportError) else find_outage(error)
        return respond_with_error(request, known) if known else None


class OrganizationSessionMiddleware:
    """Refuses pages about the account in a session that reaches an organization alone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Respond in place of the view; Django does not map errors of this step."""
        try:
            check_route_is_open(request)
        except PlugportError as error:
            return respond_with_error(request, error)
        return None


class PageLimitMiddleware:
    """Counts requests for pages, feeds and images against the limit `page` of the client's network.

    The API and SCIM have limits of their own. Probes, static files and messages of the gateway do not count.
    A client that exceeds the limit gets a page that needs no database and no session. The headers are
    added here, outside all views, because a stored response must not have them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_api_request(request) or request.path.startswith(
            (*_QUIET_PATHS, RECORDS_PATH, "/scim/")
        ):
            return self.get_response(request)
        try:
            quota = count_request(request, "page")
        except RateLimitedError as error:
            return respond_with_error(request, error)
        response = self.get_response(request)
        for name, value in (quota.headers if quota else {}).items():
            response.headers.setdefault(name, value)
        return response


class MaintenanceMiddleware:
    """While PLUGPORT_MAINTENANCE is set, responds 503 except for health checks and static files.

    It runs before the session middleware, because the database may be what is being maintained.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.MAINTENANCE or request.path.startswith(_QUIET_PATHS):
            return self.get_response(request)
        error = MaintenanceError(
            settings.MAINTENANCE,
            hint="Try again later.",
            context={"retryAfterSeconds": _MAINTENANCE_RETRY_SECONDS},
        )
        return respond_with_error(request, error)


class UntrustedProxyMiddleware:
    """Replaces redirects to the URL that a client, as a header says, has requested.

    A proxy that received a request over HTTPS says so in X-Forwarded-Proto. Without
    `TRUSTED_PROXIES`, which is a mistake there, the header counts for nothing, since any client can
    send it. The redirect to HTTPS would then lead to the same URL, forever. The response is 400
    instead, and names the setting. A client that sends the header without a proxy gets this
    response too, and nothing else.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 301 or request.is_secure() or not _claims_https(request):
            return response
        if response.headers["Location"] != f"https://{request.get_host()}{request.get_full_path()}":
            return response
        _log.warning(
            "untrusted_proxy",
            hint="A proxy sends X-Forwarded-Proto or Forwarded. Set PLUGPORT_TRUSTED_PROXIES.",
        )
        error = UntrustedProxyError(
            "A proxy received this request over HTTPS, but the registry does not trust the proxy.",
            hint="If you operate this registry, set `PLUGPORT_TRUSTED_PROXIES` to the number of proxies"
            " in front of it, usually 1. Each must overwrite `X-Forwarded-Proto` and append to"
            " `X-Forwarded-For`.",
        )
        return respond_with_error(request, error)


def _claims_https(request: HttpRequest) -> bool:
    """Whether a header says that the client used HTTPS, true or not."""
    scheme = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip()
    forwarded = request.headers.get("Forwarded", "")
    return scheme == "https" or bool(_FORWARDED_HTTPS.search(forwarded))


# What scripts of other sites may read from responses of the API.
_EXPOSED_HEADERS = (
    "ETag, Location, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset,"
    " Repr-Digest, Retry-After"
)


_INLINE_STYLE_PATHS = ("/admin/", "/docs/api/try")


class SecurityHeadersMiddleware:
    """Adds the security headers that Django's `SecurityMiddleware` does not set."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        relaxed = request.path.startswith(_INLINE_STYLE_PATHS)
        response.headers.setdefault(
            "Content-Security-Policy",
            POLICY_WITH_INLINE_STYLE if relaxed else CONTENT_SECURITY_POLICY,
        )
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if is_api_request(request):
            # The API is public and ignores cookies, so cross-origin reads reveal nothing private.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
