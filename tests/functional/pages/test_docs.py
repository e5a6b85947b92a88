"""The documentation pages, and the pages that say what went wrong."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from plugport.spec.errors import list_error_codes
from registry.api.schema import build_document


def test_every_error_code_has_an_entry(open_page, client):
    """The `type` of a problem leads to an anchor that is there."""
    page = open_page("/docs/errors")
    for code, error in list_error_codes().items():
        assert error.title in page.one(id=code).text
    problem = json.loads(client.get("/api/v1/plugins/nope").content)
    path, anchor = problem["type"].removeprefix("http://").partition("/")[2].split("#")
    assert path == "docs/errors"
    assert page.one(id=anchor)


def test_every_operation_is_described(open_page):
    """The reference shows each operation and each shape of the OpenAPI document."""
    page, document = open_page("/docs/api"), build_document()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            entry = page.one(id=operation["operationId"])
            assert path in entry.text
            for parameter in operation.get("parameters", []):
                assert parameter["name"] in entry.text
    for name, schema in document["components"]["schemas"].items():
        entry = page.one(id=f"shape-{name}")
        assert all(member in entry.text for member in schema.get("properties", {}))


def test_links_within_the_reference_are_there(open_page):
    """Every anchor on the page meets an id."""
    page = open_page("/docs/api")
    ids = {node.attrs["id"] for node in page if "id" in node.attrs}
    assert {link[1:] for link in page.links if link.startswith("#")} <= ids


def test_types_in_words():
    """Schemas are told as people say them."""
    from marketplace.reference import describe_type

    assert describe_type({"type": ["string", "null"]}).text == "text or null"
    assert describe_type({"type": "integer", "minimum": 1, "maximum": 9}).text == (
        "whole number, 1 to 9"
    )
    listed = describe_type({"type": "array", "items": {"$ref": "#/components/schemas/File"}})
    assert (listed.text, listed.shape) == ("list of File", "File")
    assert describe_type({"enum": ["a", "b"]}).text == "one of a, b"
    either = describe_type({"oneOf": [{"$ref": "#/x/Yank"}, {"type": "null"}]})
    assert (either.text, either.shape) == ("Yank or null", "Yank")
    assert describe_type({"additionalProperties": {"type": "string"}}).text == "object of text"


def test_icon(client):
    """The mark stands in for the icon that browsers ask for by themselves."""
    assert client.get("/favicon.ico").url.endswith(".svg")


def test_page_that_is_not_there(open_page):
    """404 as a page with a way on."""
    page = open_page("/no/such/page", status=404)
    assert page.one("h1").text == "Not found"
    assert {"/", "/search"} <= set(page.links)


@pytest.mark.django_db
def test_bug_shows_the_plain_page(monkeypatch):
    """500: nothing of the fault is shown, and neither database nor session is asked."""
    monkeypatch.setattr("marketplace.pages.home.read_home", lambda: 1 / 0)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert b"A mistake of ours" in answer.content
    assert answer.headers["X-Request-Id"] in answer.content.decode()
    assert b"division" not in answer.content


def test_plain_page_needs_nothing(rf):
    """It is drawn without a user, a session or a database (this test has none)."""
    from config.problems import handle_500

    answer = handle_500(rf.get("/"))
    assert b"A mistake of ours" in answer.content


@pytest.mark.django_db
def test_error_page_lists_every_fault(rf):
    """Several faults are shown at once, escaped, with what is allowed."""
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
    """Pages that show something take no other method."""
    for path in ("/", "/search", "/categories", "/docs", "/plugins/x"):
        assert getattr(client, method)(path).status_code == 405
