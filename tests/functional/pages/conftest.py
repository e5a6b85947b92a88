"""Fixtures that fetch and parse pages without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from marketplace.search import indexer
from tests.functional.pages.dom import Node, parse
from tests.support.search_index import build_index, copy_index

Open = Callable[..., Node]


@pytest.fixture
def open_page(client: Client, db: None) -> Open:
    """Get a page and return its tree: `open_page("/search", q="chat")`; `status` is expected."""

    def open_it(path: str, *, status: int = 200, by: Client = client, **query: Any) -> Node:
        response = by.get(path, query)
        assert response.status_code == status, (path, response.status_code)
        return parse(response.content.decode())

    return open_it


@pytest.fixture
def index_now(db: None) -> Callable[[], int]:
    """Bring the search index up to date, as a worker does within a second."""
    return indexer.index_changes


@pytest.fixture(scope="module")
def _module_index(_published: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of what the fixture `_published` of the module published."""
    return build_index(tmp_path_factory.mktemp("index") / "search")


@pytest.fixture
def indexed_catalog(db: None, _module_index: Path, _module_packages: None, settings: Any) -> None:
    """The plugins of the module's `_published`, with a copy of their index for each test."""
    copy_index(_module_index, settings)


@pytest.fixture
def owner_client(owner: Any) -> Client:
    """A client that is signed in as the owner."""
    browser = Client()
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return browser
