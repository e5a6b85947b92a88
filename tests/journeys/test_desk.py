"""Moderators decide in the admin, with the keyboard alone, on pages that are usable for everyone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.axe import expect_usable
from tests.support.people import PASSWORD
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry

_MODERATOR = "maude"
# A password of a host that only its owner's network reaches: the release is held.
_CONFIG = "db: postgres://app:hunter22x9@db.internal:5432/app\n"


@pytest.fixture(scope="module")
def name(demo_registry: LiveRegistry) -> str:
    """The name of a plugin whose first release is held."""
    values = {_MODERATOR: {"is_moderator": True, "is_staff": True}}
    tokens = demo_registry.create_api_tokens("olga", _MODERATOR, **values)
    package = build_package("@olga/held", files={"config/prod.yaml": _CONFIG})
    with demo_registry.client(tokens["olga"]) as client:
        response = client.post(
            "/api/v1/plugins", params={"wait": 50}, files={"package": ("x.tgz", package)}
        )
    assert response.json()["state"] == "held", response.text
    return "@olga/held"


def _open_desk(tab: Any) -> None:
    tab.goto("/login?next=/admin/")
    tab.fill("#id_login", _MODERATOR)
    tab.fill("#id_password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/admin/")


def _press_tab_until(tab: Any, text: str) -> None:
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.textContent.trim()").startswith(text):
            return
    pytest.fail(f"no element with the text {text!r} gets the focus")


def test_decision_with_the_keyboard(open_tab, name):
    tab = open_tab(color_scheme="light", reduced_motion="reduce")
    _open_desk(tab)
    expect_usable(tab)
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.click(f"text={name}")
    tab.wait_for_url("**/change/")
    assert "config/prod.yaml:1" in tab.inner_text("main")
    expect_usable(tab)
    tab.goto("/admin/")
    _press_tab_until(tab, f"Reject {name}@1.0.0")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/decide/reject/**")
    _press_tab_until(tab, "Reject")
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.type(" ")
    tab.keyboard.press("Tab")
    tab.evaluate("document.querySelector('form').noValidate = true")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".desk-error")
    expect_usable(tab)
    tab.fill("#id_reason", "The password of a database is in `config/prod.yaml`.")
    _press_tab_until(tab, "Reject")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/change/")
    assert f"Rejected: {name}@1.0.0." in tab.inner_text(".messagelist")
    assert "by maude" in tab.inner_text("main")
    expect_usable(tab)
