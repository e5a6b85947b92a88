"""Request bodies against their declarations: every problem at once, by field."""

from __future__ import annotations

from typing import Any

import pytest

from plugport.spec.api.bodies import DeprecateBody, MetadataBody, YankBody
from plugport.spec.api.validation import validate_body
from plugport.spec.errors import InvalidError


def list_problems(declaration: Any, document: Any) -> list[tuple[str, str]]:
    """The field and code of every problem."""
    with pytest.raises(InvalidError) as caught:
        validate_body(declaration, document)
    assert all(field.detail for field in caught.value.fields)
    return [(field.field, field.code) for field in caught.value.fields]


def test_returns_the_values_in_declared_order_without_outer_space() -> None:
    document = {
        "tags": [" chat "],
        "displayName": " Chat ",
        "repository": {"type": "git", "url": "https://x.example.test/"},
        "homepage": None,
    }
    body = validate_body(MetadataBody, document)
    assert body == {
        "displayName": "Chat",
        "homepage": None,
        "repository": {"url": "https://x.example.test/", "type": "git"},
        "tags": ["chat"],
    }
    assert list(body) == ["displayName", "homepage", "repository", "tags"]


def test_reports_everything_at_once() -> None:
    document = {
        "nmae": 1,
        "displayName": "",
        "description": 5,
        "homepage": "javascript:alert(1)",
        "repository": {"type": None, "branch": "main"},
        "categories": "chat",
        "tags": ["ok", "Not OK", None, 7, ""],
    }
    assert list_problems(MetadataBody, document) == [
        ("nmae", "invalid"),
        ("displayName", "blank"),
        ("description", "invalid"),
        ("homepage", "invalid"),
        ("repository.branch", "invalid"),
        ("repository.url", "required"),
        ("repository.type", "null"),
        ("categories", "not_a_list"),
        ("tags.1", "invalid"),
        ("tags.2", "null"),
        ("tags.3", "invalid"),
        ("tags.4", "blank"),
    ]


@pytest.mark.parametrize("document", [None, [], "x", 7])
def test_body_must_be_an_object(document: Any) -> None:
    assert list_problems(YankBody, document) == [("", "invalid")]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"message": "x" * 501}, "max_length"),
        ({"message": " "}, "blank"),
        ({"message": "a\u202eb"}, "invalid"),
        ({"message": True}, "invalid"),
        ({}, "required"),
    ],
)
def test_texts(document: Any, code: str) -> None:
    assert list_problems(DeprecateBody, document) == [("message", code)]


def test_link_that_is_too_long_and_has_another_scheme_has_two_problems() -> None:
    problems = list_problems(MetadataBody, {"homepage": "ftp://x/" + "y" * 500})
    assert problems == [("homepage", "max_length"), ("homepage", "invalid")]


def test_names_every_allowed_field() -> None:
    with pytest.raises(InvalidError) as caught:
        validate_body(DeprecateBody, {"message": "x", "reason": "y" * 10})
    (problem,) = caught.value.fields
    assert problem.detail == "Unknown field. Allowed: message, replacement."


def test_long_unknown_names_are_cut() -> None:
    assert list_problems(YankBody, {"x" * 5000: 1}) == [("x" * 100, "invalid")]


def test_items_of_a_list_that_is_too_long_are_not_reported() -> None:
    assert list_problems(MetadataBody, {"tags": [7] * 5000}) == [("tags", "max_length")]
