"""Turning an author's README into HTML that is safe to show on a page of ours.

    source ── markdown.py ──▶ HTML ── balance.py ──▶ well-formed HTML ── sanitise.py ──▶ page

Each step is linear in its input, so that no README can hold a page up; `render.py` puts them
together.
"""

from marketplace.readme.links import SourceTree
from marketplace.readme.render import render_readme

__all__ = ["SourceTree", "render_readme"]
