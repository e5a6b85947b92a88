"""Use of a page with a mouse or a keyboard, with or without scripts, in a wide or narrow window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_TABS = 200


@dataclass
class Hands:
    """Operates a tab in one way. `tab` is Playwright's page."""

    tab: Any
    has_scripts: bool = True
    is_keyboard: bool = False

    def press(self, target: Any) -> None:
        """Click the element, or focus it with Tab and press Enter."""
        if self.is_keyboard:
            self.reach(target)
            self.tab.keyboard.press("Enter")
        else:
            target.click()

    def write(self, target: Any, text: str) -> None:
        """Type the text into an empty field."""
        if self.is_keyboard:
            self.reach(target)
        else:
            target.click()
        self.tab.keyboard.type(text)

    def choose(self, target: Any, text: str) -> None:
        """Choose the option with that text in a `select`."""
        if self.is_keyboard:
            self.reach(target)
            self.tab.keyboard.type(text)
        else:
            target.select_option(text)

    def reach(self, target: Any) -> None:
        """Focus the element with Tab, or Shift and Tab to go back; its focus must be visible."""
        target.wait_for()
        for key in ("Tab", "Shift+Tab"):
            for _ in range(MOST_TABS):
                if target.evaluate("element => element === document.activeElement"):
                    self._check_focus(target)
                    return
                self.tab.keyboard.press(key)
        raise AssertionError(f"the keyboard does not reach {target}")

    def _check_focus(self, target: Any) -> None:
        style = """element => {
            const seen = (e) => getComputedStyle(e).outlineStyle !== "none";
            return seen(element) || seen(element.parentElement);
        }"""
        assert target.evaluate(style), f"nobody sees that {target} has the focus"
