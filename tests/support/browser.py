"""Chromium for tests, and tabs that record errors."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

_ERROR_PAGE = re.compile(r"status of 40[014]")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def find_chromium() -> str:
    """Return the browser's path. If there is none, the test is skipped, or fails in CI."""
    # The headless shell has no window to draw and takes less than half of Chromium's time.
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing in CI")
        pytest.skip("Chromium is not installed: `bin/install-system` does")
    return path


@contextlib.contextmanager
def run_chromium() -> Iterator[Any]:
    """Start the browser; it closes at the end of the context."""
    from playwright.sync_api import expect, sync_playwright

    path = find_chromium()
    # As long as the other waits of Playwright; its default is five seconds.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def watch(tab: Any, home: str, *, has_error_pages: bool = False) -> list[str]:
    """Return a list to which every error on the console and every request to another host is added.

    With `has_error_pages`, console errors about responses of 400, 401 and 404 are ignored.
    """
    faults: list[str] = []

    def record_message(message: Any) -> None:
        is_expected = has_error_pages and _ERROR_PAGE.search(message.text)
        if message.type == "error" and not is_expected:
            faults.append(f"{tab.url}: {message.text}")

    def record_request(request: Any) -> None:
        if not request.url.startswith((f"{home}/", "data:")):
            faults.append(f"asked {request.url}")

    tab.on("console", record_message)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", record_request)
    return faults
