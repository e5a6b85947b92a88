"""The main tasks of users, end to end, with mouse and keyboard, with and without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.hands import Hands
from tests.journeys.pages import PLUGIN

NAME = "@ar/slack-bridge"
WAYS: dict[str, dict[str, Any]] = {
    "mouse": {},
    "keyboard": {"is_keyboard": True},
    "no scripts": {"has_scripts": False},
    "no scripts, keyboard": {"has_scripts": False, "is_keyboard": True},
    "320 px": {"width": 320},
}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def hands(request, open_tab):
    """A tab and the input method."""
    way = dict(request.param)
    width = way.pop("width", 1280)
    tab = open_tab(
        width=width, java_script_enabled=way.get("has_scripts", True), reduced_motion="reduce"
    )
    yield Hands(tab, **way)
    assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_find_by_typing(hands):
    """A few letters of its name lead from the home page to the plugin."""
    tab = hands.tab
    tab.goto("/")
    hands.write(tab.locator("#q"), "slack br")
    if hands.has_scripts:
        option = tab.get_by_role("option", name=NAME)
        # The first list may be that of fewer letters, which the names contain and which are marked.
        option.filter(has_not=tab.locator("mark")).wait_for()
        if hands.is_keyboard:
            tab.keyboard.press("ArrowDown")
            expect(option).to_have_attribute("aria-selected", "true")
            tab.keyboard.press("Enter")
        else:
            option.click()
    else:
        tab.keyboard.press("Enter")
        hands.press(tab.get_by_role("link", name=NAME, exact=True))
    tab.wait_for_url(f"**{PLUGIN}")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("slack-bridge")


def test_misspelled_words_find_the_plugin(hands):
    """A search with typing errors has results, a spelling suggestion and highlights."""
    tab = hands.tab
    tab.goto("/search")
    hands.write(tab.locator("#q"), "slakc brigde")
    tab.keyboard.press("Enter")
    hands.press(tab.get_by_role("link", name="slack bridge", exact=True))
    tab.wait_for_url("**q=slack+bridge**")
    row = tab.locator(".row", has=tab.get_by_role("link", name=NAME, exact=True))
    expect(row.locator("mark").first).to_have_text("slack")


def test_filter_and_go_back(hands):
    """A facet filters the results; its chip and the Back button remove the filter."""
    tab = hands.tab
    tab.goto("/search?q=bridge")
    result_list = tab.locator("#found")
    everything = result_list.text_content()
    filters = tab.locator("details.filters > summary")
    if filters.is_visible() and not tab.locator("#by-trust-community").is_visible():
        hands.press(filters)
    hands.press(tab.locator("#by-trust-community"))
    tab.wait_for_url("**trust=community**")
    expect(result_list).to_have_text("1 plugin for “bridge”")
    expect(tab.get_by_role("link", name="simple-webhook", exact=True)).to_be_visible()
    hands.press(tab.locator(".chip"))
    tab.wait_for_url(lambda url: "trust=" not in url)
    expect(result_list).to_have_text(everything)
    tab.go_back()
    expect(result_list).to_have_text("1 plugin for “bridge”")
    tab.go_back()
    expect(result_list).to_have_text(everything)


def test_order_survives_the_next_search(hands):
    """The URL contains the whole state: order, words, filters."""
    tab = hands.tab
    tab.goto("/search?category=communication")
    hands.press(tab.get_by_role("link", name="Name", exact=True))
    tab.wait_for_url("**sort=name**")
    hands.write(tab.locator("#q"), "discord")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**q=discord**")
    assert "category=communication" in tab.url
    assert "sort=name" in tab.url
    expect(tab.get_by_role("link", name="@ar/discord-bridge", exact=True)).to_be_visible()
    expect(tab.get_by_role("link", name=NAME, exact=True)).to_have_count(0)


def test_compare_releases(hands):
    """The Compare tab lists gained permissions first."""
    tab = hands.tab
    tab.goto(PLUGIN)
    hands.press(tab.locator(".tabs").get_by_role("link", name="Compare"))
    tab.wait_for_url("**/compare**")
    hands.choose(tab.locator("select[name=from]"), "1.1.0")
    hands.choose(tab.locator("select[name=to]"), "2.0.0-beta.1")
    hands.press(tab.get_by_role("button", name="Compare", exact=True))
    tab.wait_for_url("**to=2.0.0-beta.1**")
    titles = tab.locator(".panel h3, .panel h4").all_text_contents()
    assert titles[0] == "Permissions and capabilities"
    expect(tab.get_by_text("New in 2.0.0-beta.1")).to_be_visible()
    hands.press(tab.get_by_role("link", name="src/index.mjs", exact=True))
    expect(tab.locator("#diff .line-added").first).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("name", ["Compare", "Security", "Stats"])
def test_tabs_keep_the_scroll_position(open_tab, width, name):
    """Opening a tab after scrolling leaves the tabs at the same position."""
    tab = open_tab(width=width, reduced_motion="reduce")
    tab.goto(PLUGIN)
    tab.wait_for_load_state("networkidle")
    link = tab.locator(".tabs").get_by_role("link", name=name)
    # On narrow screens the tabs scroll sideways.
    link.scroll_into_view_if_needed()
    box = link.bounding_box()
    tab.evaluate("y => window.scrollTo(0, y)", max(200, box["y"] - 400))
    scrolled, box = tab.evaluate("window.scrollY"), link.bounding_box()
    left = tab.evaluate("document.querySelector('.tabs').scrollLeft")
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.wait_for_url(f"**/{name.lower()}")
    tab.locator("html.is-swapping").wait_for(state="detached")
    # A shorter page cannot scroll as far.
    max_scroll = tab.evaluate("document.documentElement.scrollHeight - window.innerHeight")
    assert tab.evaluate("window.scrollY") == min(scrolled, max_scroll)
    # The title of the current tab is bold and therefore wider.
    moved = tab.evaluate("document.querySelector('.tabs').scrollLeft") - left
    assert abs(moved) <= 4


def test_copy_the_install_command(hands):
    """One press copies the command; without scripts users can select its text."""
    tab = hands.tab
    tab.goto(PLUGIN)
    line = f"plugport install {NAME}"
    expect(tab.get_by_text(line, exact=True).first).to_be_visible()
    button = tab.get_by_role("button", name="Copy").first
    if not hands.has_scripts:
        expect(button).to_be_hidden()
        return
    hands.press(button)
    tab.get_by_role("button", name="Copied").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == line


def test_read_a_file(hands):
    """From the plugin to a file, and back to the README."""
    tab = hands.tab
    tab.goto(PLUGIN)
    hands.press(tab.locator(".tabs").get_by_role("link", name="Files"))
    hands.press(tab.get_by_role("link", name="ar-plugin.yaml", exact=True))
    tab.wait_for_url("**/files/ar-plugin.yaml")
    expect(tab.get_by_text("@ar/slack-bridge").first).to_be_visible()
    hands.press(tab.locator(".tabs").get_by_role("link", name="README"))
    tab.wait_for_url(f"**{PLUGIN}")
    expect(tab.get_by_role("heading", name="Slack bridge", exact=True)).to_be_visible()


def test_long_lines_wrap_on_demand(hands):
    """One switch wraps the lines of a file; with scripts the next file has the same choice."""
    tab = hands.tab
    tab.goto(f"{PLUGIN}/files/src/index.mjs")
    code, switch = tab.locator(".code"), tab.get_by_label("Wrap long lines")
    line = code.locator("td:last-child").first
    expect(switch).not_to_be_checked()
    expect(line).to_have_css("white-space-collapse", "preserve")
    expect(line).to_have_css("text-wrap-mode", "nowrap")
    if hands.is_keyboard:
        hands.reach(switch)
        tab.keyboard.press("Space")
    else:
        switch.click()
    expect(line).to_have_css("text-wrap-mode", "wrap")
    assert code.evaluate("element => element.scrollWidth <= element.clientWidth")
    tab.goto(f"{PLUGIN}/compare?from=1.1.0&to=2.0.0-beta.1&file=src/index.mjs")
    if hands.has_scripts:
        expect(tab.get_by_label("Wrap long lines")).to_be_checked()


@pytest.mark.parametrize("width", [360, 1280, 1600])
def test_code_is_as_wide_as_the_window(open_tab, width):
    """Head and tabs keep their place; only the code is wider, and the page does not scroll."""
    tab = open_tab(width=width)
    tab.goto(PLUGIN)
    left = tab.locator("h1").bounding_box()["x"]
    tab.goto(f"{PLUGIN}/files/src/index.mjs")
    assert tab.locator("h1").bounding_box()["x"] == left
    box = tab.locator(".code").bounding_box()
    assert box["width"] >= min(width, 1600) - 2 * 32
    assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_misspelled_name_leads_to_the_plugin(hands):
    """The 404 page of a misspelled name links to the plugin."""
    tab = hands.tab
    tab.goto("/plugins/@ar/slakc-bridge")
    hands.press(tab.get_by_role("link", name=NAME, exact=True))
    tab.wait_for_url(f"**{PLUGIN}")
