"""Request bodies of forms: read in small chunks, rejected if too large."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from config.uploads import DiscardUploadHandler
from tests.support.people import create_api_token

pytestmark = pytest.mark.django_db

HEAD = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
FORMS = ("/login", "/signup", "/password/reset", "/account/tokens")


class Body(io.RawIOBase):
    """A body of `size` bytes that records its reads."""

    def __init__(self, size: int, end: bytes = b"") -> None:
        self.rest = io.BytesIO(HEAD + b"x" * (size - len(HEAD) - len(end)) + end)
        self.asked: list[int] = []

    def read(self, size: int = -1) -> bytes:
        self.asked.append(size)
        return self.rest.read(size)


def send(path: str, body: Body, size: int) -> Any:
    client = Client(enforce_csrf_checks=True)
    client.get("/login")  # sets the CSRF cookie, without which no body is read
    environment: dict[str, Any] = {
        "wsgi.input": body,
        "CONTENT_LENGTH": str(size),
        "CONTENT_TYPE": "multipart/form-data; boundary=B",
    }
    return client.generic("POST", path, **environment)


@pytest.mark.parametrize("path", FORMS)
def test_large_form_is_refused_unread(path: str, settings: Any) -> None:
    size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    body = Body(size)
    response = send(path, body, size)
    assert response.status_code == 413
    assert b"too large for this path" in response.content
    assert body.asked == []


@pytest.mark.parametrize("path", FORMS)
def test_files_are_read_in_pieces_and_dropped(path: str) -> None:
    size = 900_000
    body = Body(size, end=b"\r\n--B--\r\n")
    assert send(path, body, size).status_code == 403
    assert max(body.asked) <= DiscardUploadHandler.chunk_size
    assert body.rest.read() == b""


def test_large_plain_form(settings: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/login")
    text = "a=" + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    response = client.post("/login", text, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413


MANY = {f"parameter{number}": "1" for number in range(1001)}
TOO_MANY = "The request has more than 1000 parameters."


def has_tracebacks(caplog: pytest.LogCaptureFixture) -> bool:
    """Anyone can send this, and each line would be a page long."""
    return any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    "path",
    [
        *("/search", "/login", "/docs", "/plugins/@acme/chat/files", "/plugins/@acme/chat/compare"),
        *("/api/v1/plugins", "/api/v1/suggest", "/api/v1/plugins/@acme/chat/1.0.0/diff"),
    ],
)
def test_too_many_parameters_are_refused_without_a_traceback(
    client: Client, publisher: Any, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.publish("@acme/chat")
    response = client.get(f"{path}?{urlencode(MANY)}")
    assert response.status_code == 400
    assert TOO_MANY in response.content.decode()
    is_api = path.startswith("/api/")
    expected = "application/problem+json" if is_api else "text/html; charset=utf-8"
    assert response.headers["Content-Type"] == expected
    assert not has_tracebacks(caplog)


@pytest.mark.parametrize("media_type", [None, "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("path", FORMS[:3])
def test_too_many_fields_of_a_form(
    path: str, media_type: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/login")
    # The default of the client is multipart.
    response = (
        client.post(path, urlencode(MANY), content_type=media_type)
        if media_type
        else client.post(path, MANY)
    )
    assert response.status_code == 400
    assert TOO_MANY in response.content.decode()
    assert not has_tracebacks(caplog)


def test_too_many_fields_of_an_upload(
    client: Client, owner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Authorization": f"Bearer {create_api_token(owner)}"}
    response = client.post("/api/v1/plugins", MANY, headers=headers)
    assert (response.status_code, response.json()["detail"]) == (400, TOO_MANY)
    assert not has_tracebacks(caplog)
