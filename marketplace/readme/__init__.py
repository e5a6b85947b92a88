"""Turning an author's README into HTML that is safe to show on a page of ours.

    source ── markdown.py ──▶ HTML ── balance.py ──▶ well-formed HTML ── sanitise.py ──▶ safe HTML
    ── finish.py ──▶ page

No README can hold a page up: `markdown.py` and `colours.py` count the work that a text asks for and
end it, and the steps after them are linear in what is bounded by then. What asks for too much is
shown as it was typed. `render.py` puts the steps together and keeps what comes out. `place.py` knows what relative addresses mean, `pictures.py`
what becomes of a picture.
"""

from marketplace.readme.links import SourceTree
from marketplace.readme.place import Place
from marketplace.readme.render import render_readme, render_release_readme

__all__ = ["Place", "SourceTree", "render_readme", "render_release_readme"]
