"""HTTP responses for errors: problem documents (RFC 9457) for the API, pages for browsers.

`code` is the stable name of the problem; `errors` lists problems of single fields. Tracebacks and
messages of unexpected exceptions are logged and never sent (CWE-209).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.template.loader import render_to_string
from rest_framework import exceptions as drf
from rest_framework.response import Response

from accounts.errors import PasswordsBusyError, TokenRequiredError, TooManyAttemptsError
from common.api.json_encoding import dump_json
from common.http.errors import BodyTooLargeError, MethodNotAllowedError, RateLimitedError
from common.http.problems import PROBLEM_JSON, add_retry, build_headers, build_problem
from common.http.status import get_status
from config.errors import (
    CacheUnavailableError,
    DatabaseUnavailableError,
    InternalError,
    MaintenanceError,
    MalformedRequestError,
    MediaTypeError,
    UntrustedProxyError,
)
from config.outages import find_outage
from marketplace.pages.not_found import find_similar_names
from plugport.spec.errors import (
    DeniedError,
    ErrorKind,
    MissingError,
    PlugportError,
)

_log = structlog.get_logger("plugport.error")
# The window of all limits after which django-allauth calls `handle_429`.
_ATTEMPTS_SECONDS = 60
_INTERNAL_ERROR_DETAIL = "Something went wrong on the server. The error was logged."


_TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], PlugportError]], ...] = (
    ((PlugportError,), lambda e: e),
    ((drf.NotAuthenticated, drf.AuthenticationFailed), lambda e: TokenRequiredError(str(e.detail))),
    (
        (drf.PermissionDenied, PermissionDenied),
        lambda _: DeniedError("You do not have permission to do this."),
    ),
    ((drf.MethodNotAllowed,), lambda e: MethodNotAllowedError(str(e.detail))),
    ((drf.UnsupportedMediaType,), lambda e: MediaTypeError(str(e.detail))),
    ((drf.ParseError,), lambda e: MalformedRequestError(str(e.detail))),
    (
        (RequestDataTooBig,),
        lambda _: BodyTooLargeError("The request body is too large for this path."),
    ),
    (
        (TooManyFieldsSent,),
        lambda _: MalformedRequestError(
            f"The request has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} parameters."
        ),
    ),
    ((UnreadablePostError,), lambda _: MalformedRequestError("The request body is incomplete.")),
    ((drf.NotFound, Http404), lambda _: MissingError("No page or resource exists at this URL.")),
)


def translate_exception(error: Exception) -> PlugportError | None:
    """The Plugport error for an exception of Django, DRF or a service; None if it is a bug."""
    for kinds, build in _TRANSLATIONS:
        if isinstance(error, kinds):
            return build(error)
    return find_outage(error)


def handle_api_exception(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every API failure becomes a problem document."""
    known = translate_exception(error)
    if known is None:
        _log.error("api_failed", exc_info=error)
        known = InternalError(_INTERNAL_ERROR_DETAIL)
    if isinstance(known, MethodNotAllowedError):
        view = context.get("view")
        known.context["allowed"] = list(getattr(view, "allowed_methods", []))
    return Response(
        build_problem(known, settings.BASE_URL),
        status=get_status(known),
        headers=build_headers(known),
        content_type=PROBLEM_JSON,
    )


def _respond_with_problem(error: PlugportError) -> HttpResponse:
    return HttpResponse(
        dump_json(build_problem(error, settings.BASE_URL)),
        status=get_status(error),
        headers=build_headers(error),
        content_type=PROBLEM_JSON,
    )


def respond_with_error(request: HttpRequest, error: PlugportError) -> HttpResponse:
    """An error outside DRF: a problem document under `/api`, a page elsewhere."""
    if request.path.startswith("/api/"):
        return _respond_with_problem(error)
    add_retry(error)
    if template := _PLAIN_PAGES.get(type(error)):
        return _respond_with_plain_page(template, error)
    is_missing = error.kind is ErrorKind.MISSING
    context = {
        "error": error,
        "similar": find_similar_names(request.path) if is_missing else None,
    }
    response = render(request, "error.html", context, status=get_status(error))
    for name, value in build_headers(error).items():
        response.headers[name] = value
    return response


# The regular error page needs the session, the database and static files, which may be what failed.
# A client that sends too many requests gets a page that costs little.
_PLAIN_PAGES: dict[type[PlugportError], str] = {
    DatabaseUnavailableError: "503.html",
    CacheUnavailableError: "503.html",
    MaintenanceError: "503.html",
    UntrustedProxyError: "503.html",
    PasswordsBusyError: "503.html",
    RateLimitedError: "429.html",
    TooManyAttemptsError: "429.html",
}


def _respond_with_plain_page(template: str, error: PlugportError) -> HttpResponse:
    """A page rendered without database, session and cache."""
    context = {
        "error": error,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }
    return HttpResponse(
        render_to_string(template, context),
        status=get_status(error),
        headers=build_headers(error),
    )


def handle_400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler for requests that it rejects as malformed."""
    known = translate_exception(exception) if exception else None
    fallback = MalformedRequestError("The request cannot be parsed.")
    return respond_with_error(request, known or fallback)


def handle_403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler for `PermissionDenied`."""
    return respond_with_error(request, DeniedError("You do not have permission to view this page."))


def handle_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler for URLs without a view, and for `Http404`."""
    return respond_with_error(request, MissingError("No page or resource exists at this URL."))


def handle_429(request: HttpRequest) -> HttpResponse:
    """django-allauth's handler for too many sign-ins, sign-ups or password changes."""
    error = TooManyAttemptsError(
        "There were too many attempts from your network or for this account. Nothing was changed.",
        hint=f"Try again in {_ATTEMPTS_SECONDS} seconds.",
        context={"retryAfterSeconds": _ATTEMPTS_SECONDS},
    )
    return respond_with_error(request, error)


def handle_500(request: HttpRequest) -> HttpResponse:
    """Django's handler for unexpected exceptions.

    Also reached by outages outside a view, for example while the session is loaded or saved.
    """
    # Django calls this handler inside the `except` block, but does not pass the exception.
    cause = sys.exception()
    outage = find_outage(cause) if cause else None
    if outage is not None:
        return respond_with_error(request, outage)
    error = InternalError(_INTERNAL_ERROR_DETAIL)
    if request.path.startswith("/api/"):
        return _respond_with_problem(error)
    return _respond_with_plain_page("500.html", error)


def handle_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Respond to a form without a valid CSRF token: usually the page was open for too long."""
    return respond_with_error(
        request,
        DeniedError(
            "This form has expired.", hint="Go back, reload the page and submit the form again."
        ),
    )
