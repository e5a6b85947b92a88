"""Search in Chromium: suggestions, results in place, focus, history.

Every page is watched: an error on the console, or a request to another host, fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.browser import watch
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, wait_until

pytestmark = pytest.mark.browser
PLUGINS = {
    "@find/slack-bridge": {"kind": "bridge", "tags": ["chat"], "license": "MIT"},
    "@find/mail-bridge": {"kind": "bridge", "tags": ["mail"], "license": "Apache-2.0"},
    "@find/slack-store": {"kind": "storage", "tags": ["chat"], "license": "MIT"},
}


@pytest.fixture(scope="module")
def registry(
    tmp_path_factory: pytest.TempPathFactory, empty_database: bytes
) -> Iterator[LiveRegistry]:
    """A separate registry with three indexed plugins, because tests assert counts."""
    live_registry = LiveRegistry(tmp_path_factory.mktemp("find"), empty_database=empty_database)
    try:
        live_registry.start()
        _fill(live_registry)
        yield live_registry
    finally:
        live_registry.stop()


def _fill(registry: LiveRegistry) -> None:
    token = registry.create_api_tokens("find")["find"]
    with registry.client(token) as client:
        for name, fields in PLUGINS.items():
            body = build_package(name, "1.0.0", **fields)
            response = client.post("/api/v1/plugins?wait=60", files={"package": body})
            assert response.status_code in (200, 201), response.text

        def is_indexed() -> bool:
            listing = client.get("/api/v1/plugins?q=slack bridge mail store").json()
            return not listing["degraded"] and listing["pagination"]["total"] == len(PLUGINS)

        wait_until(is_indexed)


@pytest.fixture
def page(chromium: Any, registry: Any) -> Iterator[Any]:
    """A monitored tab without a session."""
    context = chromium.new_context(base_url=registry.url)
    tab = context.new_page()
    faults = watch(tab, registry.url)
    yield tab
    context.close()
    assert faults == []


def _read_names(tab: Any) -> list[str]:
    return [each.strip() for each in tab.locator(".row-name a").all_inner_texts()]


def _wait_for_count(tab: Any, count: int) -> None:
    tab.locator(f"#found:has-text('{count} plugin')").wait_for()


def test_names_while_typing(page):
    """Arrow keys move through the names and back, Enter opens, ARIA attributes follow."""
    page.goto("/")
    field = page.get_by_role("combobox", name="Search plugins")
    assert field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("slack")
    options = page.get_by_role("option")
    # The first list may be that of fewer letters.
    options.locator("mark", has_text=re.compile("^slack$")).first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    assert options.count() == 2
    assert "Bridge" in page.get_by_role("option", name="@find/slack-bridge").inner_text()
    field.press("ArrowDown")
    chosen = page.locator('[role="option"][aria-selected="true"]')
    assert chosen.get_attribute("id") == field.get_attribute("aria-activedescendant")
    field.press("ArrowDown")
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") is None
    field.press("ArrowUp")
    name = chosen.locator("[data-name]").inner_text()
    field.press("Enter")
    page.wait_for_url(f"**/plugins/{name}")


def test_a_late_response_keeps_the_selection(page):
    """Once the reader selects a name, the list stays as it is."""
    page.route(re.compile("/suggest.*q=slack(&|$)"), lambda route: None)
    page.goto("/")
    field = page.get_by_role("combobox")
    field.press_sequentially("slac")
    page.get_by_role("option").first.wait_for()
    with page.expect_request(re.compile("/suggest.*q=slack(&|$)")):
        field.press("k")
    with page.expect_event("requestfailed"):
        field.press("ArrowDown")
    chosen = page.locator('[role="option"][aria-selected="true"]')
    assert chosen.get_attribute("id") == field.get_attribute("aria-activedescendant")


def test_escape_closes_and_enter_searches(page):
    """Without a selection Enter searches; the first Escape closes the list, the second clears the field."""
    page.goto("/")
    field = page.get_by_role("combobox")
    field.press_sequentially("slack")
    page.get_by_role("option").first.wait_for()
    field.press("Escape")
    assert page.get_by_role("option").count() == 0
    assert field.input_value() == "slack"
    field.press("ArrowDown")
    page.get_by_role("option").first.wait_for()
    field.press("Enter")
    page.wait_for_url("**/search?q=slack")


def test_suggestion_is_clicked(page):
    """The header of every page has suggestions too."""
    page.goto("/categories")
    page.keyboard.press("/")
    page.keyboard.type("mail")
    page.get_by_role("option", name="@find/mail-bridge").click()
    page.wait_for_url("**/plugins/@find/mail-bridge")


def test_suggestions_close_when_left(page):
    """Tab leaves the field; the list closes and does not open late."""
    page.goto("/")
    field = page.get_by_role("combobox")
    field.press_sequentially("slack")
    page.get_by_role("option").first.wait_for()
    field.press("Tab")
    assert page.get_by_role("option").count() == 0
    assert page.evaluate("document.activeElement.textContent.trim()") == "Search"


def test_results_follow_the_words(page):
    """Rows, title, announcement and URL change; the field keeps the focus."""
    page.goto("/search?sort=name")
    field = page.locator("#q")
    field.press_sequentially("slack")
    _wait_for_count(page, 2)
    assert sorted(_read_names(page)) == ["@find/slack-bridge", "@find/slack-store"]
    page.wait_for_url("**/search?q=slack&sort=name")
    assert page.title().startswith("slack")
    expect(page.locator("#announce")).to_have_text("2 plugins for “slack”")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.locator("mark").first.inner_text() == "slack"


def test_back_undoes_a_step_not_a_letter(page):
    """Typing is one history entry; each filter is another."""
    page.goto("/categories")
    page.goto("/search")
    page.locator("#q").press_sequentially("slack", delay=250)
    page.wait_for_url("**/search?q=slack")
    _wait_for_count(page, 2)
    page.get_by_role("link", name=re.compile("^Storage")).click()
    _wait_for_count(page, 1)
    page.wait_for_url("**/search?q=slack&type=storage")
    page.go_back()
    _wait_for_count(page, 2)
    assert page.input_value("#q") == "slack"
    page.go_back()
    _wait_for_count(page, 3)
    assert page.input_value("#q") == ""
    page.go_back()
    page.wait_for_url("**/categories")
    page.go_forward()
    page.go_forward()
    _wait_for_count(page, 2)
    assert page.input_value("#q") == "slack"


def test_focus_stays_with_what_was_chosen(page):
    """With the keyboard, a facet keeps the focus, a removed chip moves it to the heading."""
    page.goto("/search")
    link = page.get_by_role("link", name=re.compile("^Bridge"))
    link.focus()
    link.press("Enter")
    _wait_for_count(page, 2)
    assert page.evaluate("document.activeElement.id") == "by-type-bridge"
    # htmx sets the attributes of elements that stay a moment after the swap.
    expect(page.locator("#by-type-bridge")).to_have_attribute("aria-current", "true")
    chip = page.get_by_role("link", name="Remove Kind Bridge")
    chip.focus()
    chip.press("Enter")
    _wait_for_count(page, 3)
    page.wait_for_function("() => document.activeElement.id === 'found'")
    page.wait_for_url("**/search")


def test_words_after_a_filter_keep_it(page):
    """The form sends filters that were selected in place."""
    page.goto("/search")
    page.get_by_role("link", name=re.compile("^Bridge")).click()
    _wait_for_count(page, 2)
    page.fill("#q", "mail")
    _wait_for_count(page, 1)
    page.wait_for_url("**/search?q=mail&type=bridge")
    page.fill("#q", "")
    _wait_for_count(page, 2)
    page.wait_for_url("**/search?type=bridge")


def test_a_filter_chosen_while_typing(chromium, registry):
    """Selecting a filter while typing keeps both."""
    context = chromium.new_context(base_url=registry.url)
    tab = context.new_page()
    tab.goto("/search")
    tab.locator("#q").press_sequentially("slack")
    tab.get_by_role("link", name=re.compile("^Storage")).click()
    tab.wait_for_url("**/search?q=slack&type=storage")
    _wait_for_count(tab, 1)
    assert tab.input_value("#q") == "slack"
    assert _read_names(tab) == ["@find/slack-store"]
    context.close()


def test_a_better_spelling_is_taken(page):
    """The field shows the words of the search."""
    page.goto("/search?q=slakc")
    page.locator("a[data-words]").click()
    page.wait_for_url("**/search?q=slack")
    assert page.input_value("#q") == "slack"


def test_next_page_begins_at_its_top(page):
    """Pagination swaps in place and scrolls to the heading."""
    page.goto("/search?limit=1&sort=name")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2**")
    page.locator("[aria-current=page]:has-text('2')").wait_for()
    page.wait_for_function("() => document.activeElement.id === 'found'")
    assert _read_names(page) == ["@find/slack-bridge"]


def test_rows_open_their_plugin_and_record_its_rank(page, registry):
    """A click opens the plugin, and its position is recorded anonymously."""
    page.goto("/search?q=slack")
    with page.expect_request("**/search/note?*rank=2*") as noted:
        page.locator(".row-name a").nth(1).click()
    assert noted.value.method == "POST"
    assert "q=slack" in noted.value.url
    page.wait_for_url("**/plugins/@find/slack-*")
    assert page.locator("h1").inner_text().startswith("@find/slack-")


def test_words_that_stay_are_noted_once(page):
    """Partial words are not recorded; Enter records the words at once."""
    # Words that stay for two seconds are recorded, so the test sets how long the letters take.
    page.clock.install(time=0)
    page.goto("/search")
    page.clock.pause_at(3600)
    notes: list[str] = []
    page.on("request", lambda r: notes.append(r.url) if "/search/note" in r.url else None)
    for end in range(1, 6):
        page.locator("#q").press_sequentially("slack"[end - 1])
        page.clock.run_for(300)
        page.locator(f"#found:has-text('“{'slack'[:end]}”')").wait_for()
        page.clock.run_for(300)
    assert notes == []
    page.keyboard.press("Enter")
    with page.expect_request("**/search/note?q=slack"):
        page.clock.run_for(600)
    page.locator(".row-name a").first.click()
    page.wait_for_url("**/plugins/**")
    assert len([url for url in notes if "rank" not in url]) == 1


def test_filters_fold_on_narrow_screens(chromium, registry):
    """Filters open with their button and collapse after a selection; the page does not overflow."""
    context = chromium.new_context(
        base_url=registry.url, viewport={"width": 320, "height": 640}, has_touch=True
    )
    tab = context.new_page()
    tab.goto("/search")
    assert not tab.get_by_role("link", name=re.compile("^Storage")).is_visible()
    tab.locator(".filters > summary").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.get_by_role("link", name=re.compile("^Storage")).click()
    _wait_for_count(tab, 1)
    assert not tab.get_by_role("link", name=re.compile("^Bridge")).is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_when_the_registry_cannot_be_reached(chromium, registry):
    """The results stay, an alert appears, and the next response removes it."""
    context = chromium.new_context(base_url=registry.url)
    tab = context.new_page()
    tab.goto("/search")
    context.set_offline(True)
    tab.fill("#q", "slack")
    tab.get_by_role("alert").wait_for()
    assert "does not respond" in tab.get_by_role("alert").inner_text()
    assert len(_read_names(tab)) == 3
    context.set_offline(False)
    tab.fill("#q", "mail")
    _wait_for_count(tab, 1)
    # htmx reports the swap as settled shortly after the new count appears.
    tab.get_by_role("alert").wait_for(state="hidden")
    context.close()


def test_without_scripts(chromium, registry):
    """Without scripts, the search consists of a form and links."""
    context = chromium.new_context(base_url=registry.url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/")
    tab.get_by_role("searchbox", name="Search plugins").fill("slack")
    tab.get_by_role("button", name="Search").click()
    tab.get_by_role("link", name=re.compile("^Storage")).click()
    tab.wait_for_url("**/search?q=slack&type=storage")
    assert _read_names(tab) == ["@find/slack-store"]
    tab.fill("#q", "bridge")
    tab.get_by_role("button", name="Search").click()
    tab.wait_for_url("**/search?q=bridge&type=storage")
    tab.get_by_role("link", name="Remove Kind Storage").click()
    tab.wait_for_url("**/search?q=bridge")
    tab.get_by_role("link", name="Name", exact=True).click()
    tab.wait_for_url("**/search?q=bridge&sort=name")
    assert _read_names(tab) == ["@find/mail-bridge", "@find/slack-bridge"]
    tab.go_back()
    tab.wait_for_url("**/search?q=bridge")
    context.close()


def test_the_button_that_closes_a_facet_is_below_its_list(page):
    """The button moves below the opened list, and the page does not scroll."""
    page.goto("/docs/design")
    more = page.locator("#more-sample")
    more.scroll_into_view_if_needed()
    before = page.evaluate("window.scrollY")
    more.click()
    values = page.locator(".facet-more .facet-values").first
    values.wait_for()
    assert more.inner_text().split("\n")[0].startswith("Less")
    end = values.bounding_box()["y"] + values.bounding_box()["height"]
    assert more.bounding_box()["y"] >= end
    assert page.evaluate("window.scrollY") == before


def test_names_that_are_too_long_end_in_dots(page):
    """A long owner name ends in an ellipsis and does not widen the page."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/docs/design")
    owner = page.locator(".byline a", has_text="an-owner-with-a-name").first
    shown, whole, style = owner.evaluate(
        "a => [a.clientWidth, a.scrollWidth, getComputedStyle(a).textOverflow]"
    )
    assert shown < whole
    assert style == "ellipsis"
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_notice_that_nothing_answers_keeps_its_distance(chromium, registry):
    """The alert keeps its distance from the field and the results."""
    context = chromium.new_context(base_url=registry.url)
    tab = context.new_page()
    tab.goto("/search")
    context.set_offline(True)
    tab.get_by_role("searchbox").press_sequentially("slack")
    notice = tab.locator("#unreachable")
    notice.wait_for()
    form, alert, results = (
        tab.locator(each).bounding_box() for each in ("#search-form", "#unreachable", "#search")
    )
    assert alert["y"] - (form["y"] + form["height"]) >= 12
    assert results["y"] - (alert["y"] + alert["height"]) >= 12
    context.close()


@pytest.mark.parametrize("width", [320, 800, 900, 1280])
def test_head_has_one_line_of_links(page, width):
    """The links, or on narrow screens the button of the menu, are beside the name of the site."""
    page.set_viewport_size({"width": width, "height": 640})
    page.goto("/docs")
    links = page.locator(":is(.site-nav a, .menu-button):visible")
    boxes = [link.bounding_box()["y"] for link in links.all()]
    assert len(set(boxes)) == 1
    assert page.locator(".brand").bounding_box()["y"] == boxes[0]
    assert ("Publish" in links.all_inner_texts()) == (width > 896)
    assert page.evaluate("document.documentElement.scrollWidth") == width
