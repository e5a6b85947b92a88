"""What becomes of a picture: ours as it is, remote ones through the proxy or as a link."""

from __future__ import annotations

import posixpath
import re
from html import escape, unescape
from urllib.parse import unquote, urlsplit

from django.conf import settings

from marketplace.images.address import make_path

# As many pictures as a page can ask for without holding up others; further ones become links.
MAX_REMOTE = 300
# Without dots that a browser would take for the folder above.
_BADGE = re.compile(r"/badges(?:/@?[\w-]+(?:\.[\w-]+)*)+\Z", re.ASCII)
_LINK = '<a class="readme-image" href="{href}" rel="nofollow noopener ugc">{label}</a>'
_TEXT = '<span class="readme-image">{label}</span>'


class Pictures:
    """The pictures of one README. Takes and gives attributes as they stand in HTML."""

    def __init__(self, *, is_proxied: bool) -> None:
        self._room = MAX_REMOTE if is_proxied else 0

    def show(self, attributes: dict[str, str], *, in_link: bool) -> str:
        """The element that stands for an `img` with these attributes."""
        source = unescape(attributes.pop("src", ""))
        label = unescape(attributes.get("alt", "")) or _name_it(source)
        attributes.setdefault("alt", "")
        if not source:
            return _TEXT.format(label=escape(label)) if label else ""
        shown = self._find_shown(source, label)
        if shown is not None:
            rest = "".join(f' {name}="{value}"' for name, value in attributes.items())
            return f'<img src="{escape(shown)}"{rest}>'
        form = _TEXT if in_link else _LINK
        return form.format(href=escape(source), label=escape(label))

    def show_set(self, attributes: dict[str, str]) -> str:
        """The `source` with these attributes; "" if one of its pictures cannot be shown."""
        kept = []
        for candidate in unescape(attributes.pop("srcset", "")).split(", "):
            url, blank, size = candidate.partition(" ")
            shown = self._find_shown(url, _name_it(url)) if url else None
            if shown is None:
                return ""
            kept.append(f"{shown}{blank}{size}")
        rest = "".join(f' {name}="{value}"' for name, value in attributes.items())
        return f'<source srcset="{escape(", ".join(kept))}"{rest}>'

    def _find_shown(self, url: str, label: str) -> str | None:
        """The address at this registry; None for a picture that is not shown."""
        if url.startswith("/"):
            return url
        # Badges of this registry, which need not be asked over the network.
        own = url.removeprefix(settings.BASE_URL)
        if own != url and _BADGE.match(own):
            return own
        if self._room <= 0:
            return None
        self._room -= 1
        return make_path(url, label)


def _name_it(url: str) -> str:
    """What to call a picture that its author gave no words: its file name, else its host."""
    parts = urlsplit(url)
    return unquote(posixpath.basename(parts.path)) or (parts.hostname or "")
