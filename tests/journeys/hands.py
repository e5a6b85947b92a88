"""Hands on a page: a mouse or a keyboard, with or without scripts, on a wide or a narrow window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_TABS = 200


@dataclass
class Hands:
    """Somebody who uses a tab in one way. `tab` is Playwright's page."""

    tab: Any
    has_scripts: bool = True
    is_keyboard: bool = False

    def press(self, target: Any) -> None:
        """Click it, or go there with Tab and press Enter."""
        if self.is_keyboard:
            self.reach(target)
            self.tab.keyboard.press("Enter")
        else:
            target.click()

    def write(self, target: Any, text: str) -> None:
        """Type the text into a field that is empty."""
        if self.is_keyboard:
            self.reach(target)
        else:
            target.click()
        self.tab.keyboard.type(text)

    def choose(self, target: Any, text: str) -> None:
        """Choose the option of that text in a `select`."""
        if self.is_keyboard:
            self.reach(target)
            self.tab.keyboard.type(text)
        else:
            target.select_option(text)

    def reach(self, target: Any) -> None:
        """Go to it with Tab, or back with Shift and Tab; the focus must be seen when it is there."""
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
