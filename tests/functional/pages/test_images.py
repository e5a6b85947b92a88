"""The addresses of pictures: out of a release, and through the proxy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from marketplace.images import fetching
from marketplace.images.address import make_path
from marketplace.images.fetching import Images
from marketplace.images.shelf import Shelf
from marketplace.pages import images as pages
from registry.fetching import Fetcher
from registry.models import Release
from tests.support.odd_server import OddServer, make_answer, open_server
from tests.support.pictures import GIF, PNG, SCRIPTED_SVG, SVG

pytestmark = pytest.mark.django_db
CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OddServer]:
    """A host of pictures on this machine, which the proxy of this test may ask."""
    images = Images(Shelf(tmp_path / "images", 16 << 20), Fetcher(allow_loopback=True))
    monkeypatch.setattr(pages, "get_images", lambda: images)
    with open_server() as server:
        yield server


def path_of(url: str, label: str = "logo") -> str:
    path = make_path(url, label)
    assert path
    return path


def test_proxied(server: OddServer, client: Client, django_assert_num_queries: Any):
    """The bytes and what they are; nothing else of what the other side said."""
    server.answers["/a"] = make_answer(PNG, media_type="text/html", Set_Cookie="a=b", X_Evil="1")
    path = path_of(f"{server.url}/a")
    with django_assert_num_queries(0):
        answer = client.get(
            path, headers={"cookie": "sessionid=secretsecretsecret", "referer": "http://x"}
        )
    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Security-Policy"] == CSP
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert not {"Set-Cookie", "X-Evil", "Vary"} & set(answer.headers)
    assert "secret" not in server.requests[0]
    again = client.get(path, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_scripts_in_pictures(server: OddServer, client: Client):
    """A drawing that is opened by itself runs in a sandbox without anything."""
    server.answers["/a.svg"] = make_answer(SCRIPTED_SVG)
    answer = client.get(path_of(f"{server.url}/a.svg"))
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Security-Policy"] == CSP


def test_placeholder(server: OddServer, client: Client):
    """What cannot be shown is a picture with its label in it, for a short while."""
    server.answers["/a"] = make_answer(b"<html>")
    answer = client.get(path_of(f"{server.url}/a", '<b>"Build" & more</b>'))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cache-Control"] == "public, max-age=300"
    assert "&lt;b&gt;&quot;Build&quot; &amp; more&lt;/b&gt;</text>" in answer.content.decode()
    assert "ETag" not in answer.headers


def test_still_to_come(server: OddServer, client: Client, caplog: Any, monkeypatch: Any):
    """While others wait for slow hosts: come again. That is no error, and nobody keeps it."""
    monkeypatch.setattr(fetching, "SEATS", 0)
    images = Images(pages.get_images()._shelf, Fetcher(allow_loopback=True))
    monkeypatch.setattr(pages, "get_images", lambda: images)
    answer = client.get(path_of(f"{server.url}/a"))
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Cache-Control"] == "no-store"
    assert caplog.records == []


def test_no_open_proxy(server: OddServer, client: Client, settings: Any):
    """Only what this registry signed is fetched, and only with the key it has now."""
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
    """Where the operator blocks remote pictures, nothing is fetched."""
    settings.README_IMAGES = "block"
    assert client.get(path_of(f"{server.url}/a")).status_code == 404
    assert server.requests == []


def test_long_addresses():
    """An address that nobody would ask has no path here."""
    assert make_path("https://a.test/" + "x" * 2_000, "logo") is None


@pytest.fixture
def release(publisher: Any) -> Release:
    """A release with pictures and other things."""
    files = {
        "docs/a b.png": PNG,
        "logo.svg": SCRIPTED_SVG,
        "really.png": b"<!doctype html><script>alert(1)</script>",
        "gif.txt": GIF,
        "#1.svg": SVG,
    }
    release: Release = publisher.publish("@acme/chat", "1.0.0", files=files)
    return release


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
    """Pictures as they are, by what they are, to be kept for a moment, able to do nothing."""
    answer = client.get(f"{RAW}/{path}")
    assert answer.status_code == 200
    assert answer.content == body
    assert answer["Content-Type"] == media_type
    assert answer["Content-Security-Policy"] == CSP
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=300"
    again = client.get(f"{RAW}/{path}", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("really.png", 404),
        ("index.js", 404),
        ("plugport.yaml", 404),
        ("docs", 404),
        ("docs/../logo.svg", 404),
        ("none.png", 404),
        ("%00.png", 404),
        ("..%2F..%2Fetc%2Fpasswd", 404),
    ],
)
def test_nothing_else_is_raw(client: Client, release: Release, path: str, status: int):
    """No page and no script is ever served as it is, whatever it is called."""
    answer = client.get(f"{RAW}/{path}")
    assert answer.status_code == status
    assert "script>alert" not in answer.content.decode()


def test_raw_of_a_tag(client: Client, release: Release):
    """A dist-tag leads to the version, whose pictures never change."""
    answer = client.get("/plugins/@acme/chat/latest/raw/docs/a%20b.png")
    assert answer.status_code == 302
    assert answer["Location"] == f"{RAW}/docs/a%20b.png"


def test_raw_of_what_is_blocked(client: Client, release: Release):
    """Of a quarantined release nothing is served; its page asks for nothing."""
    Release.objects.update(state="quarantined")
    assert client.get(f"{RAW}/logo.svg").status_code == 403


def test_queries(client: Client, release: Release, django_assert_num_queries: Any):
    """Two, whatever the release has."""
    with django_assert_num_queries(2):
        client.get(f"{RAW}/logo.svg")
