"""Parts of files behind many other bytes of their package: decompressed once, a few at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from registry.actions.moderate_release import quarantine_release
from registry.models import Release
from registry.queries import package_files

FILE = "/plugins/@acme/chat/files/long.txt"
LINES = [f"line {number}" for number in range(60_000)]


@pytest.fixture
def release(publisher: Any, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release that counts as large, with a text of 640,000 bytes."""
    monkeypatch.setattr(package_files, "LARGE_RELEASE_BYTES", 0)
    released: Release = publisher.publish(files={"long.txt": "".join(f"{x}\n" for x in LINES)})
    return released


def read_part(client: Client, number: int) -> list[tuple[int, str]]:
    """The numbers and texts of the lines of a part."""
    page = client.get(FILE, {"page": number}).content.decode()
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("</td></tr>")[:-1]
    return [
        (int(row.partition('id="L')[2].partition('"')[0]), row.rpartition("<td>")[2].rstrip("\n"))
        for row in rows
    ]


def test_all_parts_together_are_the_file(client: Client, release: Release) -> None:
    """Also where a part crosses the blocks in which the file is decompressed."""
    texts: dict[int, str] = {}
    for part in range(1, 18):
        for number, text in read_part(client, part):
            texts[number] = texts.get(number, "") + text
    assert list(texts.values()) == LINES
    assert list(texts) == list(range(1, len(LINES) + 1))


def test_neighbors_are_not_decompressed_again(
    client: Client, release: Release, packages_dir: Path
) -> None:
    """The first part is stored with the next ones, on disk for other processes."""
    first = read_part(client, 1)
    for path in packages_dir.rglob("*"):
        if path.is_file():
            path.unlink()
    assert read_part(client, 1) == first
    caches["files"].clear()
    assert read_part(client, 11)[-1][0] > read_part(client, 2)[0][0] > first[-1][0] - 2
    assert client.get(FILE, {"page": 13}).status_code == 503


def test_a_stored_part_of_a_blocked_release_is_not_shown(
    client: Client, release: Release, moderator: Any
) -> None:
    assert b"line 7\n" in client.get(FILE).content
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    assert b"line 7\n" not in client.get(FILE).content


def test_few_requests_decompress(client: Client, release: Release, settings: Any) -> None:
    settings.COMPUTATION_SECONDS = 0.05
    with package_files.part_turns.take(max_seconds=60):
        response = client.get(FILE)
        assert client.get("/plugins/@acme/chat/files/index.js").status_code == 200
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert client.get(FILE).status_code == 200
    with package_files.part_turns.take(max_seconds=60):
        assert client.get(FILE, {"page": 2}).status_code == 200
