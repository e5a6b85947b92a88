"""Render a README from source to HTML, and cache the result."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import nullcontext, suppress
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.utils.safestring import SafeString

from common.expensive.turns import Turns
from marketplace import syntax_highlighting
from marketplace.images import signed_urls
from marketplace.readme.errors import TooComplexError, UnexpectedHtmlError
from marketplace.readme.front_matter import render_front_matter
from marketplace.readme.link_base import LinkBase
from marketplace.readme.markdown import render_markdown
from marketplace.readme.post_processing import post_process_html
from marketplace.readme.sanitizer import sanitize_html
from marketplace.readme.well_formed import balance_html
from plugport.spec import path_folding, repository_address
from plugport.spec.manifest import document, yaml_parser
from registry.models import Release
from registry.visibility import Audience

# Longer READMEs are shown as plain text: parsing takes seconds per megabyte.
MAX_MARKDOWN_CHARS = 200_000
# The limit for rendered HTML and for plain text.
MAX_HTML_CHARS = 600_000
# Rendering holds the interpreter lock for up to 6 µs a character. The worker renders READMEs after
# publishing, so pages render them only after an update of the registry.
MAX_CHEAP_CHARS = 30_000
# In one process: threads that render a long text, or wait.
turns = Turns(max_pending=3)
_LIBRARIES = ("markdown-it-py", "mdit-py-plugins", "linkify-it-py", "nh3", "pygments", "pyyaml")
# The modules outside of this folder and of `marketplace.images` on which the HTML depends.
_MODULES = (syntax_highlighting, document, yaml_parser, path_folding, repository_address)
_MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_VISIBLE = re.compile(r"<(?:img|hr|input)\b|>[^<]*[^<\s]", re.IGNORECASE)


class _Options(NamedTuple):
    """Whether remote images are proxied, and elements have ids."""

    is_proxied: bool
    has_anchors: bool


def render_release_readme(
    name: str, release: Release, *, audience: Audience = Audience.EVERYONE
) -> SafeString:
    """The README of a release of the plugin `name` as safe HTML; "" if there is none.

    No query if the release was loaded with its contents.
    """
    contents = release.contents
    link_base = LinkBase.build_for_release(
        name, release, path=contents.readme_path, audience=audience
    )
    return render_readme(contents.readme, path=contents.readme_path, link_base=link_base)


def render_readme(
    text: str,
    *,
    path: str = "README.md",
    link_base: LinkBase,
    shows_images: bool = True,
    has_anchors: bool = True,
) -> SafeString:
    """The README as safe HTML; "" if it is empty.

    Text that is not Markdown, is too long, or renders to nothing visible is shown as plain text.
    Without `shows_images`, remote images become links. Without `has_anchors`, no element has an id,
    so that a page can show several texts. Raises `ServerBusyError` for a long text that is not
    cached, if other threads of this process are rendering such texts.
    """
    options = _Options(shows_images and settings.README_IMAGES == "proxy", has_anchors)
    if not text.strip():
        return SafeString("")
    key = _build_cache_key(text, path, link_base, options)
    html = _find_cached(key)
    if html is None:
        is_long = len(text) > MAX_CHEAP_CHARS
        with turns.take(max_seconds=settings.COMPUTATION_SECONDS) if is_long else nullcontext():
            # Another thread may have rendered it meanwhile.
            html = _find_cached(key) if is_long else None
            if html is None:
                html = _render(text, path, link_base, options)
                with suppress(Exception):
                    caches["readmes"].set(key, html)
    # The only place that marks text by authors as safe: it is the output of the sanitizer (CWE-79).
    return SafeString(html)


def _find_cached(key: str) -> str | None:
    # Without the cache the page is slower, but it works.
    with suppress(Exception):
        html: str | None = caches["readmes"].get(key)
        return html
    return None


@cache
def _get_renderer_version() -> str:
    """A digest of the code of the renderer and the versions of its libraries.

    It is part of the cache key, so that a change of either invalidates all cached READMEs.
    """
    digest = hashlib.sha256()
    for folder in (Path(__file__).parent, Path(signed_urls.__file__).parent):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes())
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    for name in _LIBRARIES:
        digest.update(f"{name}={version(name)}".encode())
    return digest.hexdigest()


def _build_cache_key(text: str, path: str, link_base: LinkBase, options: _Options) -> str:
    """A digest of everything that the result depends on, so that entries are never stale.

    New arguments and settings of the renderer must be added here.
    """
    release = link_base.release
    facts = [
        _get_renderer_version(),
        *options,
        settings.BASE_URL,
        signed_urls.get_key_fingerprint(),
        path,
        repr(link_base.repository),
        release
        and (
            *(release.base, release.readme),
            *(sorted(release.paths), sorted(release.images)),
        ),
        text,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _render(text: str, path: str, link_base: LinkBase, options: _Options) -> str:
    if not path.lower().endswith(_MARKDOWN_SUFFIXES) or len(text) > MAX_MARKDOWN_CHARS:
        return _render_plain(text)
    try:
        front_matter, body = render_front_matter(text)
        html = front_matter + render_markdown(body)
        if len(html) > MAX_HTML_CHARS:
            return _render_plain(text)
        clean = sanitize_html(balance_html(html), link_base)
        if not _VISIBLE.search(f">{clean}"):
            return _render_plain(text)
        finished = post_process_html(clean, **options._asdict())
        return finished if len(finished) <= MAX_HTML_CHARS else _render_plain(text)
    except (TooComplexError, UnexpectedHtmlError):
        return _render_plain(text)


def _render_plain(text: str) -> str:
    # Escaping turns a character into at most five (`&amp;`).
    shown = text[: MAX_HTML_CHARS // 5] if len(escape(text, quote=False)) > MAX_HTML_CHARS else text
    cut = len(text) - len(shown)
    rest = f"\n\n… {cut} more characters in the file." if cut else ""
    return f'<pre class="plain" dir="auto" tabindex="0">{escape(shown, quote=False)}{rest}</pre>'
