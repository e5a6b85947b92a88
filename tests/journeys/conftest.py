"""A registry with the demo catalogue, and Chromium in front of it.

Every tab is watched: a fault on the console, or a request to another host, fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.browser import chromium, watch  # noqa: F401 -- a fixture
from tests.support.people import PASSWORD
from tests.support.server import LiveRegistry

MEMBER = "wanda"
_NO_LIMIT = "1000000/minute"
OpenTab = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs a browser."""
    for item in items:
        if "tests/journeys/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """A registry of its own with the demo in it, and an account that signs in."""
    registry = LiveRegistry(
        tmp_path_factory.mktemp("demo"),
        PLUGPORT_LIMIT_READ=_NO_LIMIT,
        PLUGPORT_LIMIT_WRITE=_NO_LIMIT,
    )
    registry.manage("migrate", "--verbosity", "0")
    registry.manage("load_demo")
    registry.make_tokens(MEMBER)
    try:
        registry.start()
        yield registry
    finally:
        registry.stop()


@pytest.fixture
def open_tab(chromium: Any, demo_registry: LiveRegistry) -> Iterator[OpenTab]:  # noqa: F811
    """Open a watched tab: `open_tab(width=320, color_scheme="dark", java_script_enabled=False)`."""
    contexts, faults = [], []

    def open_it(*, width: int = 1280, height: int = 800, **options: Any) -> Any:
        context = chromium.new_context(
            base_url=demo_registry.url,
            viewport={"width": width, "height": height},
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        contexts.append(context)
        tab = context.new_page()
        faults.append(watch(tab, demo_registry.url, has_lost_pages=True))
        return tab

    yield open_it
    for context in contexts:
        context.close()
    assert [fault for each in faults for fault in each] == []


def sign_in(tab: Any) -> None:
    """Sign in as `MEMBER`."""
    tab.goto("/login")
    tab.fill("#id_login", MEMBER)
    tab.fill("#id_password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/account")
