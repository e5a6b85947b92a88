"""What every request gets: an id, one log line, the security headers, errors as answers."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from config.outages import MaintenanceError, find_outage
from config.problems import respond_with_error
from plugport.spec.errors import PlugportError

_log = structlog.get_logger("plugport.request")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_QUIET_PATHS = ("/static/", "/healthz", "/readyz")
_MAINTENANCE_RETRY_SECONDS = 300

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def _make_id() -> str:
    """32 hex digits to find log lines by.

    Nobody gains by guessing them. Asking the system for better ones would let another thread run.
    """
    return f"{random.getrandbits(128):032x}"


class RequestContextMiddleware:
    """Binds a request id to the logs and answers, writes the one line a request, maps errors.

    An id from a proxy is taken over when it is short and plain; anything else gets a new one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.match(given) else _make_id()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-Id"] = request_id
            if not request.path.startswith(_QUIET_PATHS):
                _log.info(
                    "request",
                    method=request.method,
                    path=request.path[:300],
                    status=response.status_code,
                    duration_ms=round((time.perf_counter() - started) * 1000, 1),
                )
            return response
        finally:
            structlog.contextvars.unbind_contextvars("request_id")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a `PlugportError` or an outage that a page met into its page; others are Django's."""
        known = error if isinstance(error, PlugportError) else find_outage(error)
        return respond_with_error(request, known) if known else None


class MaintenanceMiddleware:
    """While PLUGPORT_MAINTENANCE is set, answers 503 to everything but health and static files."""

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


def _hash_plain_style() -> str:
    """The source by which the policy allows the style that pages of outages carry in them."""
    style = (settings.BASE_DIR / "templates" / "plain.css").read_bytes()
    return f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"


_CSP = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {_hash_plain_style()};"
    " img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; manifest-src 'self'"
)
# Django's admin and the API browser build parts of their pages with style attributes.
# A browser that knows hashes would ignore `unsafe-inline` beside one.
_CSP_INLINE_STYLE = _CSP.replace(_hash_plain_style(), "'unsafe-inline'")
_INLINE_STYLE_PATHS = ("/admin/", "/docs/api/try")


class SecurityHeadersMiddleware:
    """Adds the headers that Django's own security middleware leaves to others."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        relaxed = request.path.startswith(_INLINE_STYLE_PATHS)
        response.headers.setdefault(
            "Content-Security-Policy", _CSP_INLINE_STYLE if relaxed else _CSP
        )
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path.startswith("/api/"):
            # The API is public and carries no cookies: any origin may read it.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
