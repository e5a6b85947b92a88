"""Errors as problem documents (RFC 9457): the body and the headers of the response. Without Django."""

from __future__ import annotations

from typing import Any, cast

from common.http.status import get_status
from plugport.spec.api.problems import FieldProblem, Problem
from plugport.spec.errors import PlugportError

PROBLEM_JSON = "application/problem+json"
# When to try again after an outage.
RETRY_SECONDS = 10


def build_problem(error: PlugportError, base_url: str) -> dict[str, Any]:
    """The error as an RFC 9457 document. `type` is the URL of the code's documentation."""
    add_retry(error)
    problem: Problem = {
        "type": f"{base_url}/docs/errors#{error.code}",
        "title": error.title,
        "status": get_status(error),
        "code": error.code,
        "detail": error.detail,
    }
    if error.hint:
        problem["hint"] = error.hint
    if error.fields:
        problem["errors"] = [cast("FieldProblem", field.as_dict()) for field in error.fields]
    # An extension member must not replace one that RFC 9457 defines.
    extra = {k: v for k, v in error.context.items() if k not in problem and k != "headers"}
    return {**problem, **extra}


def build_headers(error: PlugportError) -> dict[str, str]:
    """Headers for an error response, such as `Retry-After` and `WWW-Authenticate`.

    Errors are never cached: a stored 404 would hide a plugin that is published a minute later.
    """
    add_retry(error)
    headers = {"Cache-Control": "no-store", **error.context.get("headers", {})}
    retry = error.context.get("retryAfterSeconds")
    if retry is not None:
        headers["Retry-After"] = str(retry)
    # RFC 9110, section 15.5.2: a 401 without a challenge is invalid.
    if get_status(error) == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="plugport"'
    # RFC 9110, section 15.5.6: required with a 405.
    if get_status(error) == 405:
        headers["Allow"] = ", ".join(error.context.get("allowed", []))
    return headers


def add_retry(error: PlugportError) -> None:
    """Say when to retry and what to do, where the error does not, if a retry can succeed."""
    if get_status(error) in (503, 507):
        seconds = error.context.setdefault("retryAfterSeconds", RETRY_SECONDS)
        error.hint = error.hint or f"Try again in {seconds} seconds."
