"""The one place where an error becomes an HTTP answer: a problem document or a page.

Problem documents follow RFC 9457. `code` is the stable name of the fault; `errors` lists the
faults of single fields. Nothing of a trace ever leaves this module.
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

from accounts.errors import TokenNeededError
from config.json_text import dump_json
from config.outages import (
    CacheUnavailableError,
    DatabaseUnavailableError,
    MaintenanceError,
    find_outage,
)
from plugport.spec.errors import (
    DeniedError,
    ErrorKind,
    FieldError,
    InvalidError,
    LimitedError,
    MissingError,
    PlugportError,
    UnavailableError,
)

_log = structlog.get_logger("plugport.error")
PROBLEM_JSON = "application/problem+json"

_STATUS_BY_KIND = {
    ErrorKind.INVALID: 400,
    ErrorKind.DENIED: 403,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.LIMITED: 429,
    ErrorKind.UNAVAILABLE: 503,
}


class MethodNotAllowedError(InvalidError):
    """The path exists, the method does not."""

    code, title = "method-not-allowed", "Method not allowed"


class MediaTypeError(InvalidError):
    """The body came in a format that this path does not read."""

    code, title = "unsupported-media-type", "Unsupported media type"


class MalformedRequestError(InvalidError):
    """The request cannot be read at all."""

    code, title = "malformed-request", "Malformed request"


class BodyTooLargeError(LimitedError):
    """The body is over the limit."""

    code, title = "body-too-large", "Body too large"


class InternalError(UnavailableError):
    """A fault of the server; it was logged."""

    code, title = "internal-error", "Internal error"


_STATUS_BY_CODE = {
    "unauthenticated": 401,
    "invalid-token": 401,
    "method-not-allowed": 405,
    "body-too-large": 413,
    "upload-too-large": 413,
    "unsupported-media-type": 415,
    "range-not-satisfiable": 416,
    "internal-error": 500,
    "length-required": 411,
}


def get_status(error: PlugportError) -> int:
    """The HTTP status of an error."""
    return _STATUS_BY_CODE.get(error.code, _STATUS_BY_KIND[error.kind])


def build_problem(error: PlugportError) -> dict[str, Any]:
    """The error as an RFC 9457 document. `type` leads to the code's entry in the documentation."""
    problem: dict[str, Any] = {
        "type": f"{settings.BASE_URL}/docs/errors#{error.code}",
        "title": error.title,
        "status": get_status(error),
        "code": error.code,
        "detail": error.detail,
    }
    if error.hint:
        problem["hint"] = error.hint
    if error.fields:
        problem["errors"] = [field.as_dict() for field in error.fields]
    extra = {k: v for k, v in error.context.items() if k not in problem and k != "headers"}
    return problem | extra


def build_headers(error: PlugportError) -> dict[str, str]:
    """Headers that go with an error: when to come back, how to sign in.

    No error is stored by a cache: a 404 would hide the plugin that is published a minute later.
    """
    headers = {"Cache-Control": "no-store", **error.context.get("headers", {})}
    retry = error.context.get("retryAfterSeconds")
    if retry is not None:
        headers["Retry-After"] = str(retry)
    if get_status(error) == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="plugport"'
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.context.get("allowed", []))
    return headers


def _flatten(detail: Any, path: str = "") -> list[FieldError]:
    """DRF's nested validation details as field errors."""
    if isinstance(detail, dict):
        return [
            error
            for key, value in detail.items()
            for error in _flatten(value, ".".join(part for part in (path, _name(key)) if part))
        ]
    if isinstance(detail, list):
        return [error for value in detail for error in _flatten(value, path)]
    return [FieldError(path, str(detail), code=getattr(detail, "code", "invalid"))]


def _name(key: Any) -> str:
    return "" if key == "non_field_errors" else str(key)


_TRANSLATIONS: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], PlugportError]], ...] = (
    ((PlugportError,), lambda e: e),
    (
        (drf.ValidationError,),
        lambda e: InvalidError("The request has faults.", fields=_flatten(e.detail)),
    ),
    ((drf.NotAuthenticated, drf.AuthenticationFailed), lambda e: TokenNeededError(str(e.detail))),
    ((drf.PermissionDenied, PermissionDenied), lambda _: DeniedError("You may not do this.")),
    ((drf.MethodNotAllowed,), lambda e: MethodNotAllowedError(str(e.detail))),
    ((drf.UnsupportedMediaType,), lambda e: MediaTypeError(str(e.detail))),
    ((drf.ParseError,), lambda e: MalformedRequestError(str(e.detail))),
    ((RequestDataTooBig,), lambda _: BodyTooLargeError("The body is larger than this path takes.")),
    ((TooManyFieldsSent,), lambda _: MalformedRequestError("The form has too many fields.")),
    ((UnreadablePostError,), lambda _: MalformedRequestError("The body ended too early.")),
    ((drf.NotFound, Http404), lambda _: MissingError("There is nothing at this address.")),
)


def translate_exception(error: Exception) -> PlugportError | None:
    """The Plugport error for an exception of Django, DRF or a service; None for a bug."""
    for kinds, build in _TRANSLATIONS:
        if isinstance(error, kinds):
            return build(error)
    return find_outage(error)


def handle_api_exception(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every failure of the API as a problem document."""
    known = translate_exception(error)
    if known is None:
        _log.error("api_failed", exc_info=error)
        known = InternalError("The server made a mistake; it was logged.")
    if isinstance(known, MethodNotAllowedError):
        view = context.get("view")
        known.context["allowed"] = list(getattr(view, "allowed_methods", []))
    return Response(
        build_problem(known),
        status=get_status(known),
        headers=build_headers(known),
        content_type=PROBLEM_JSON,
    )


def _respond_with_problem(error: PlugportError) -> HttpResponse:
    return HttpResponse(
        dump_json(build_problem(error)),
        status=get_status(error),
        headers=build_headers(error),
        content_type=PROBLEM_JSON,
    )


def respond_with_error(request: HttpRequest, error: PlugportError) -> HttpResponse:
    """An error outside DRF: a problem document under `/api`, a page elsewhere."""
    if request.path.startswith("/api/"):
        return _respond_with_problem(error)
    if isinstance(error, _CLOSED):
        return _respond_plainly("503.html", error)
    response = render(request, "error.html", {"error": error}, status=get_status(error))
    for name, value in build_headers(error).items():
        response.headers[name] = value
    return response


# What ails then is what any other page is drawn with.
_CLOSED = (DatabaseUnavailableError, CacheUnavailableError, MaintenanceError)


def _respond_plainly(template: str, error: PlugportError) -> HttpResponse:
    """A page that needs neither database nor session nor cache."""
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
    """Django could not read the request."""
    known = translate_exception(exception) if exception else None
    fallback = MalformedRequestError("The request cannot be read.")
    return respond_with_error(request, known or fallback)


def handle_403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Somebody may not."""
    return respond_with_error(request, DeniedError("You may not see this."))


def handle_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No path matched, or a view found nothing."""
    return respond_with_error(request, MissingError("There is nothing at this address."))


def handle_500(request: HttpRequest) -> HttpResponse:
    """A bug, or an outage that was met outside a view: while a session is loaded or kept."""
    cause = sys.exception()
    outage = find_outage(cause) if cause else None
    if outage is not None:
        return respond_with_error(request, outage)
    error = InternalError("The server made a mistake; it was logged.")
    if request.path.startswith("/api/"):
        return _respond_with_problem(error)
    return _respond_plainly("500.html", error)


def handle_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its token: most often a page that was open for too long."""
    return respond_with_error(
        request,
        DeniedError("This form is no longer valid.", hint="Go back, load the page again, retry."),
    )
