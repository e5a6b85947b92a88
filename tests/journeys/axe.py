"""What axe finds on a page: WCAG 2.2 A and AA, and its best practices."""

from __future__ import annotations

from typing import Any

_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
SCHEMES = ["light", "dark"]


def find_violations(tab: Any) -> list[str]:
    """What axe finds, a line for each element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options=_OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}: {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
    ]
