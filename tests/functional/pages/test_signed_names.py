"""Names with signs in the search page and the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.support.data import shared_data
from tests.support.publishing import Publisher

NAMES = ("bi-c-lint", "bi-cpp-lint", "bi-cs-lint")


@pytest.fixture(scope="module")
def _published(module_publisher: Publisher) -> None:
    """The plugins of the report."""
    for folder in ("c", "cpp", "cs"):
        plugin = shared_data("reports", "10-search-c-plus-plus", folder)
        # The manifest is one of the files.
        files = {path.name: path.read_bytes() for path in plugin.iterdir() if path.is_file()}
        module_publisher.publish(files=files)
    module_publisher.publish("commit-coach", description="Coaches commits.")


pytestmark = pytest.mark.usefixtures("indexed_catalog")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("c++", ["bi-cpp-lint"]),
        ("C#", ["bi-cs-lint"]),
        ("lint c++", ["bi-cpp-lint"]),
    ],
)
def test_only_plugins_with_the_name(client: Client, text: str, names: list[str]):
    """`C++`, `C#` and `C` find different plugins."""
    answer = client.get("/api/v1/plugins", {"q": text}).json()
    assert [plugin["name"] for plugin in answer["plugins"]] == names
    assert answer["didYouMean"] is None
    assert answer["hint"] is None
    assert not answer["partial"]


def test_one_letter(client: Client):
    """A tag of one letter ranks above names that start with it."""
    answer = client.get("/api/v1/plugins", {"q": "c"}).json()
    names = [plugin["name"] for plugin in answer["plugins"]]
    assert names[0] == "bi-c-lint"
    assert "commit-coach" in names


def test_matches_are_marked(open_page: Any):
    """The name is marked with its signs."""
    (row,) = open_page("/search", q="c++").by_class("row")
    assert [mark.text for mark in row.by_class("row-text")[0].all("mark")] == ["C++"]


@pytest.mark.parametrize("text", ["++", "#", "…", "+ & +", "🚀"])
def test_signs_alone(open_page: Any, client: Client, text: str):
    """The answer says what can be searched."""
    answer = client.get("/api/v1/plugins", {"q": text}).json()
    assert answer["plugins"] == []
    assert text in answer["hint"]
    assert "letters or digits" in answer["hint"]
    page = open_page("/search", q=text)
    assert not page.by_class("row")
    empty = page.by_class("empty")[0].text
    assert text in empty
    assert "letters or digits" in empty
    assert client.get("/api/v1/suggest", {"q": text}).status_code == 200
