"""The pages of an organization, and a plugin that moves to one after a delay."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys import pages
from tests.journeys.axe import expect_usable
from tests.journeys.conftest import MEMBER, OpenTab, sign_in
from tests.support.people import PASSWORD
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, publish_and_wait, wait_until

_CREATE_PAGES = """
import json, sys
from tests.support.organization_pages import create_pages
print(json.dumps(create_pages(json.load(sys.stdin))))
"""
# An organization whose owner is `hetty` and whose manager is `manny`, and a plugin of `dora` that needs
# the plugin that moves.
_CREATE_PARTIES = """
from accounts.models import User
from tests.support.organizations import build_organization
build_organization(User.objects.get(username="hetty"), "harborworks", manny="manager")
"""
_END_DELAY = """
import json, sys
from django.utils import timezone
from registry.actions.transfers.effect import run_due_transfers
from registry.models import Transfer
name = json.load(sys.stdin)
Transfer.objects.filter(plugin__name=name, state="accepted").update(takes_effect_at=timezone.now())
run_due_transfers()
"""
_READ_DELAY = """
from registry.models import Transfer
found = Transfer.objects.get(state="accepted")
print(int((found.takes_effect_at - found.accepted_at).total_seconds() / 3600))
"""
NAME = "harbor-lights"


def test_pages_of_an_organization(open_tab: OpenTab, demo_registry: LiveRegistry) -> None:
    """Every page of an owner, with more members than one page shows, and the page of a claim."""
    demo_registry.create_api_tokens("rita")
    created = json.loads(demo_registry.run(_CREATE_PAGES, "rita"))
    assert created.keys() == pages.CREATED
    tab = open_tab(color_scheme="light", reduced_motion="reduce")
    sign_in(tab, "rita")
    paths = chain(chain.from_iterable(pages.ORGANIZATION.values()), created.values())
    for path in paths:
        response = tab.goto(path)
        if "/account/confirm" in tab.url:
            # The sign-in was more than five minutes ago.
            tab.get_by_label("Password").fill(PASSWORD)
            with tab.expect_navigation() as navigation:
                tab.get_by_role("button", name="Confirm with password").click()
            response = navigation.value
        assert (response.status, tab.url.removeprefix(demo_registry.url)) == (200, path)
        expect_usable(tab)
        tab.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_member_is_found(
    open_tab: OpenTab, demo_registry: LiveRegistry, has_scripts: bool
) -> None:
    demo_registry.create_api_tokens("olive")
    name = f"found-{has_scripts}".lower()
    demo_registry.run(
        """
import json, sys
from accounts.models import User
from tests.support.organizations import build_organization
name = json.load(sys.stdin)
found = build_organization(User.objects.get(username="olive"), name)
from tests.support.people import create_user
for word in ("anchor", "buoy"):
    found.memberships.create(user=create_user(f"{name}-{word}"), role="member")
""",
        name,
    )
    tab = open_tab(java_script_enabled=has_scripts)
    sign_in(tab, "olive")
    tab.goto(f"/organizations/{name}/members")
    tab.get_by_label("Find a member").fill("BUOY")
    tab.get_by_label("Find a member").press("Enter")
    tab.wait_for_url("**/members?q=BUOY")
    expect(tab.locator(".member h3")).to_have_count(1)
    expect(tab.locator(".member h3")).to_contain_text(f"{name}-buoy")


def test_a_plugin_moves_to_an_organization(open_tab: OpenTab, demo_registry: LiveRegistry) -> None:
    """Offered, accepted, canceled by the old owner; offered again, and moved after 72 hours."""
    tokens = demo_registry.create_api_tokens(MEMBER, "hetty", "dora")
    demo_registry.run(_CREATE_PARTIES)
    with (
        demo_registry.client(tokens[MEMBER]) as author,
        demo_registry.client(tokens["dora"]) as dora,
    ):
        publish_and_wait(author, build_package(NAME))
        publish_and_wait(
            dora, build_package("@dora/lamps", dependencies={"plugins": {NAME: "^1.0.0"}})
        )
    old, new = open_tab(reduced_motion="reduce"), open_tab(reduced_motion="reduce")
    sign_in(old)
    sign_in(new, "hetty")

    offer(old)
    accept(new)
    assert int(demo_registry.run(_READ_DELAY)) == 72
    assert read_plugin(demo_registry)["pendingTransfer"]["to"] == "harborworks"
    old.goto(f"/plugins/{NAME}/transfer")
    old.get_by_role("heading", name="It moves to harborworks").wait_for()
    expect_usable(old)
    old.get_by_role("button", name="Cancel the transfer").click()
    old.wait_for_url("**/account")
    plugin = read_plugin(demo_registry)
    assert (plugin["pendingTransfer"], plugin["publisher"]["name"]) == (None, MEMBER)
    wait_for_mail(demo_registry, "dora@example.test", "canceled")

    old.set_viewport_size({"width": 1280, "height": 800})
    offer(old)
    accept(new)
    demo_registry.run(_END_DELAY, NAME)
    plugin = read_plugin(demo_registry)
    publisher = plugin["publisher"]
    assert (publisher["name"], publisher["kind"]) == ("harborworks", "organization")
    assert plugin["transfers"][0]["from"] == MEMBER
    old.goto(f"/plugins/{NAME}")
    assert f"Before, it belonged to {MEMBER}." in old.get_by_role("main").inner_text()
    expect_usable(old)
    old.goto("/@harborworks")
    old.get_by_role("link", name=NAME).first.wait_for()
    # The former owner has no rights any longer.
    assert old.context.request.get(f"/plugins/{NAME}/transfer").status == 403
    for recipient in (f"{MEMBER}@example.test", "hetty@example.test", "dora@example.test"):
        wait_for_mail(demo_registry, recipient, "belongs to")


def offer(tab: Any) -> None:
    """As the owner, with the preview of what changes."""
    tab.goto(f"/plugins/{NAME}/transfer")
    tab.get_by_label("New owner").fill("harborworks")
    tab.get_by_role("button", name="Show what changes").click()
    tab.get_by_text("The transfer takes effect 72 hours after that.").wait_for()
    expect_usable(tab)
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.get_by_role("button", name="Offer it to harborworks").click()
    tab.get_by_text(f"{NAME} is offered to harborworks.").wait_for()


def accept(tab: Any) -> None:
    """As an owner of the organization, on the account page."""
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.goto("/account")
    expect_usable(tab)
    tab.get_by_role("button", name=f"Accept the transfer of {NAME}").click()
    tab.get_by_text("Moves on").wait_for()


def read_plugin(registry: LiveRegistry) -> Any:
    with registry.client() as client:
        return client.get(f"/api/v1/plugins/{NAME}").json()


def wait_for_mail(registry: LiveRegistry, recipient: str, words: str) -> None:
    """Wait until the worker has sent a mail about the plugin with these words."""

    def has_arrived() -> bool:
        texts = [path.read_text() for path in (registry.data_dir / "mail").glob("*")]
        return any(f"To: {recipient}" in text and NAME in text and words in text for text in texts)

    wait_until(has_arrived)
