"""The OpenAPI document: every operation with its failures and headers."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import orjson
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from registry.api.conditional import respond_body
from registry.api.v1.shapes import Problem
from registry.api.views import ApiView

PROBLEM_JSON = "application/problem+json"
_FOR_READS = {400: "The query has a fault.", 404: "Not found."}
_FOR_WRITES = {
    400: "The request has a fault; `errors` lists the fields.",
    403: "Not allowed.",
    404: "Not found.",
    409: "It clashes with what is there.",
    411: "The body came without its length.",
    413: "Too large.",
    415: "The body has a media type that is not read here.",
}
_FOR_ALL = {
    401: "The token is missing or not valid.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "Not available now.",
}
_HEADERS = {
    "Cache-Control": "How long the answer may be kept.",
    "Content-Range": "Which bytes these are, and of how many.",
    "ETag": "The version of the answer, for `If-None-Match` and `If-Range`.",
    "Location": "Where to follow what the checks say.",
    "RateLimit-Limit": "Calls allowed in the window.",
    "RateLimit-Remaining": "Calls left in it.",
    "RateLimit-Reset": "Seconds until it ends.",
    "Repr-Digest": "SHA-256 and SHA-512 of the whole package (RFC 9530).",
    "Retry-After": "Seconds to wait.",
    "WWW-Authenticate": "Which kind of token is asked for.",
}
_COUNTED = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_BY_STATUS = {
    "206": ("Content-Range",),
    "401": ("WWW-Authenticate",),
    "416": ("Content-Range",),
    "429": ("Retry-After", *_COUNTED),
}


def list_headers(method: str, path: str, status: str) -> list[str]:
    """The headers that such an answer always has."""
    names = ["Cache-Control", *_BY_STATUS.get(status, ())]
    if status < "400":
        names += _COUNTED
        names += ["ETag"] if method == "GET" else []
        names += ["Location"] if method == "POST" and path.endswith("/plugins") else []
        names += ["Repr-Digest"] if path.endswith("/download") else []
    return sorted(names)


_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="ETags that the client has: 304 if the answer is one of them.",
)


class ProblemSchema(AutoSchema):
    """Adds to every operation the problem documents it may answer with."""

    def get_override_parameters(
        self,
    ) -> list[OpenApiParameter | Serializer[Any] | type[Serializer[Any]]]:
        """Reads may be conditional."""
        return [_IF_NONE_MATCH] if self.method == "GET" else []

    def get_tags(self) -> list[str]:
        """One heading a resource."""
        parts = self.path.removeprefix("/api/v1/").split("/")
        return ["releases"] if "{version}" in self.path else [parts[0]]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        failures = dict(_FOR_ALL)
        failures |= _FOR_READS if self.method == "GET" else _FOR_WRITES
        if self.path.endswith("/download"):
            failures |= {403: "The release is blocked.", 416: "The range lies outside the file."}
        if self.method == "GET":
            bodies.setdefault("304", {"description": "Unchanged since the ETag that was sent."})
        problem = self.resolve_serializer(Problem, direction)
        for status, meaning in failures.items():
            bodies.setdefault(
                str(status),
                {"content": {PROBLEM_JSON: {"schema": problem.ref}}, "description": meaning},
            )
        for code, body in bodies.items():
            body["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"}
                for name in list_headers(self.method, self.path, code)
            }
        return bodies


def describe_everywhere(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """What holds for all: public reads need no token, bodies have no other fields."""
    for path, operations in result["paths"].items():
        is_private = path.endswith("/me") or "/publications/" in path
        for method, operation in operations.items():
            operation["security"] = (
                [{"token": []}] if is_private or method != "get" else [{}, {"token": []}]
            )
        for parameter in (p for o in operations.values() for p in o.get("parameters", ())):
            if parameter["in"] == "query":
                # Forms send every field; an empty one narrows nothing.
                parameter["allowEmptyValue"] = True
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    result["components"]["headers"] = {
        name: {"description": meaning, "required": True, "schema": {"type": "string"}}
        for name, meaning in _HEADERS.items()
    }
    return result


def build_document() -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = SchemaGenerator(  # type: ignore[no-untyped-call]  # untyped library
        urlconf=spectacular_settings.SERVE_URLCONF, api_version=None
    ).get_schema(request=None, public=True)
    return document


@cache
def render_document() -> bytes:
    """The document as it is served; it is the same for as long as the process runs."""
    return orjson.dumps(build_document())


class OpenApiView(ApiView):
    """`/openapi.json`."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The OpenAPI 3.1 document of this API."""
        return respond_body(request, render_document(), content_type="application/json")
