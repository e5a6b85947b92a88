"""A newcomer signs up, verifies the address, creates a token, and changes the password."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.journeys.axe import expect_usable
from tests.support.server import LiveRegistry

USERNAME, PASSWORD, NEW_PASSWORD = "tide-newcomer", "staple of batteries 7", "batteries of staple 9"


def _expect_usable(tab: Any) -> None:
    expect_usable(tab)
    tab.set_viewport_size({"width": 1280, "height": 800})


def _find_link(registry: LiveRegistry) -> str:
    """The link in the mail, which a registry without a mail server writes to the data folder."""
    mails = [path.read_text() for path in Path(registry.data_dir, "mail").iterdir()]
    text = next(text for text in mails if f"To: {USERNAME}@example.test" in text)
    found = re.search(rf"^{re.escape(registry.url)}(/account/email/key/\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def test_from_sign_up_to_a_new_password(open_tab, demo_registry):
    tab = open_tab(color_scheme="light")
    tab.goto("/signup")
    tab.fill("#id_username", USERNAME)
    tab.fill("#id_email", f"{USERNAME}@example.test")
    tab.fill("#id_password1", PASSWORD)
    tab.fill("#id_password2", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/account")
    assert "Verify your email address" in tab.inner_text("main")
    _expect_usable(tab)
    tab.goto("/account/tokens")
    assert tab.locator("#id_name").count() == 0
    _expect_usable(tab)
    tab.goto("/account/email")
    assert "in the folder mail of the data folder" in tab.inner_text("main")
    _expect_usable(tab)

    tab.goto(_find_link(demo_registry))
    assert tab.url == f"{demo_registry.url}/account/email"
    _expect_usable(tab)
    tab.get_by_role("button", name="Verify address").click()
    tab.wait_for_url("**/account")
    assert "Your email address is verified." in tab.inner_text("main")

    tab.goto("/account/tokens")
    for name in ("laptop", "release workflow"):
        tab.fill("#id_name", name)
        tab.get_by_role("button", name="Create token").click()
        tab.get_by_text("Your new token.").wait_for()
    tab.goto("/account/password")
    tab.get_by_label("release workflow").check()
    _expect_usable(tab)
    tab.fill("#id_oldpassword", PASSWORD)
    tab.fill("#id_password1", NEW_PASSWORD)
    tab.fill("#id_password2", NEW_PASSWORD)
    tab.get_by_role("button", name="Change password").click()
    tab.wait_for_url("**/account")
    text = tab.inner_text("main")
    assert "release workflow" in text
    assert "laptop" not in text
