"""An operator connects an identity provider, and a person signs in with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.journeys.axe import expect_usable
from tests.support.identity_providers import run_oidc_provider_mock
from tests.support.people import PASSWORD
from tests.support.server import LiveRegistry

_CREATE_OPERATOR = """
from tests.support.people import create_user
create_user("olga", is_superuser=True, is_staff=True)
create_user("zoe")
"""


@pytest.fixture
def provider() -> Iterator[str]:
    """The URL of an OpenID Connect provider that knows Ada."""
    with run_oidc_provider_mock() as url:
        claims = {"email": "ada@corp.example", "email_verified": True, "nickname": "ada"}
        httpx.put(f"{url}/users/ada-1", json=claims, trust_env=False).raise_for_status()
        yield url


@pytest.fixture
def registry(tmp_path: Any, empty_database: bytes, provider: str) -> Iterator[LiveRegistry]:
    """A registry whose operator has allowed the provider."""
    registry = LiveRegistry(
        tmp_path,
        empty_database=empty_database,
        PLUGPORT_SSO_PRIVATE_HOSTS=urlsplit(provider).netloc,
    )
    registry.prepare()
    registry.run(_CREATE_OPERATOR)
    try:
        registry.start()
        yield registry
    finally:
        registry.stop()


def test_set_up_and_sign_in(chromium: Any, registry: LiveRegistry, provider: str) -> None:
    """From the set-up page to the first sign-in, and out again at both."""
    browser = chromium.new_context(base_url=registry.url, color_scheme="light")
    tab = browser.new_page()
    tab.goto("/login")
    tab.get_by_label("User name or email").fill("olga")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.goto("/sso/connections")
    expect_usable(tab)
    tab.get_by_role("link", name="Add SAML").click()
    expect_usable(tab)
    tab.goto("/sso/connections/new/oidc")
    expect_usable(tab)
    tab.get_by_label("Name", exact=True).fill("Corp")
    tab.get_by_label("Issuer").fill(provider)
    tab.get_by_label("Client ID").fill("plugport")
    tab.get_by_label("Client secret").fill("secret")
    tab.get_by_role("button", name="Create connection").click()
    _sign_in_at_provider(tab, "Test sign-in", "ada-1")
    tab.get_by_text("The test sign-in succeeded.").wait_for()
    expect_usable(tab)
    tab.get_by_role("button", name="Switch on").click()
    tab.get_by_role("button", name="Switch off").wait_for()

    person = chromium.new_context(base_url=registry.url)
    tab = person.new_page()
    tab.goto("/account/tokens")
    _sign_in_at_provider(tab, "Continue with Corp", "ada-1")
    tab.wait_for_url("**/account/tokens")
    tab.goto("/account/sso")
    assert "as ada-1" in tab.content()
    expect_usable(tab)
    tab.goto("/logout")
    with tab.expect_request(lambda request: request.url.startswith(f"{provider}/")):
        tab.get_by_role("button", name="Sign out").click()
    tab.goto("/account")
    tab.get_by_role("heading", name="Sign in").wait_for()
    browser.close()
    person.close()


def _sign_in_at_provider(tab: Any, link: str, subject: str) -> None:
    tab.get_by_role("link", name=link).click()
    tab.locator("input[name=sub]").fill(subject)
    tab.locator("input[name=sub]").press("Enter")


def test_suspend_an_account(chromium: Any, registry: LiveRegistry) -> None:
    """An operator suspends an account, and ends the suspension."""
    tab = chromium.new_context(base_url=registry.url).new_page()
    tab.goto("/login?next=/accounts/zoe")
    tab.get_by_label("User name or email").fill("olga")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    expect_usable(tab)
    tab.get_by_label("Security reviewer").check()
    tab.get_by_role("button", name="Save groups").click()
    tab.get_by_label("Reason").fill("Published malware.")
    tab.get_by_role("button", name="Suspend zoe").click()
    assert "Published malware." in tab.get_by_role("main").inner_text()
    expect_usable(tab)
    tab.get_by_role("button", name="End the suspension").click()
    assert "Suspend zoe" in tab.get_by_role("main").inner_text()
