"""Chromium for tests, and tabs that notice what goes wrong in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def find_chromium() -> str:
    """The browser's path. Without one the test is skipped, and fails in CI."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing in CI")
        pytest.skip("Chromium is not installed: `bin/install-system` does")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, once for all tests of a module.

    Not longer: its event loop would stand behind the tests of other modules, and Django refuses
    to ask a database where one runs.
    """
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def watch(tab: Any, home: str, *, has_lost_pages: bool = False) -> list[str]:
    """A list that grows with every fault on the console and every request to another host.

    With `has_lost_pages` a page that is not there is no fault, though the console tells it.
    """
    faults: list[str] = []

    def note(said: Any) -> None:
        is_lost = has_lost_pages and "status of 404" in said.text
        if said.type == "error" and not is_lost:
            faults.append(f"{tab.url}: {said.text}")

    def note_request(request: Any) -> None:
        if not request.url.startswith((f"{home}/", "data:")):
            faults.append(f"asked {request.url}")

    tab.on("console", note)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", note_request)
    return faults
