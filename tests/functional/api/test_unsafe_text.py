"""Texts outside the manifest follow its rule on invisible and direction-changing characters."""

from __future__ import annotations

import pytest

from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher


@pytest.mark.parametrize("bad", ["Pay\u202ePal", "a\u200bb", "a\x1b[31m", "\ufeffx", "a\x00b"])
def test_edits_and_messages(author: Api, publisher: Publisher, bad: str) -> None:
    publisher.publish()
    for method, path, body in (
        ("PATCH", "", {"displayName": bad}),
        ("PATCH", "", {"description": bad}),
        ("PUT", "", {"repository": {"url": "https://git.example.test/x", "directory": bad}}),
        ("POST", "/1.0.0/deprecate", {"message": bad}),
        ("POST", "/1.0.0/yank", {"reason": bad}),
    ):
        response = author.call(method, f"/plugins/@acme/chat{path}", body)
        problem = expect_problem(response, 400, "invalid")
        assert "which is not allowed here" in problem["errors"][0]["detail"], body


def test_other_languages_are_fine(author: Api, publisher: Publisher) -> None:
    publisher.publish()
    text = "می\u200cخواهم, 日本語, two\nlines"
    response = author.call("PATCH", "/plugins/@acme/chat", {"description": text})
    assert response.json()["description"] == text
