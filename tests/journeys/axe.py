"""Violations that axe reports for a page: WCAG 2.2 A and AA, and its best practices."""

from __future__ import annotations

from typing import Any

from tests.support.axe import run_axe

_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rules of axe's category `cat.color`. Only these depend on the color scheme.
_COLOR_RULES = ["color-contrast", "link-in-text-block"]


def find_violations(tab: Any, *, context: str | None = None) -> list[str]:
    """Return the violations of all rules, one line per element; with `context`, of this element."""
    return _list_violations(tab, {"runOnly": _STANDARDS}, context)


def find_color_violations(tab: Any) -> list[str]:
    """Return the violations of the color rules, one line per element."""
    return _list_violations(tab, {"runOnly": {"type": "rule", "values": _COLOR_RULES}})


def _list_violations(tab: Any, options: dict[str, Any], context: str | None = None) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:160]}: {node['failureSummary'][:300]}"
        for rule in run_axe(tab, context=context, options=options)["violations"]
        for node in rule["nodes"]
    ]


def expect_usable(tab: Any) -> None:
    """Check the open page in both color schemes and at 320 px; leaves the window 320 px wide.

    All rules run at both widths, since an element may be shown at one of them only. The dark
    scheme changes colors and nothing else.
    """
    violations = find_violations(tab)
    assert not violations, violations
    tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
    violations = find_color_violations(tab)
    assert not violations, violations
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size({"width": 320, "height": 640})
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    violations = find_violations(tab)
    assert not violations, violations
