"""An owner invites another account, which accepts, and the owner leaves."""

from __future__ import annotations

from tests.journeys.axe import expect_usable
from tests.journeys.conftest import MEMBER, sign_in
from tests.support.publishing import build_package

GUEST = "tide-guest"
NAME = f"@{MEMBER}/shared"
PAGE = f"/plugins/{NAME}/owners"


def test_a_plugin_changes_hands(open_tab, demo_registry):
    tokens = demo_registry.create_api_tokens(MEMBER, GUEST)
    with demo_registry.client(tokens[MEMBER]) as client:
        package = build_package(NAME)
        response = client.post("/api/v1/plugins", files={"package": ("shared.tgz", package)})
        assert response.status_code in (200, 201, 202), response.text
    tab = open_tab(color_scheme="light", reduced_motion="reduce")
    sign_in(tab)
    tab.locator(".own", has_text=NAME).get_by_role("link", name="Owners").click()
    tab.wait_for_url(f"**{PAGE}")
    tab.get_by_label("User name").fill(GUEST)
    tab.get_by_label("Owner: also invite and remove members").check()
    tab.get_by_role("button", name="Invite", exact=True).click()
    tab.get_by_text(f"{GUEST} is invited.").wait_for()
    expect_usable(tab)

    guest = open_tab(color_scheme="light", reduced_motion="reduce")
    sign_in(guest, GUEST)
    expect_usable(guest)
    guest.get_by_role("button", name=f"Accept the invitation to {NAME}").click()
    guest.get_by_text(f"You are now an owner of {NAME}.").wait_for()

    tab.reload()
    tab.get_by_text(f"Change {MEMBER}").click()
    expect_usable(tab)
    tab.get_by_role("button", name=f"Leave {NAME}").click()
    tab.get_by_text(f"You are no longer a member of {NAME}.").wait_for()
