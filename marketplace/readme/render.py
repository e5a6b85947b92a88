"""A README from its text to what stands in the page, rendered once and kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.utils.safestring import SafeString

from marketplace import colours
from marketplace.images import address
from marketplace.readme.balance import balance_html
from marketplace.readme.finish import UnreadableError, finish_html
from marketplace.readme.markdown import TooComplexError, render_markdown
from marketplace.readme.place import Place
from marketplace.readme.sanitise import sanitise_html
from registry.models import Release

# Longer ones are shown as they were typed: reading takes seconds a megabyte.
MAX_MARKDOWN_CHARS = 200_000
# What a page holds at most, of either form.
MAX_HTML_CHARS = 600_000
_LIBRARIES = ("markdown-it-py", "mdit-py-plugins", "linkify-it-py", "nh3", "pygments")
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
_VISIBLE = re.compile(r"<(?:img|hr|input)\b|>[^<]*[^<\s]", re.IGNORECASE)


def render_release_readme(name: str, release: Release) -> SafeString:
    """The README of a release of the plugin `name` as HTML that is safe in a page; "" without one.

    No query where the release was read with its contents.
    """
    contents = release.contents
    place = Place.find(
        name=name,
        version=release.version,
        readme=contents.readme_path,
        # What is blocked hands out no files, pictures neither.
        files=contents.files if release.is_served else [],
        repository=contents.manifest.get("repository"),
    )
    return render_readme(contents.readme, path=contents.readme_path, place=place)


def render_readme(
    text: str, *, path: str = "README.md", place: Place, shows_pictures: bool = True
) -> SafeString:
    """The README as HTML that is safe in a page; "" if it is empty.

    What is no Markdown, is too long, or would leave nothing to see is shown as plain text.
    `shows_pictures` may be turned off where remote pictures are to be links.
    """
    is_proxied = shows_pictures and settings.README_IMAGES == "proxy"
    if not text.strip():
        return SafeString("")
    key = _make_key(text, path, place, is_proxied=is_proxied)
    # A cache that does not answer costs time, never the page.
    kept = None
    with contextlib.suppress(Exception):
        kept = caches["readmes"].get(key)
    if kept is None:
        kept = _render(text, path, place, is_proxied=is_proxied)
        with contextlib.suppress(Exception):
            caches["readmes"].set(key, kept)
    # The one place where text of strangers passes as HTML: it comes out of the sanitiser.
    return SafeString(kept)


@cache
def _get_edition() -> str:
    """Names this renderer: the code it is made of, and the libraries below it.

    Whatever is changed in either, what was rendered before is not shown any more.
    """
    digest = hashlib.sha256()
    for folder in (Path(__file__).parent, Path(address.__file__).parent):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes())
    digest.update(Path(colours.__file__).read_bytes())
    for name in _LIBRARIES:
        digest.update(f"{name}={version(name)}".encode())
    return digest.hexdigest()


def _make_key(text: str, path: str, place: Place, *, is_proxied: bool) -> str:
    """The digest of everything that the rendering depends on, so that nothing can be out of date.

    What is added to the arguments, or read from the settings, is added here.
    """
    release = place.release
    facts = [
        _get_edition(),
        is_proxied,
        settings.BASE_URL,
        address.get_key_print(),
        path,
        repr(place.repository),
        release
        and (
            *(release.name, release.version, release.readme),
            *(sorted(release.paths), sorted(release.pictures)),
        ),
        text,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _render(text: str, path: str, place: Place, *, is_proxied: bool) -> str:
    if not path.lower().endswith(_MARKDOWN) or len(text) > MAX_MARKDOWN_CHARS:
        return _show_plainly(text)
    try:
        html = render_markdown(text)
        if len(html) > MAX_HTML_CHARS:
            return _show_plainly(text)
        clean = sanitise_html(balance_html(html), place)
        if not _VISIBLE.search(f">{clean}"):
            return _show_plainly(text)
        finished = finish_html(clean, is_proxied=is_proxied)
        return finished if len(finished) <= MAX_HTML_CHARS else _show_plainly(text)
    except (TooComplexError, UnreadableError):
        return _show_plainly(text)


def _show_plainly(text: str) -> str:
    # A character becomes at most five (`&amp;`).
    shown = text[: MAX_HTML_CHARS // 5] if len(escape(text, quote=False)) > MAX_HTML_CHARS else text
    cut = len(text) - len(shown)
    rest = f"\n\n… {cut} more characters are in the file." if cut else ""
    return f'<pre class="plain" dir="auto" tabindex="0">{escape(shown, quote=False)}{rest}</pre>'
