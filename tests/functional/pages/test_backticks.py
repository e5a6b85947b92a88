"""Text between backticks is code on every page, never a literal backtick."""

from __future__ import annotations

import pytest

from registry.actions.flag_release import deprecate_release, yank_release
from tests.functional.pages.dom import Node, parse

TEXT = "Use `new <b>` in place of `old`."
# Their content is code already, or no markup.
_RAW = ("code", "pre", "title", "script", "textarea")


def _iter_texts(node: Node):
    for child in node.children:
        if isinstance(child, str):
            yield child
        elif child.tag not in _RAW:
            yield from _iter_texts(child)


def _check(page: Node, *words: str) -> None:
    assert not [text for text in _iter_texts(page) if "`" in text]
    codes = [code.raw for code in page.one("main").all("code")]
    assert set(words) <= set(codes)


@pytest.fixture
def release(publisher):
    config = {"schema": {"properties": {"key": {"description": TEXT}}}}
    return publisher.publish("@acme/chat", description=TEXT, config=config)


def test_texts_of_authors(open_page, release, owner, publisher, index_now):
    """Descriptions, also with highlighted matches, messages and keys of the configuration."""
    deprecate_release(actor=owner, release=release, message=TEXT)
    yank_release(actor=owner, release=release, reason=TEXT)
    publisher.publish("@acme/chat", "1.0.1", description=TEXT)
    publisher.publish(
        "mail", description="Needs `chat`.", dependencies={"plugins": {"@acme/chat": "*"}}
    )
    index_now()
    for path in ("/", "/search", "/@acme", "/plugins/@acme/chat", "/plugins/@acme/chat/1.0.0"):
        _check(open_page(path), "new <b>", "old")
    _check(open_page("/plugins/@acme/chat/versions"), "new <b>", "old")
    _check(open_page("/plugins/@acme/chat/dependents"), "chat")
    page = open_page("/search", q="new old")
    _check(page, "new <b>", "old")
    assert [mark.raw for mark in page.by_class("row-text")[0].all("mark")] == ["new", "old"]


def test_backtick_without_a_partner(open_page, publisher):
    """It is part of the text."""
    publisher.publish("odd", description="One ` alone.")
    assert open_page("/plugins/odd").by_class("lead")[0].text == "One ` alone."


def test_errors_of_forms(owner_client, open_page):
    """The token form quotes what was entered."""
    form = {"name": "x", "scopes": ["read"], "limits": "Not A Name", "days": "30"}
    response = owner_client.post("/account/tokens", form)
    assert response.status_code == 400
    page = parse(response.content.decode())
    assert not [text for text in _iter_texts(page) if "`" in text]
    assert page.by_class("errorlist")[0].all("code")


def test_errors_of_pages(open_page):
    """The details of an error, and the values that a field allows."""
    for path in ("/plugins/@acme/none", "/plugins/None", "/docs/nothing", "/@nobody"):
        page = open_page(path, status=404)
        assert not [text for text in _iter_texts(page) if "`" in text]
