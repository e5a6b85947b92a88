"""A passkey in a browser: sign up with one, sign out, sign in again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser import watch
from tests.support.server import LiveRegistry


@pytest.fixture
def named_registry(tmp_path: Any, empty_database: bytes) -> Iterator[LiveRegistry]:
    """A registry with the name `localhost`: browsers create no passkeys for addresses."""
    registry = LiveRegistry(tmp_path, empty_database=empty_database)
    registry.environment["PLUGPORT_BASE_URL"] = f"http://localhost:{registry.port}"
    registry.prepare()
    try:
        registry.start(has_worker=False)
        yield registry
    finally:
        registry.stop()


@pytest.fixture
def tab(chromium: Any, named_registry: LiveRegistry) -> Iterator[Any]:
    """A watched tab of a browser with a passkey that verifies its person without a question."""
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


def test_sign_up_and_in_with_a_passkey(tab: Any) -> None:
    tab.goto("/signup")
    tab.get_by_role("link", name="Use a passkey").click()
    tab.get_by_label("User name").fill("tide")
    tab.get_by_label("Email").fill("tide@example.test")
    tab.get_by_role("button", name="Continue").click()
    tab.get_by_label("Name").fill("laptop")
    tab.get_by_role("button", name="Create passkey").click()
    tab.wait_for_url(re.compile(r"\d/account$"))
    tab.goto("/account/security")
    assert tab.get_by_role("heading", name="laptop").is_visible()
    tab.goto("/logout")
    tab.get_by_role("button", name="Sign out").click()
    tab.goto("/login?next=/account/security")
    tab.get_by_role("button", name="Sign in with a passkey").click()
    tab.wait_for_url(re.compile(r"\d/account/security$"))
    tab.goto("/account/confirm?next=/account/sessions")
    tab.get_by_role("button", name="Use a passkey").click()
    tab.wait_for_url(re.compile(r"\d/account/sessions$"))
