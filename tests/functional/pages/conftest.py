"""A browser's view of the portal, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.functional.pages.dom import Node, parse
from tests.support.browser import chromium  # noqa: F401 -- a fixture
from tests.support.server import live_registry  # noqa: F401 -- a fixture

Open = Callable[..., Node]


@pytest.fixture
def open_page(client: Client, db: None) -> Open:
    """Get a page and return its tree: `open_page("/search", q="chat")`; `status` is expected."""

    def open_it(path: str, *, status: int = 200, by: Client = client, **query: Any) -> Node:
        answer = by.get(path, query)
        assert answer.status_code == status, (path, answer.status_code)
        return parse(answer.content.decode())

    return open_it


@pytest.fixture
def index_now(db: None) -> Callable[[], int]:
    """Bring the search index up to date, as a worker does within a second."""
    from marketplace.search import indexer

    return indexer.index_changes


@pytest.fixture
def owner_client(owner: Any) -> Client:
    """Signed in as the owner."""
    browser = Client()
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return browser
