"""The OpenAPI document, with the errors and headers of every operation."""

from __future__ import annotations

import threading
from typing import Any, Literal, is_typeddict

import orjson
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.api.views import ApiView
from common.api.conditional import respond_body
from common.api.declarations import Declared, resolve_declaration
from common.cache_marks import InvalidatedBy, cacheable
from common.once import built_once
from plugport.spec.api.problems import Problem

PROBLEM_JSON = "application/problem+json"
_READ_FAILURES = {400: "A parameter is not valid.", 404: "Not found."}
_WRITE_FAILURES = {
    400: "The request is not valid; `errors` lists the fields.",
    403: "Not allowed.",
    404: "Not found.",
    409: "Conflict with the current state.",
    411: "The Content-Length header is missing.",
    413: "The body is too large.",
    415: "The media type of the body is not supported.",
    507: "A disk of the registry is full.",
}
_COMMON_FAILURES = {
    401: "The token is missing or not valid.",
    429: "Too many requests; retry after the seconds in `Retry-After`.",
    503: "Not available at the moment.",
}
_HEADER_DESCRIPTIONS = {
    "Cache-Tag": "Keys for shared caches, separated by commas.",
    "Cache-Control": "How the response may be cached.",
    "Content-Range": "The range of bytes and the size of the file.",
    "ETag": "The version of the response, for `If-None-Match` and `If-Range`.",
    "Location": "The URL of the publication status, or of the package.",
    "RateLimit-Limit": "Number of calls allowed in the window.",
    "RateLimit-Remaining": "Number of calls left in the window.",
    "RateLimit-Reset": "Seconds until the window ends.",
    "Repr-Digest": "SHA-256 and SHA-512 of the whole package (RFC 9530).",
    "Retry-After": "Seconds to wait before the next call.",
    "Surrogate-Key": "Keys for shared caches, separated by spaces.",
    "WWW-Authenticate": "The authentication scheme to use.",
}
_RATE_LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_DOWNLOAD_HEADERS = ("Cache-Tag", "Repr-Digest", "Surrogate-Key")
_HEADERS_BY_STATUS = {
    "206": ("Content-Range",),
    "401": ("WWW-Authenticate",),
    "416": ("Content-Range",),
    "429": ("Retry-After", *_RATE_LIMIT_HEADERS),
}


def list_response_headers(method: str, path: str, status: str) -> list[str]:
    """Return the headers that such a response always has."""
    names = ["Cache-Control", *_HEADERS_BY_STATUS.get(status, ())]
    if status == "302":
        names += ["Location", *_RATE_LIMIT_HEADERS]
    elif status < "400":
        names += _RATE_LIMIT_HEADERS
        names += ["ETag"] if method == "GET" else []
        names += ["Location"] if method == "POST" and path.endswith("/plugins") else []
        names += _DOWNLOAD_HEADERS if path.endswith("/download") else ()
    return sorted(names)


_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="ETags of cached responses. The response is 304 if one of them is current.",
)


class ProblemSchema(AutoSchema):
    """Adds problem documents and headers to every operation."""

    def get_override_parameters(
        self,
    ) -> list[OpenApiParameter | Serializer[Any] | type[Serializer[Any]]]:
        """Return `If-None-Match` for reads."""
        return [_IF_NONE_MATCH] if self.method == "GET" else []

    def get_tags(self) -> list[str]:
        """Return the resource, which groups the operations."""
        parts = self.path.removeprefix("/api/v1/").split("/")
        return ["releases"] if "{version}" in self.path else [parts[0]]

    def _get_request_for_media_type(
        self, serializer: Any, direction: Literal["request", "response"] = "request"
    ) -> Any:
        # For PATCH the library sets `partial` on what it gets here. On the class itself it would stay,
        # also for other methods in the next document of this process.
        body = Declared(serializer) if is_typeddict(serializer) else serializer
        return super()._get_request_for_media_type(body, direction)  # type: ignore[no-untyped-call]  # untyped library

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        failures = dict(_COMMON_FAILURES)
        failures |= _READ_FAILURES if self.method == "GET" else _WRITE_FAILURES
        if self.path.endswith("/download"):
            failures |= {403: "The release is blocked.", 416: "The range is outside the file."}
        if self.method == "GET":
            bodies.setdefault("304", {"description": "Not modified."})
        problem = resolve_declaration(self, Problem, direction)
        for status, meaning in failures.items():
            bodies.setdefault(
                str(status),
                {"content": {PROBLEM_JSON: {"schema": problem.ref}}, "description": meaning},
            )
        for code, body in bodies.items():
            body["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"}
                for name in list_response_headers(self.method, self.path, code)
            }
        return bodies


# The ends of the paths that nobody reads without a token.
_PRIVATE_ENDS = (
    *("/audit", "/domains", "/issuers", "/me", "/publishing", "/robots", "/teams", "/teams/{team}"),
    *("/second-factor", "/sso-groups", "/sso-only", "/tokens", "/visibility"),
)


def keep_versioned_paths(endpoints: list[tuple[str, str, str, Any]]) -> list[Any]:
    """Drop the alias under `/api`: an operation has one id, and so one path."""
    return [each for each in endpoints if each[0].startswith("/api/v1/")]


def add_common_definitions(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Add what applies to all operations: security, empty parameters, headers."""
    for path, operations in result["paths"].items():
        is_private = path.endswith(_PRIVATE_ENDS) or any(
            part in path for part in ("/me/", "/publications/")
        )
        for method, operation in operations.items():
            operation["security"] = (
                [{"token": []}] if is_private or method != "get" else [{}, {"token": []}]
            )
            # Its body has the proof.
            if path.endswith(("/oidc/mint-token", "/leaked-tokens")):
                operation["security"] = [{}]
        for parameter in (p for o in operations.values() for p in o.get("parameters", ())):
            if parameter["in"] == "query":
                # HTML forms send every field. An empty filter is no filter.
                parameter["allowEmptyValue"] = True
    result["components"]["headers"] = {
        name: {"description": meaning, "required": True, "schema": {"type": "string"}}
        for name, meaning in _HEADER_DESCRIPTIONS.items()
    }
    return result


# Two threads that generate a document at the same time disturb each other in drf-spectacular.
_lock = threading.Lock()


def build_document() -> dict[str, Any]:
    """The OpenAPI document of all public operations, the same for every client."""
    with _lock:
        document: dict[str, Any] = SchemaGenerator(  # type: ignore[no-untyped-call]  # untyped library
            urlconf=spectacular_settings.SERVE_URLCONF, api_version=None
        ).get_schema(request=None, public=True)
    return document


@built_once
def render_document() -> bytes:
    """Return the encoded document. It does not change while the process runs."""
    return orjson.dumps(build_document())


class OpenApiView(ApiView):
    """`/openapi.json`."""

    @extend_schema(exclude=True)
    @cacheable(InvalidatedBy.ANY_CHANGE)
    def get(self, request: Request) -> HttpResponse:
        """Get the OpenAPI 3.1 document of this API."""
        return respond_body(request, render_document(), content_type="application/json")
