"""Compressed responses, and those that must not be compressed."""

from __future__ import annotations

import gzip

import pytest

from tests.support.publishing import Publisher

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("_published", "_module_packages"),
]
TAKES = {"Accept-Encoding": "gzip, deflate, br"}
TEXTS = [
    "/",
    "/search?q=chat",
    "/plugins/chat",
    "/docs/manifest",
    "/nowhere",
    "/sitemap.xml",
    "/feeds/new.atom",
    "/badges/chat/version.svg",
    "/llms.txt",
    "/api/v1/plugins/chat",
    "/api/v1/plugins",
]


@pytest.fixture(scope="module")
def _published(module_publisher: Publisher) -> None:
    module_publisher.publish(
        "chat", files={"README.md": "# Chat\n\n" + "Says hello to everybody. " * 400}
    )


@pytest.mark.parametrize("path", TEXTS)
def test_texts_are_smaller_and_the_same(client, path):
    plain = client.get(path)
    packed = client.get(path, headers=TAKES)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    whole, sent = plain.getvalue(), packed.getvalue()
    assert len(sent) < len(whole)
    assert packed.headers.get("Content-Length", str(len(sent))) == str(len(sent))
    # Forms carry another token in each response, and times go on; the length hardly changes.
    assert abs(len(gzip.decompress(sent)) - len(whole)) < 50


def test_a_long_page_is_light(client):
    """Most of a page repeats itself."""
    assert len(client.get("/plugins/chat", headers=TAKES).content) < 12_000


@pytest.mark.parametrize("path", ["/api/v1/plugins/chat/1.0.0/download", "/cards/chat.png"])
def test_bytes_stay_as_they_are(client, path):
    response = client.get(path, headers=TAKES)
    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers


def test_compressed_responses_are_revalidated(client):
    """Its ETag is weak (RFC 9110, 8.8.1) and good for `If-None-Match`."""
    path = "/api/v1/plugins/chat"
    etag = client.get(path, headers=TAKES).headers["ETag"]
    assert etag == f"W/{client.get(path).headers['ETag']}"
    again = client.get(path, headers={**TAKES, "If-None-Match": etag})
    assert again.status_code == 304
    assert again.headers["ETag"] == etag
    assert not again.content
