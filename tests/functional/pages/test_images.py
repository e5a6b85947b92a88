"""The URLs of images: files of a release, and proxied images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from common.http.safe import Fetcher
from marketplace.images import fetching
from marketplace.images.disk_cache import ImageDiskCache
from marketplace.images.fetching import ImageCache
from marketplace.images.signed_urls import build_path
from marketplace.pages import images as pages
from registry.models import Release
from tests.support.odd_server import OddServer, build_response, open_server
from tests.support.pictures import GIF, PNG, SCRIPTED_SVG, SVG
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OddServer]:
    """An image host on this machine, to which the proxy of this test may connect."""
    images = ImageCache(ImageDiskCache(tmp_path / "images", 16 << 20), Fetcher(allow_loopback=True))
    monkeypatch.setattr(pages, "get_image_cache", lambda: images)
    with open_server() as server:
        yield server


def path_of(url: str, label: str = "logo") -> str:
    path = build_path(url, label)
    assert path
    return path


def test_proxied(server: OddServer, client: Client, django_assert_num_queries: Any):
    """Body and media type of the image; no other header of the remote response."""
    server.answers["/a"] = build_response(PNG, media_type="text/html", Set_Cookie="a=b", X_Evil="1")
    path = path_of(f"{server.url}/a")
    with django_assert_num_queries(0):
        response = client.get(
            path, headers={"cookie": "sessionid=secretsecretsecret", "referer": "http://x"}
        )
    assert response.status_code == 200
    assert response.content == PNG
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == CSP
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert not {"Set-Cookie", "X-Evil", "Vary"} & set(response.headers)
    assert "secret" not in server.requests[0]
    again = client.get(path, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_scripts_in_pictures(server: OddServer, client: Client):
    """An SVG that is opened directly is sandboxed by its Content-Security-Policy."""
    server.answers["/a.svg"] = build_response(SCRIPTED_SVG)
    response = client.get(path_of(f"{server.url}/a.svg"))
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Security-Policy"] == CSP


def test_placeholder(server: OddServer, client: Client):
    """An image that cannot be shown becomes a placeholder with its label, cached briefly."""
    server.answers["/a"] = build_response(b"<html>")
    response = client.get(path_of(f"{server.url}/a", '<b>"Build" & more</b>'))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"] == "public, max-age=300"
    assert "&lt;b&gt;&quot;Build&quot; &amp; more&lt;/b&gt;</text>" in response.content.decode()
    assert "ETag" not in response.headers


def test_still_to_come(server: OddServer, client: Client, caplog: Any, monkeypatch: Any):
    """While slow hosts occupy all slots, the response is an empty 202, which is not cached."""
    monkeypatch.setattr(fetching, "MAX_WAITING_REQUESTS", 0)
    images = ImageCache(pages.get_image_cache().disk_cache, Fetcher(allow_loopback=True))
    monkeypatch.setattr(pages, "get_image_cache", lambda: images)
    response = client.get(path_of(f"{server.url}/a"))
    assert (response.status_code, response.content) == (202, b"")
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Cache-Control"] == "no-store"
    assert caplog.records == []


def test_no_open_proxy(server: OddServer, client: Client, settings: Any):
    """Only URLs signed with the current key are fetched."""
    path = path_of(f"{server.url}/a")
    _, _, signature, payload = path.split("/")
    other = path_of(f"{server.url}/b").split("/")
    for bad in (
        f"/images/{other[2]}/{payload}",
        f"/images/{signature}/{other[3]}",
        f"/images/{signature[:-1]}/{payload}",
        f"/images/{signature}/{payload}=",
        f"/images/ü/{payload}",
    ):
        assert client.get(bad).status_code == 404, bad
    settings.SECRET_KEY = "another"
    assert client.get(path).status_code == 404
    assert server.requests == []


def test_blocked(server: OddServer, client: Client, settings: Any):
    """If the operator blocks remote images, nothing is fetched."""
    settings.README_IMAGES = "block"
    assert client.get(path_of(f"{server.url}/a")).status_code == 404
    assert server.requests == []


def test_long_addresses():
    """URLs over the limit of the HTTP client get no proxy URL."""
    assert build_path("https://a.test/" + "x" * 2_000, "logo") is None


@pytest.fixture(scope="module")
def _published(module_publisher: Publisher) -> None:
    """A release with images and other files."""
    files = {
        "docs/a b.png": PNG,
        "logo.svg": SCRIPTED_SVG,
        "really.png": b"<!doctype html><script>alert(1)</script>",
        "gif.txt": GIF,
        "#1.svg": SVG,
    }
    module_publisher.publish("@acme/chat", "1.0.0", files=files)


@pytest.fixture
def release(_published: None, _module_packages: None, db: None) -> Release:
    """The release of the module."""
    return Release.objects.get()


RAW = "/plugins/@acme/chat/1.0.0/raw"


@pytest.mark.parametrize(
    ("path", "body", "media_type"),
    [
        ("docs/a%20b.png", PNG, "image/png"),
        ("logo.svg", SCRIPTED_SVG, "image/svg+xml"),
        ("gif.txt", GIF, "image/gif"),
        ("%231.svg", SVG, "image/svg+xml"),
    ],
    ids=["png", "svg", "gif", "quoted"],
)
def test_raw(client: Client, release: Release, path: str, body: bytes, media_type: str):
    """Unchanged images with their detected type, a short cache lifetime and a sandbox."""
    response = client.get(f"{RAW}/{path}")
    assert response.status_code == 200
    assert response.content == body
    assert response["Content-Type"] == media_type
    assert response["Content-Security-Policy"] == CSP
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=300"
    again = client.get(f"{RAW}/{path}", headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_else_is_raw(client: Client, release: Release):
    """HTML and scripts are never served raw, whatever their name (stored XSS, CWE-79)."""
    paths = [
        "really.png",
        "index.js",
        "plugport.yaml",
        "docs",
        "docs/../logo.svg",
        "none.png",
        "%00.png",
        "..%2F..%2Fetc%2Fpasswd",
    ]
    responses = {path: client.get(f"{RAW}/{path}") for path in paths}
    statuses = {path: response.status_code for path, response in responses.items()}
    assert statuses == dict.fromkeys(paths, 404)
    assert not [p for p, each in responses.items() if "script>alert" in each.content.decode()]


def test_raw_of_a_tag(client: Client, release: Release):
    """A dist-tag redirects to the version, whose images never change."""
    response = client.get("/plugins/@acme/chat/latest/raw/docs/a%20b.png")
    assert response.status_code == 302
    assert response["Location"] == f"{RAW}/docs/a%20b.png"


def test_images_of_blocked_releases_are_not_served(client: Client, release: Release):
    """No image of a quarantined release is served, and its page loads none."""
    Release.objects.update(state="quarantined")
    assert client.get(f"{RAW}/logo.svg").status_code == 403


def test_queries(client: Client, release: Release, django_assert_num_queries: Any):
    """Two queries, for any release."""
    with django_assert_num_queries(2):
        client.get(f"{RAW}/logo.svg")
