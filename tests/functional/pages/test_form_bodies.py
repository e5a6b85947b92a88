"""Request bodies of forms: read in small chunks, rejected if too large."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from config.uploads import DiscardUploadHandler

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


@pytest.mark.parametrize("path", ["/search", "/api/v1/plugins"])
def test_too_many_parameters_are_refused_without_a_traceback(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = "&".join(f"parameter{number}=1" for number in range(1001))
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    assert "The request has more than 1000 parameters." in response.content.decode()
    # Anyone can send this, and each line would be a page long.
    assert [record for record in caplog.records if record.exc_info] == []
