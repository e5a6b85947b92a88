"""The OpenAPI document describes every operation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import OpenAPIV31SpecValidator

from registry.api.schema import build_document
from tests.functional.api.calls import Api
from tests.functional.authorization.table import read_table


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The served document."""
    response = api.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    loaded: dict[str, Any] = response.json()
    return loaded


def list_operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(m, o) for methods in document["paths"].values() for m, o in methods.items()]


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_the_alias_has_no_operations_of_its_own(document: dict[str, Any], api: Api) -> None:
    assert api.get("/api/openapi.json").json() == document
    # What `manage.py check --deploy` generates and looks at.
    everything = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert everything["paths"].keys() == document["paths"].keys()


def test_it_is_the_same_however_often_it_is_built(document: dict[str, Any]) -> None:
    """Web processes build it for the reference and for this URL, in any order."""
    assert build_document() == build_document() == document
    plugin = document["paths"]["/api/v1/plugins/{name}"]
    for method, name in (("put", "MetadataRequest"), ("patch", "PatchedMetadataRequest")):
        schema = plugin[method]["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{name}"}


def list_paths(patterns: list[Any], prefix: str = "") -> list[str]:
    """Return every path below these patterns, as in the URLconf."""
    paths = []
    for pattern in patterns:
        path = f"{prefix}{pattern.pattern}"
        paths += list_paths(pattern.url_patterns, path) if is_folder(pattern) else [path]
    return paths


def is_folder(pattern: Any) -> bool:
    return hasattr(pattern, "url_patterns")


def test_every_path_is_in_it(document: dict[str, Any]) -> None:
    served = {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path)
        for path in list_paths(get_resolver().url_patterns)
        if path.startswith("api/v1/")
    }
    assert set(document["paths"]) == served - {"/api/v1/openapi.json"}


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    operations = list_operations(document)
    ids = [operation["operationId"] for _, operation in operations]
    assert len(ids) == len(set(ids))
    for _, operation in operations:
        assert operation["description"]
        assert operation["tags"]


def test_every_operation_has_its_errors(document: dict[str, Any]) -> None:
    for method, operation in list_operations(document):
        failures = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert {"400", "401", "404", "429", "503"} <= set(failures)
        assert method == "get" or {"403", "409", "411", "413", "415"} <= set(failures)
        for response in failures.values():
            schema = response["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


def test_headers_are_in_it(document: dict[str, Any]) -> None:
    for method, operation in list_operations(document):
        for status, response in operation["responses"].items():
            if status in {"401", "429"}:
                assert {"401": "WWW-Authenticate", "429": "Retry-After"}[status] in response[
                    "headers"
                ]
            if status < "400":
                assert "RateLimit-Remaining" in response["headers"]
        if method == "get":
            assert "ETag" in operation["responses"]["200"]["headers"]
            assert "ETag" in operation["responses"]["304"]["headers"]


def test_operations_declare_their_authentication(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    # Those that nobody reads without a token: the first column of the authorization table.
    private = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", title.removeprefix("GET "))
        for title, cells in read_table().items()
        if title.startswith("GET /api/v1/") and cells[0] == "401"
    }
    assert "/api/v1/me" in private
    for path, method, operation in (
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ):
        is_private = method != "get" or path in private
        expected: list[dict[str, list[str]]] = (
            [{"token": []}] if is_private else [{}, {"token": []}]
        )
        if operation["operationId"] in ("mintToken", "reportLeakedTokens"):
            expected = [{}]
        assert operation["security"] == expected


def test_bodies_are_closed(document: dict[str, Any]) -> None:
    bodies = {n: s for n, s in document["components"]["schemas"].items() if n.endswith("Request")}
    assert bodies
    assert all(schema["additionalProperties"] is False for schema in bodies.values())


def test_no_schema_is_left_over(document: dict[str, Any]) -> None:
    text = str(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}'" in text
