"""The documentation pages and the error pages."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from plugport.spec.errors import list_error_codes
from registry.api.schema import build_document


def test_every_error_code_has_an_entry(open_page, client):
    """The `type` of a problem document links to an existing anchor."""
    page = open_page("/docs/errors")
    for code, error in list_error_codes().items():
        assert error.title in page.one(id=code).text
    problem = json.loads(client.get("/api/v1/plugins/nope").content)
    path, anchor = problem["type"].removeprefix("http://").partition("/")[2].split("#")
    assert path == "docs/errors"
    assert page.one(id=anchor)


def test_every_operation_is_described(open_page):
    """The reference shows each operation and each schema of the OpenAPI document."""
    page, document = open_page("/docs/api"), build_document()
    entries = [node for node in page if "id" in node.attrs]
    texts = {node.attrs["id"]: node.text for node in entries}
    assert len(texts) == len(entries)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            entry = texts[operation["operationId"]]
            assert path in entry
            for parameter in operation.get("parameters", []):
                assert parameter["name"] in entry
            for status, response in operation["responses"].items():
                assert f"{status} " in entry
                assert response["description"].replace("`", "") in entry
    for name, schema in document["components"]["schemas"].items():
        entry = texts[f"shape-{name}"]
        assert all(member in entry for member in schema.get("properties", {}))


def test_links_within_the_reference_are_there(open_page):
    """Every anchor has a target."""
    page = open_page("/docs/api")
    ids = {node.attrs["id"] for node in page if "id" in node.attrs}
    assert {link[1:] for link in page.links if link.startswith("#")} <= ids


def test_types_in_words():
    """Types are described in words."""
    from marketplace.docs_site.api_reference import build_type_label

    assert build_type_label({"type": ["string", "null"]}).text == "string or null"
    assert build_type_label({"type": "integer", "minimum": 1, "maximum": 9}).text == (
        "integer, 1 to 9"
    )
    listed = build_type_label({"type": "array", "items": {"$ref": "#/components/schemas/File"}})
    assert (listed.text, listed.schema) == ("array of File", "File")
    assert build_type_label({"enum": ["a", "b"]}).text == "one of a, b"
    either = build_type_label({"oneOf": [{"$ref": "#/x/Yank"}, {"type": "null"}]})
    assert (either.text, either.schema) == ("Yank or null", "Yank")
    assert build_type_label({"additionalProperties": {"type": "string"}}).text == "object of string"


def test_icon(client):
    """`/favicon.ico` redirects to the logo."""
    assert client.get("/favicon.ico").url.endswith(".svg")


def test_page_that_is_not_there(open_page):
    """A 404 page offers links."""
    page = open_page("/no/such/page", status=404)
    assert page.one("h1").text == "Not found"
    assert {"/", "/search"} <= set(page.links)


@pytest.mark.django_db
def test_bug_shows_the_plain_page(monkeypatch):
    """The 500 page shows no detail and uses neither database nor session."""
    monkeypatch.setattr("marketplace.pages.home.get_home_page", lambda: 1 / 0)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert b"Something went wrong" in response.content
    assert response.headers["X-Request-Id"] in response.content.decode()
    assert b"division" not in response.content


def test_plain_page_needs_nothing(rf):
    """It renders without user, session and database (this test has none)."""
    from config.problems import handle_500

    response = handle_500(rf.get("/"))
    assert b"Something went wrong" in response.content


@pytest.mark.django_db
def test_error_page_lists_every_fault(rf):
    """All errors are shown at once, escaped, with the allowed values."""
    from config.problems import respond_with_error
    from plugport.spec.errors import FieldError, InvalidError
    from tests.functional.pages.dom import parse

    request = rf.get("/")
    request.user = None
    fields = [FieldError("a", "`x` is <wrong>", allowed="y"), FieldError("b", "is missing")]
    error = InvalidError("Two faults.", hint="Mend `both`.", fields=fields)
    page = parse(respond_with_error(request, error).content.decode())
    assert [item.text for item in page.one("main").all("li")] == [
        "a: x is <wrong> Allowed: y.",
        "b: is missing",
    ]
    assert [code.text for code in page.one("main").all("code")] == ["both", "x"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_reading_pages_only_read(client, db, method):
    """Pages accept GET and HEAD only."""
    for path in ("/", "/search", "/categories", "/docs", "/plugins/x"):
        assert getattr(client, method)(path).status_code == 405


def test_a_former_error_code_leads_to_the_new_one(open_page):
    """`unknown-account` and `unknown-user` were two codes of one error."""
    entry = open_page("/docs/errors").one(id="unknown-account").text
    assert "Former code of unknown-user" in entry
    assert list_error_codes()["unknown-account"].code == "unknown-user"
