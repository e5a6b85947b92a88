"""What a phone needs: the menu, tokens, wide tables. With and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.axe import find_violations
from tests.journeys.conftest import MEMBER, sign_in
from tests.journeys.pages import PLUGIN
from tests.support.people import PASSWORD

_LINKS = ["Categories", "Publish", "Docs", "Sign in", "Sign up"]


@pytest.mark.parametrize("has_scripts", [True, False])
@pytest.mark.parametrize("width", [320, 360, 800])
def test_menu_has_every_link(open_tab, width, has_scripts):
    """The button opens it, by mouse or keyboard; Escape closes it."""
    tab = open_tab(width=width, java_script_enabled=has_scripts)
    tab.goto("/docs")
    links = tab.get_by_role("navigation", name="Site").get_by_role("link")
    button = tab.get_by_role("button", name="Menu")
    expect(links).to_have_count(0)
    button.click()
    expect(links).to_have_text(_LINKS)
    if has_scripts:
        # The menu covers parts of the page, so the page below it is not checked.
        assert find_violations(tab, context=".site-head") == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    tab.keyboard.press("Escape")
    expect(links).to_have_count(0)
    button.focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    expect(links.first).to_be_focused()
    links.filter(has_text="Sign up").click()
    tab.wait_for_url("**/signup")


def test_menu_of_a_signed_in_reader(open_tab):
    tab = open_tab(width=320)
    tab.goto("/login")
    tab.fill("#id_login", MEMBER)
    tab.fill("#id_password", PASSWORD)
    tab.click("main button")
    tab.wait_for_url("**/account")
    tab.goto("/")
    tab.get_by_role("button", name="Menu").click()
    links = tab.get_by_role("navigation", name="Site").get_by_role("link")
    expect(links).to_have_text(["Categories", "Publish", "Docs", MEMBER])


def test_wide_windows_need_no_menu(open_tab):
    tab = open_tab(width=1280)
    tab.goto("/docs")
    expect(tab.get_by_role("button", name="Menu")).to_have_count(0)
    links = tab.get_by_role("navigation", name="Site").get_by_role("link")
    expect(links).to_have_text(_LINKS)


def test_tokens_fit_the_window(open_tab, demo_registry):
    """Each token with its button is inside the window; nothing scrolls sideways."""
    demo_registry.create_api_tokens(MEMBER)
    tab = open_tab(width=320)
    sign_in(tab)
    tab.goto("/account/tokens")
    button = tab.get_by_role("button", name="Revoke").first
    box = button.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    assert tab.locator("main .scroll").count() == 0


@pytest.mark.parametrize("name", ["readme", "files", "stats"])
def test_tabs_are_one_line_that_shows_the_current_one(open_tab, name):
    """All tabs are beside each other, and the current one is inside the window."""
    tab = open_tab(width=320, reduced_motion="reduce")
    tab.goto(PLUGIN if name == "readme" else f"{PLUGIN}/{name}")
    boxes = [link.bounding_box() for link in tab.locator(".tabs a").all()]
    assert len(boxes) == 8
    assert len({box["y"] for box in boxes}) == 1
    current = tab.locator(".tabs [aria-current]").bounding_box()
    assert current["x"] >= 0
    assert current["x"] + current["width"] <= 320


def test_owner_license_and_repository_come_before_the_readme(open_tab):
    tab = open_tab(width=360)
    tab.goto(PLUGIN)
    brief = tab.locator(".plugin-brief")
    expect(brief).to_contain_text("by admin")
    expect(brief.get_by_role("link")).to_have_text(["admin", "git.example/relay/slack-bridge"])
    expect(tab.locator(".plugin-figures")).to_contain_text("Apache-2.0")
    assert brief.bounding_box()["y"] < tab.locator(".tabs").bounding_box()["y"]
    tab.set_viewport_size({"width": 1280, "height": 800})
    expect(brief).to_be_hidden()


_READ_FADES = """() => [...document.querySelectorAll(".docs-text .scroll")]
    .map(box => [box.scrollWidth > box.clientWidth, ...["--fade-left", "--fade-right"]
    .map(name => parseFloat(getComputedStyle(box).getPropertyValue(name)) > 0)])"""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_edges_of_wide_tables_fade(open_tab, motion):
    """The edge behind which there is more fades; a table that fits has no such edge."""
    tab = open_tab(width=320, reduced_motion=motion)
    tab.goto("/docs/configuration")
    fades = tab.evaluate(_READ_FADES)
    assert [True, False, True] in fades
    assert {tuple(fade) for fade in fades} <= {(True, False, True), (False, False, False)}
    tab.evaluate("""() => {
        const boxes = [...document.querySelectorAll(".docs-text .scroll")];
        const box = boxes.find(each => each.scrollWidth > each.clientWidth);
        box.scrollLeft = box.scrollWidth;
    }""")
    tab.wait_for_function(f"() => ({_READ_FADES})().some(([, left, right]) => left && !right)")
    tab.goto(PLUGIN)
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
