"""The pages in Chromium, at a registry with its worker: scripts and the Content-Security-Policy.

Every page is watched: an error on the console, or a request to another host, fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.functional.api.calls import AWS_KEY
from tests.support.browser import watch
from tests.support.people import PASSWORD
from tests.support.publishing import build_package

pytestmark = pytest.mark.browser
NAME = "@pages/chat"
README = (
    "# Chat\n\n[to the end](#the-end)\n\n"
    + "Text.\n\n" * 80
    + "## The end\n\n```js\nlet a = 1;\n```\n"
)


@pytest.fixture(scope="module")
def registry(live_registry: Any) -> Any:
    """A registry with one published plugin."""
    token = live_registry.create_api_tokens("pages")["pages"]
    with live_registry.client(token) as client:
        for version in ("1.0.0", "1.1.0"):
            readme = README.replace("Text.", f"Text of {version}.", 5)
            body = build_package(
                NAME,
                version,
                files={"README.md": readme},
                tags=["chat"],
                permissions={"network": [f"v{version}.example.test"]},
            )
            response = client.post("/api/v1/plugins?wait=60", files={"package": body})
            assert response.status_code in (200, 201), response.text
        live_registry.token = token
    return live_registry


@pytest.fixture
def page(chromium: Any, registry: Any) -> Iterator[Any]:
    """A monitored tab without a session."""
    context = chromium.new_context(
        base_url=registry.url, permissions=["clipboard-read", "clipboard-write"]
    )
    tab = context.new_page()
    faults = watch(tab, registry.url)
    yield tab
    context.close()
    assert faults == []


def _sign_in(tab: Any) -> None:
    tab.goto("/login")
    tab.fill("#id_login", "pages")
    tab.fill("#id_password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/account")


def test_slash_goes_to_the_search(page):
    """The key moves the focus, except while the reader types."""
    page.goto("/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("a/b")
    assert page.input_value("#q") == "a/b"


def test_first_stop_of_the_keyboard_skips_the_header(page):
    """Tab and Enter move the focus to the content."""
    page.goto("/docs")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_install_command_is_copied(page):
    """The button copies the command and confirms it."""
    page.goto(f"/plugins/{NAME}")
    button = page.get_by_role("button", name="Copy")
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"plugport install {NAME}"


def test_tabs_swap_in_place(page):
    """Each tab has its URL, only the tab is loaded, Back works, and the focus stays."""
    page.goto(f"/plugins/{NAME}")
    page.evaluate("window.kept = true")
    tab = page.get_by_role("link", name="Files", exact=True)
    tab.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/plugins/{NAME}/files")
    page.locator("#files").wait_for()
    assert page.evaluate("window.kept")
    assert page.title() == f"{NAME} · Files · Plugport"
    page.wait_for_function("() => document.activeElement.id === 'tab-files'")
    # htmx sets the attributes of elements that stay a moment after the swap.
    expect(page.locator(".tabs [aria-current=page]")).to_have_text("Files")
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    page.go_back()
    page.locator("#readme").wait_for()
    page.wait_for_url(f"**/plugins/{NAME}")


def test_tab_that_cannot_be_swapped(chromium, registry):
    """A failed swap navigates to the page, which shows the error if it persists."""
    context = chromium.new_context(base_url=registry.url)
    page = context.new_page()
    page.goto(f"/plugins/{NAME}")
    page.evaluate("window.kept = true")
    page.route(
        "**/files",
        lambda route: (
            route.fulfill(status=503)
            if "hx-request" in route.request.headers
            else route.continue_()
        ),
    )
    page.get_by_role("link", name="Files", exact=True).click()
    page.locator("#files").wait_for()
    assert page.url.endswith("/files")
    assert not page.evaluate("window.kept")
    context.close()


@pytest.mark.parametrize(
    ("anchor", "path"),
    [("files", "/files"), ("checks", "/security"), ("permissions", "/security"), ("readme", "")],
)
def test_anchors_of_older_addresses(page, anchor, path):
    """Fragments of older URLs redirect to the tab."""
    page.goto(f"/plugins/{NAME}#{anchor}")
    page.wait_for_url(f"**/plugins/{NAME}{path}#{anchor}")
    assert page.locator(f"#{anchor}").is_visible()


def test_link_inside_a_readme(page):
    """A link within the README scrolls and keeps the tab."""
    page.goto(f"/plugins/{NAME}")
    page.get_by_role("link", name="to the end").click()
    page.wait_for_function("() => window.scrollY > 500")
    assert page.locator("#readme").is_visible()


def test_without_scripts_everything_is_there(chromium, registry):
    """Without scripts, tabs are pages and the search is a form."""
    context = chromium.new_context(base_url=registry.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"/plugins/{NAME}")
    tab.get_by_role("link", name="Security").click()
    tab.wait_for_url("**/security")
    assert tab.locator("#checks").is_visible()
    assert not tab.get_by_role("button", name="Copy").is_visible()
    tab.goto("/search")
    tab.fill("#q", "chat")
    tab.get_by_role("button", name="Search").click()
    tab.wait_for_url("**q=chat**")
    assert tab.get_by_role("link", name=NAME).is_visible()
    context.close()


@pytest.mark.parametrize("path", ["/docs/api", "/docs/api/try", "/docs/errors", "/categories"])
def test_documentation_keeps_to_the_policy(page, path):
    """The browser blocks nothing, because no script or style is inline."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    if path.endswith("try"):
        page.get_by_text("/api/v1/plugins/{name}/{version}/download").wait_for()


def test_upload_is_followed_until_it_is_decided(page, registry):
    """The page of an upload refreshes until the checks have finished."""
    _sign_in(page)
    with registry.client(registry.token) as client:
        body = build_package("@pages/leaky", "1.0.0", files={"key.txt": AWS_KEY})
        sent = client.post("/api/v1/plugins", files={"package": body}).json()
    page.goto("/publications/" + sent["statusUrl"].rsplit("/", 1)[-1])
    page.get_by_text("Rejected.").wait_for()
    page.get_by_text("secret-token").wait_for()


def test_token_is_created_and_revoked(page):
    """The new token is shown once; the next page does not show it."""
    _sign_in(page)
    page.goto("/account/tokens")
    page.get_by_label("Name", exact=True).fill("from chromium")
    page.get_by_role("button", name="Create token").click()
    text = page.locator(".install code").text_content()
    assert text.startswith("pp_")
    page.goto("/account/tokens")
    assert text not in page.content()
    page.get_by_role("button", name="Revoke from chromium").click()
    page.get_by_text("The token “from chromium” was revoked.").wait_for()
