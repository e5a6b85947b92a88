"""READMEs that were reported as wrongly shown, published and opened."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from marketplace.images.signed_urls import parse_path
from tests.functional.pages.dom import Node
from tests.support.data import shared_data


@pytest.fixture
def open_reported(open_page: Any, publisher: Any) -> Any:
    """Publish the plugin of a report and return its README as a tree."""

    def open_it(folder: str) -> Node:
        plugin = shared_data("reports", folder, "plugin")
        files = {
            path.relative_to(plugin).as_posix(): path.read_bytes()
            for path in sorted(plugin.rglob("*"))
            if path.is_file()
        }
        # The manifest is one of the files.
        release = publisher.publish(files=files)
        return open_page(f"/plugins/{release.plugin.name}").by_class("readme-text")[0]

    return open_it


def test_anchor_by_name(open_reported: Any):
    """`<a name>` is a target."""
    root = open_reported("07-readme-anchor-by-name")
    assert root.links == ["#readme-setup"]
    assert root.one(id="readme-setup").tag == "a"


def test_duplicate_heading_ids(open_reported: Any):
    """Each heading has its own id."""
    root = open_reported("08-readme-duplicate-heading-ids")
    ids = [node.attrs["id"] for node in root.all("h4")]
    assert ids == ["readme-usage", "readme-usage-1", "readme-usage-1-1"]


def test_repository_tree_url(open_reported: Any):
    """A repository URL with a branch and a folder is the base of relative links and images."""
    root = open_reported("09-repository-tree-url")
    base = "https://github.com/o/mono"
    assert root.links == [f"{base}/blob/main/packages/rd/docs/guide.md"]
    _, _, signature, payload = root.one("img").attrs["src"].split("/")
    url = f"{base}/raw/main/packages/rd/img/shot.png"
    assert parse_path(signature, payload) == (url, "shot")


def test_link_in_another_unicode_form(open_reported: Any, client: Client):
    """A link finds its file, whatever the Unicode form of either."""
    root = open_reported("18-readme-link-other-unicode-form")
    (link,) = root.links
    assert client.get(link).status_code == 200
