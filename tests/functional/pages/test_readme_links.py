"""Links and images of a README, followed from the page of its release."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal

import pytest
from django.test import Client

from tests.support.pictures import PNG

README = (
    "# Title\n\n[file](src/main.py) [folder](src) [spaced](docs/a%20b.md) [line](src/main.py#L2)"
    "\n\n![picture](docs/p.png)\n"
)


@pytest.mark.parametrize("page", ["/plugins/@acme/chat", "/plugins/@acme/chat/1.0.0"])
def test_links_and_images_load(open_page: Any, client: Client, publisher: Any, page: str):
    """Every link of the README to a file of the release works."""
    files = {"README.md": README, "src/main.py": "x = 1\ny = 2\n", "docs/a b.md": "# B\n"}
    publisher.publish("@acme/chat", files={**files, "docs/p.png": PNG})
    text = open_page(page).by_class("readme-text")[0]
    assert len(text.links) == 4
    for link in text.links:
        assert client.get(link).status_code == 200, link
    assert client.get(text.one("img").attrs["src"]).content == PNG


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_unicode_forms(open_page: Any, client: Client, publisher: Any, form: Literal["NFC", "NFD"]):
    """Links and images find files and folders in another Unicode form."""
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    readme = unicodedata.normalize(
        other, "[a](d\u00fc/a\u00e9.md) [b](d\u00fc) ![c](d\u00fc/c.png)"
    )
    path = unicodedata.normalize(form, "d\u00fc/a\u00e9.md")
    picture = unicodedata.normalize(form, "d\u00fc/c.png")
    publisher.publish("@acme/chat", files={"README.md": readme, path: "text", picture: PNG})
    text = open_page("/plugins/@acme/chat").by_class("readme-text")[0]
    assert [client.get(link).status_code for link in text.links] == [200, 200]
    assert client.get(text.one("img").attrs["src"]).content == PNG
