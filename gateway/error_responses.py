"""Responses of the gateway itself to requests that it refuses."""

from __future__ import annotations

import html
import json
from string import Template

from common.http.problems import PROBLEM_JSON, build_headers, build_problem
from common.http.status import get_status
from gateway.encodings import Headers
from gateway.options import GatewayOptions
from plugport.spec.errors import PlugportError


def render_error(
    error: PlugportError, options: GatewayOptions, *, is_api: bool
) -> tuple[int, Headers, bytes]:
    """Status, headers and body: a problem document for the API, a page for the rest."""
    status = get_status(error)
    headers = {"X-Content-Type-Options": "nosniff", **build_headers(error)}
    if is_api:
        headers["Content-Type"] = PROBLEM_JSON
        headers["Access-Control-Allow-Origin"] = "*"
        body = json.dumps(build_problem(error, options.base_url)).encode()
    else:
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["Content-Security-Policy"] = options.error_page_policy
        body = (
            Template(options.error_page)
            .substitute(
                title=html.escape(error.title),
                detail=html.escape(error.detail),
                hint=html.escape(error.hint or ""),
                code=error.code,
            )
            .encode()
        )
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return status, [*encoded, (b"content-length", b"%d" % len(body))], body
