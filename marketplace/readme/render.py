"""A README from its text to what stands in the page, kept in the cache."""

from __future__ import annotations

import contextlib
import hashlib
import re
from html import escape

from django.core.cache import cache
from django.utils.safestring import SafeString

from marketplace.readme.balance import balance_html
from marketplace.readme.links import SourceTree
from marketplace.readme.markdown import TooComplexError, render_markdown
from marketplace.readme.sanitise import sanitise_html

# Longer ones are shown as they were typed: reading takes seconds a megabyte.
MAX_MARKDOWN_CHARS = 200_000
MAX_HTML_CHARS = 3_000_000
# Part of the cache's key: raise it when the same text is to be shown in another way.
_EDITION = 1
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
_VISIBLE = re.compile(r"<(?:img|hr|input)\b|>[^<]*[^<\s]", re.IGNORECASE)


def render_readme(text: str, *, path: str = "README.md", tree: SourceTree | None) -> SafeString:
    """The README as HTML that is safe in a page; "" if it is empty.

    What is no Markdown, is too long, or would leave nothing to see is shown as plain text.
    """
    if not text.strip():
        return SafeString("")
    digest = hashlib.sha256(f"{_EDITION}\0{path}\0{tree}\0{text}".encode()).hexdigest()
    # A cache that does not answer costs time, never the page.
    kept = None
    with contextlib.suppress(Exception):
        kept = cache.get(f"readme:{digest}")
    if kept is None:
        kept = _render(text, path, tree)
        with contextlib.suppress(Exception):
            cache.set(f"readme:{digest}", kept, timeout=86_400)
    # The one place where text of strangers passes as HTML: it comes out of the sanitiser.
    return SafeString(kept)


def _render(text: str, path: str, tree: SourceTree | None) -> str:
    if not path.lower().endswith(_MARKDOWN) or len(text) > MAX_MARKDOWN_CHARS:
        return _show_plainly(text)
    try:
        html = render_markdown(text)
    except TooComplexError:
        return _show_plainly(text)
    if len(html) > MAX_HTML_CHARS:
        return _show_plainly(text)
    clean = sanitise_html(balance_html(html), tree)
    return clean if _VISIBLE.search(f">{clean}") else _show_plainly(text)


def _show_plainly(text: str) -> str:
    return f'<pre class="plain">{escape(text)}</pre>'
