"""A passkey in a browser: sign up with one, sign out, sign in again."""

from __future__ import annotations

import re
from typing import Any

from tests.journeys.conftest import sign_up_with_passkey
from tests.support.server import LiveRegistry


def test_sign_up_and_in_with_a_passkey(passkey_tab: Any, named_registry: LiveRegistry) -> None:
    named_registry.start(has_worker=False)
    tab = passkey_tab
    sign_up_with_passkey(tab, "tide")
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
