"""Failed sign-ins without Redis count for all web processes together, and outlive them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.processes.harness import Registry, prepare_folder

pytestmark = pytest.mark.processes
TOO_MANY = "Too many failed login attempts"


def _fail_to_sign_in(url: str) -> str:
    # A new connection for each attempt, which the kernel gives to either process.
    with httpx.Client(base_url=url, follow_redirects=True) as http:
        form = http.get("/login").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token is not None
        data = {"login": "acme", "password": "wrong", "csrfmiddlewaretoken": token[1]}
        return http.post("/login", data=data).text


def test_web_processes_count_failed_sign_ins_together(
    tmp_path: Path, empty_database: bytes
) -> None:
    folder = tmp_path / "registry"
    prepare_folder(folder, empty_database)
    registry = Registry(folder)
    try:
        registry.start(workers=2)
        pages = [_fail_to_sign_in(registry.url) for _ in range(10)]
        registry.kill_everything()
        registry.start(workers=2)
        after = _fail_to_sign_in(registry.url)
    finally:
        registry.close()
    assert [TOO_MANY in page for page in pages] == [False] * 5 + [True] * 5
    assert TOO_MANY in after, "a restart gives no new attempts"
