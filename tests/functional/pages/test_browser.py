"""The pages in Chromium, at a registry with its worker: what scripts add, and what the policy says.

Every page is watched: a fault on the console, or a request to another host, fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.api.calls import AWS_KEY
from tests.support.people import PASSWORD
from tests.support.publishing import make_package

pytestmark = pytest.mark.browser
NAME = "@pages/chat"
README = (
    "# Chat\n\n[to the end](#the-end)\n\n"
    + "Text.\n\n" * 80
    + "## The end\n\n```js\nlet a = 1;\n```\n"
)


def _find_chromium() -> str:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing in CI")
        pytest.skip("Chromium is not installed: `bin/install-system` does")
    return path


@pytest.fixture(scope="module")
def registry(live_registry: Any) -> Any:
    """A registry with a published plugin of ours."""
    token = live_registry.make_tokens("pages")["pages"]
    with live_registry.client(token) as client:
        body = make_package(NAME, "1.0.0", files={"README.md": README}, tags=["chat"])
        answer = client.post("/api/v1/plugins?wait=30", files={"package": body})
        assert answer.status_code in (200, 201), answer.text
        live_registry.token = token
    return live_registry


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, once for all tests of the module."""
    from playwright.sync_api import sync_playwright

    path = _find_chromium()
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, registry: Any) -> Iterator[Any]:
    """A watched tab of a stranger."""
    context = chromium.new_context(
        base_url=registry.url, permissions=["clipboard-read", "clipboard-write"]
    )
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((registry.url, "data:"))
            else faults.append(f"asked {request.url}")
        ),
    )
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
    """The key moves the focus, and stays a slash where one types."""
    page.goto("/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("a/b")
    assert page.input_value("#q") == "a/b"


def test_first_stop_of_the_keyboard_skips_the_header(page):
    """Tab, Enter: one is in the content."""
    page.goto("/docs")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_install_line_is_copied(page):
    """The button copies the line and says so."""
    page.goto(f"/plugins/{NAME}")
    button = page.get_by_role("button", name="Copy")
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"plugport install {NAME}"


def test_one_section_at_a_time(page):
    """Tabs keep their state in the address; Back works; a heading inside opens its section."""
    page.goto(f"/plugins/{NAME}")
    assert page.locator(".panel:visible").count() == 1
    page.get_by_role("link", name=re.compile("Files")).click()
    assert page.locator("#files").is_visible()
    assert not page.locator("#readme").is_visible()
    assert page.url.endswith("#files")
    page.go_back()
    assert page.locator("#readme").is_visible()
    page.goto(f"/plugins/{NAME}#checks")
    page.reload()
    assert page.locator("#checks").is_visible()
    page.goto(f"/plugins/{NAME}#readme-the-end")
    page.reload()
    assert page.locator("#readme").is_visible()
    assert page.evaluate("window.scrollY") > 500


def test_link_inside_a_readme(page):
    """It scrolls, and leaves the section open."""
    page.goto(f"/plugins/{NAME}")
    page.get_by_role("link", name="to the end").click()
    page.wait_for_function("window.scrollY > 500")
    assert page.locator("#readme").is_visible()


def test_without_scripts_everything_is_there(chromium, registry):
    """All sections follow one another, and searching is a form."""
    context = chromium.new_context(base_url=registry.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"/plugins/{NAME}")
    assert tab.locator(".panel:visible").count() == 6
    assert not tab.get_by_role("button", name="Copy").is_visible()
    tab.goto("/search")
    tab.fill("#q", "chat")
    tab.get_by_role("button", name="Search").click()
    assert "q=chat" in tab.url
    assert tab.get_by_role("link", name=NAME).is_visible()
    context.close()


def test_search_while_typing(page):
    """Results follow the words; the address too; Back goes back."""
    page.goto("/search?sort=name")
    page.locator("#q").press_sequentially("no-such-plugin")
    page.get_by_text("0 plugins for “no-such-plugin”").wait_for()
    page.wait_for_url("**/search?q=no-such-plugin&sort=name")
    page.fill("#q", "@pages")
    page.get_by_role("link", name=NAME).wait_for()
    page.select_option("#filter-type", "bridge")
    page.get_by_text("Nothing matches all of these filters.").wait_for()
    page.wait_for_url("**type=bridge**")
    page.go_back()
    page.get_by_role("link", name=NAME).wait_for()


@pytest.mark.parametrize("path", ["/docs/api", "/docs/api/try", "/docs/errors", "/categories"])
def test_documentation_keeps_to_the_policy(page, path):
    """The browser blocks nothing, because nothing inline is there."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    if path.endswith("try"):
        page.get_by_text("/api/v1/plugins/{name}/{version}/download").wait_for()


def test_upload_is_followed_until_it_is_decided(page, registry):
    """The page of an upload shows what the checks say, without a key being pressed."""
    _sign_in(page)
    with registry.client(registry.token) as client:
        body = make_package("@pages/leaky", "1.0.0", files={"key.txt": AWS_KEY})
        sent = client.post("/api/v1/plugins", files={"package": body}).json()
    page.goto("/publications/" + sent["statusUrl"].rsplit("/", 1)[-1])
    page.get_by_text("Rejected.").wait_for()
    assert page.get_by_text("secret-token").is_visible()


def test_token_is_made_and_taken_back(page):
    """From the form to the text, which the next page does not show any more."""
    _sign_in(page)
    page.goto("/account/tokens")
    page.get_by_label("Name", exact=True).fill("from chromium")
    page.get_by_role("button", name="Make a token").click()
    text = page.locator(".install code").text_content()
    assert text.startswith("pp_")
    page.goto("/account/tokens")
    assert text not in page.content()
    page.get_by_role("button", name="Revoke from chromium").click()
    page.get_by_text("The token “from chromium” is revoked.").wait_for()


WIDE = ["/", "/search", "/categories", f"/plugins/{NAME}", "/docs/publish", "/docs/api", "/login"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*WIDE, "/docs/errors", "/docs", "/nowhere"])
def test_narrow_pages_do_not_scroll_sideways(chromium, registry, path, scheme):
    """320 px are enough for every page."""
    context = chromium.new_context(
        base_url=registry.url, viewport={"width": 320, "height": 640}, color_scheme=scheme
    )
    tab = context.new_page()
    tab.goto(path)
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    context.close()


# Contrast of every text that is visible, by WCAG 2.2 (1.4.3), against the colours drawn behind it.
_CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const says = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!says || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if ((a + 0.05) / (b + 0.05) < least) poor.push(element.outerHTML.slice(0, 120));
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(chromium, registry, scheme):
    """Contrast on every page, in both schemes."""
    context = chromium.new_context(base_url=registry.url, color_scheme=scheme)
    tab = context.new_page()
    for path in (*WIDE, f"/plugins/{NAME}#versions", f"/plugins/{NAME}#checks", "/docs"):
        tab.goto(path)
        assert tab.evaluate(_CONTRAST) == [], path
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_targets_are_large_enough(chromium, registry, scheme):
    """Controls are 24 px or more in both directions (WCAG 2.2, 2.5.8); links in text may be less."""
    context = chromium.new_context(base_url=registry.url, color_scheme=scheme)
    tab = context.new_page()
    script = """() => [...document.querySelectorAll("button, select, input, .site-nav a, .tabs a")]
      .filter((e) => e.checkVisibility() && e.type !== "hidden" && e.type !== "checkbox")
      .filter((e) => { const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24 })
      .map((e) => e.outerHTML.slice(0, 120))"""
    for path in WIDE:
        tab.goto(path)
        assert tab.evaluate(script) == [], path
    context.close()
