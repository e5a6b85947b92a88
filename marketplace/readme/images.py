"""Rewrite the images of a README.

Images of this registry stay; remote ones use the proxy or become links, so that no reader's browser
connects to another host.
"""

from __future__ import annotations

import posixpath
import re
from html import escape, unescape
from urllib.parse import unquote, urlsplit

from django.conf import settings

from marketplace.images.signed_urls import build_path

# A page cannot load more images without slowing down others. Further images become links.
MAX_REMOTE_IMAGES = 300
# Without `..`, which a browser resolves to the parent folder.
_BADGE = re.compile(r"/badges(?:/@?[\w-]+(?:\.[\w-]+)*)+\Z", re.ASCII)
_LINK = '<a class="readme-image" href="{href}" rel="nofollow noopener ugc">{label}</a>'
_TEXT = '<span class="readme-image">{label}</span>'


class ImageRewriter:
    """Rewrites the images of one README. Attribute values are escaped HTML."""

    def __init__(self, *, is_proxied: bool) -> None:
        self._remaining = MAX_REMOTE_IMAGES if is_proxied else 0

    def render_image(self, attributes: dict[str, str], *, in_link: bool) -> str:
        """The element that replaces an `img` with these attributes."""
        source = unescape(attributes.pop("src", ""))
        label = unescape(attributes.get("alt", "")) or _get_label(source)
        attributes.setdefault("alt", "")
        if not source:
            return _TEXT.format(label=escape(label)) if label else ""
        url = self._find_url(source, label)
        if url is not None:
            rest = "".join(f' {name}="{value}"' for name, value in attributes.items())
            return f'<img src="{escape(url)}"{rest}>'
        template = _TEXT if in_link else _LINK
        return template.format(href=escape(source), label=escape(label))

    def render_source(self, attributes: dict[str, str]) -> str:
        """A `source` with these attributes; "" if one of its images cannot be shown."""
        candidates = []
        for candidate in unescape(attributes.pop("srcset", "")).split(", "):
            url, blank, size = candidate.partition(" ")
            resolved = self._find_url(url, _get_label(url)) if url else None
            if resolved is None:
                return ""
            candidates.append(f"{resolved}{blank}{size}")
        rest = "".join(f' {name}="{value}"' for name, value in attributes.items())
        return f'<source srcset="{escape(", ".join(candidates))}"{rest}>'

    def _find_url(self, url: str, label: str) -> str | None:
        """The URL of the image at this registry, or None if it is not shown."""
        if url.startswith("/"):
            return url
        # Badges of this registry need no proxy.
        own = url.removeprefix(settings.BASE_URL)
        if own != url and _BADGE.match(own):
            return own
        if self._remaining <= 0:
            return None
        self._remaining -= 1
        return build_path(url, label)


def _get_label(url: str) -> str:
    """The label of an image without alternative text: its file name, or its host."""
    parts = urlsplit(url)
    return unquote(posixpath.basename(parts.path)) or (parts.hostname or "")
