"""Bodies of requests are read completely, within limits, before Django sees them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.errors import BodyTooLargeError
from gateway.bodies import ClientGoneError, read_body

OVER = BodyTooLargeError("The request body is too large for this path.")


def read(pieces: list[bytes], *, limit: int, scratch: Path, ends: bool = True) -> bytes:
    """Read a body that arrives in these pieces; `ends` is whether the last one says so."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    end = {"type": "http.request", "body": b"", "more_body": False}
    messages.append(end if ends else {"type": "http.disconnect"})
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def run() -> bytes:
        body = await read_body(
            receive, limit=limit, scratch=str(scratch), over_limit=OVER, is_package=True
        )
        try:
            # Twice, as when a request is sent to Django again.
            contents = [b"".join([p async for p in body.iter_pieces()]) for _ in range(2)]
            assert contents[0] == contents[1]
            assert body.size_bytes == len(contents[0])
            return contents[0]
        finally:
            body.close()

    return asyncio.run(run())


@given(pieces=st.lists(st.integers(0, 200_000), max_size=8), seed=st.binary(min_size=1, max_size=9))
def test_content_in_memory_and_in_a_file(
    pieces: list[int], seed: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scratch = tmp_path_factory.getbasetemp()
    sent = [(seed * size)[:size] for size in pieces]
    assert read(sent, limit=2_000_000, scratch=scratch) == b"".join(sent)


@pytest.mark.parametrize("limit", [10, 300_000])
def test_the_limit_is_exact(limit: int, tmp_path: Path) -> None:
    assert len(read([b"x" * limit], limit=limit, scratch=tmp_path)) == limit
    with pytest.raises(BodyTooLargeError):
        read([b"x" * limit, b"x"], limit=limit, scratch=tmp_path)


def test_a_client_that_leaves(tmp_path: Path) -> None:
    with pytest.raises(ClientGoneError):
        read([b"x" * 300_000], limit=400_000, scratch=tmp_path, ends=False)
    assert list(tmp_path.iterdir()) == []
