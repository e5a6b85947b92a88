"""Render READMEs as HTML that is safe to show on a page of the portal.

    source ── markdown ──▶ HTML ── well_formed ──▶ well-formed HTML ── sanitizer ──▶ safe HTML
    ── post_processing ──▶ page

No README can block a page: `markdown` and `highlight` bound their work, and all later steps take
linear time. A README that exceeds a bound is shown as plain text. `render` runs the steps and caches
the result; `link_base` resolves relative links; `images` decides how images are loaded.
"""

from marketplace.readme.changes import render_listed_changes, render_release_changes
from marketplace.readme.link_base import LinkBase
from marketplace.readme.links import SourceTree
from marketplace.readme.render import render_readme, render_release_readme

__all__ = [
    "LinkBase",
    "SourceTree",
    "render_listed_changes",
    "render_readme",
    "render_release_changes",
    "render_release_readme",
]
