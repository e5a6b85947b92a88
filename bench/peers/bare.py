"""The least that an ASGI application can do: fixed answers on granian, as an upper bound.

`BARE_BODY` names a file with the metadata, `BARE_FILE` a package, which the server sends itself.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

METADATA_PATH = "/metadata"
PACKAGE_PATH = "/package"
ETAG = '"bare"'

_Send = Callable[[dict[str, Any]], Awaitable[None]]


def _build_start(status: int, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    common = [(b"etag", ETAG.encode()), (b"cache-control", b"public, no-cache")]
    return {"type": "http.response.start", "status": status, "headers": [*headers, *common]}


def _describe(length: int, content_type: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (b"content-type", content_type), (b"content-length", str(length).encode())


def build_application(body: bytes, package: str) -> Callable[..., Awaitable[None]]:
    """Return an application that serves the body at one path and the file at another."""
    found = _build_start(200, *_describe(len(body), b"application/json"))
    answer = {"type": "http.response.body", "body": body}
    unchanged = _build_start(304)
    nothing = {"type": "http.response.body", "body": b""}
    size = Path(package).stat().st_size
    file_start = _build_start(200, *_describe(size, b"application/gzip"))
    file_path = {"type": "http.response.pathsend", "path": package}

    async def application(scope: dict[str, Any], _receive: object, send: _Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == PACKAGE_PATH:
            await send(file_start)
            await send(file_path)
        elif (b"if-none-match", ETAG.encode()) in scope["headers"]:
            await send(unchanged)
            await send(nothing)
        else:
            await send(found)
            await send(answer)

    return application


def load_application() -> Callable[..., Awaitable[None]]:
    """Return the application for the files that the environment names."""
    return build_application(Path(os.environ["BARE_BODY"]).read_bytes(), os.environ["BARE_FILE"])
