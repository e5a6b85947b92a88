"""What every request gets: an id, one log line, the security headers, errors as answers."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from config.problems import respond_with_error
from plugport.spec.errors import PlugportError

_log = structlog.get_logger("plugport.request")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_QUIET_PATHS = ("/static/", "/healthz", "/readyz")

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
        """Turn a `PlugportError` that a page raised into its page; others are Django's."""
        return respond_with_error(request, error) if isinstance(error, PlugportError) else None


_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; manifest-src 'self'"
)
# Django's admin and the API browser build parts of their pages with style attributes.
_CSP_INLINE_STYLE = _CSP.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
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
