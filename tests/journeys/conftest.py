"""A registry with the demo catalog, and Chromium to open its pages.

Every tab is watched: an error on the console, or a request to another host, fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import watch
from tests.support.groups import stop_after_groups
from tests.support.people import PASSWORD
from tests.support.server import LiveRegistry

MEMBER = "wanda"
_NO_LIMIT = "1000000/minute"
# In one process: starting Python and Django takes as long as publishing the catalog.
_FILL = """
import json, sys
from django.core.management import call_command
from tests.support.people import create_user
create_user(json.load(sys.stdin))
call_command("load_demo")
"""
OpenTab = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder as browser tests."""
    for item in items:
        if "tests/journeys/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def _demo_registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_database: bytes
) -> Iterator[LiveRegistry]:
    registry = LiveRegistry(
        tmp_path_factory.mktemp("demo"),
        empty_database=empty_database,
        PLUGPORT_LIMIT_READ=_NO_LIMIT,
        PLUGPORT_LIMIT_WRITE=_NO_LIMIT,
    )
    registry.prepare()
    registry.run(_FILL, MEMBER)
    stop_after_groups(request.session, registry.stop)
    yield registry
    registry.stop()


@pytest.fixture(scope="module")
def demo_registry(_demo_registry: LiveRegistry) -> LiveRegistry:
    """A separate registry with the demo catalog, and an account for signing in."""
    _demo_registry.start_again()
    return _demo_registry


@pytest.fixture
def open_tab(chromium: Any, demo_registry: LiveRegistry) -> Iterator[OpenTab]:
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
        faults.append(watch(tab, demo_registry.url, has_error_pages=True))
        return tab

    yield open_it
    for context in contexts:
        context.close()
    assert [fault for each in faults for fault in each] == []


@pytest.fixture(scope="module")
def _shared_tab(chromium: Any, demo_registry: LiveRegistry) -> Iterator[tuple[Any, list[str]]]:
    context = chromium.new_context(base_url=demo_registry.url)
    tab = context.new_page()
    yield tab, watch(tab, demo_registry.url, has_error_pages=True)
    context.close()


@pytest.fixture
def shared_tab(_shared_tab: tuple[Any, list[str]]) -> Iterator[Any]:
    """A watched tab of all tests of the module, as after opening: 1280 px, light, no cookies.

    A context of its own would load scripts, styles and fonts again for each test. For tests that
    open a page and look at it; others use `open_tab`.
    """
    tab, faults = _shared_tab
    tab.context.clear_cookies()
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    yield tab
    tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    found = list(faults)
    faults.clear()
    assert found == []


@pytest.fixture
def named_registry(tmp_path: Path, empty_database: bytes) -> Iterator[LiveRegistry]:
    """A registry of the test alone, without processes, with the name `localhost`.

    Browsers create no passkeys for addresses. The test sets the environment and starts it.
    """
    registry = LiveRegistry(tmp_path, empty_database=empty_database)
    registry.environment["PLUGPORT_BASE_URL"] = f"http://localhost:{registry.port}"
    yield registry
    registry.stop()


@pytest.fixture
def passkey_tab(chromium: Any, named_registry: LiveRegistry) -> Iterator[Any]:
    """A watched tab of `named_registry`, with a passkey that verifies its person without a question."""
    home = named_registry.environment["PLUGPORT_BASE_URL"]
    context = chromium.new_context(base_url=home)
    tab = context.new_page()
    faults = watch(tab, home)
    devices = context.new_cdp_session(tab)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield tab
    context.close()
    assert faults == []


def sign_up_with_passkey(tab: Any, username: str) -> None:
    """Create an account with the passkey of `passkey_tab` and without a password."""
    tab.goto("/signup")
    tab.get_by_role("link", name="Use a passkey").click()
    tab.get_by_label("User name").fill(username)
    tab.get_by_label("Email").fill(f"{username}@example.test")
    tab.get_by_role("button", name="Continue").click()
    tab.get_by_label("Name").fill("laptop")
    tab.get_by_role("button", name="Create passkey").click()
    tab.wait_for_url(re.compile(r"\d/account$"))


def sign_in(tab: Any, username: str = MEMBER) -> None:
    """Sign in as an account with the password of all test accounts."""
    tab.goto("/login")
    tab.fill("#id_login", username)
    tab.fill("#id_password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/account")
