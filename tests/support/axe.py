"""Accessibility rules of axe, run in a tab of Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

_RUN = "([context, options]) => axe.run(context ?? document, options)"
_REMEMBER_LOOKS = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
# No test reads the selectors of elements, and no rule of a standard reads style sheets.
_OPTIONS = {
    "resultTypes": ["violations"],
    "selectors": False,
    "preload": {"assets": ["media"]},
}


def run_axe(tab: Any, *, context: str | None = None, options: dict[str, Any]) -> dict[str, Any]:
    """Run axe on the page, or on the element `context`; returns the whole result.

    See the axe-core API for the options.
    """
    # The script is half a megabyte: once per page is enough.
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate(AXE_SCRIPT)
        tab.evaluate(_REMEMBER_LOOKS)
    results: dict[str, Any] = tab.evaluate(_RUN, [context, {**_OPTIONS, **options}])
    return results
