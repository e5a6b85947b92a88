"""The last word on what a README may bring into a page: an allow list of tags and attributes."""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3

from marketplace.readme.highlight import CLASSES
from marketplace.readme.links import (
    ID_PREFIX,
    Finder,
    make_slug,
    resolve_image,
    resolve_link,
)
from marketplace.readme.tags import ALLOWED, ATTRIBUTES, HIDDEN

_NUMBER = re.compile(r"[0-9]{1,4}(?:px|%)?\Z", re.ASCII)
_ALIGN = frozenset({"left", "right", "center"})
_OWN_CLASSES = frozenset(
    {
        *("markdown-alert", "markdown-alert-title", "contains-task-list", "task-list-item"),
        *(f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")),
        *("footnotes", "footnote-ref", "footnote-backref", "footnotes-list", "footnote-item"),
    }
)
_CLASSES = CLASSES | _OWN_CLASSES
# Set on every such element, whatever the author wrote.
_FORCED = {
    "input": {"type": "checkbox", "disabled": ""},
    "img": {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"},
}


def sanitise_html(html: str, place: Finder) -> str:
    """HTML with nothing in it but `tags.ALLOWED`, its addresses resolved, its ids prefixed."""

    def keep(tag: str, attribute: str, value: str) -> str | None:
        return _filter(tag, attribute, value, place)

    return nh3.clean(
        html,
        tags=set(ALLOWED),
        clean_content_tags=set(HIDDEN - ALLOWED),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=keep,
        link_rel="nofollow noopener ugc",
        set_tag_attribute_values=_FORCED,
        url_schemes={"http", "https", "mailto"},
    )


def _filter(tag: str, attribute: str, value: str, place: Finder) -> str | None:
    if attribute in _RESOLVERS:
        return _RESOLVERS[attribute](value, place)
    clean = _CLEANERS.get(attribute)
    return clean(value) if clean else value


def _prefix_id(value: str) -> str | None:
    slug = make_slug(value)
    return f"{ID_PREFIX}{slug}" if slug else None


def _keep_classes(value: str) -> str | None:
    return " ".join(name for name in value.split() if name in _CLASSES) or None


def _keep_number(value: str) -> str | None:
    return value if _NUMBER.match(value) else None


def _keep_align(value: str) -> str | None:
    return value.lower() if value.lower() in _ALIGN else None


def _resolve_srcset(value: str, place: Finder) -> str | None:
    """A list of images and their sizes: all of them resolved, or none kept."""
    kept = []
    for candidate in value.split(","):
        url, _, size = candidate.strip().partition(" ")
        resolved = resolve_image(url, place)
        if resolved is None or not re.fullmatch(r"[0-9.]{0,6}[wx]?", size.strip()):
            return None
        kept.append(f"{resolved} {size.strip()}".strip())
    return ", ".join(kept)


_RESOLVERS: dict[str, Callable[[str, Finder], str | None]] = {
    "href": resolve_link,
    "src": resolve_image,
    "srcset": _resolve_srcset,
}
_CLEANERS: dict[str, Callable[[str], str | None]] = {
    "id": _prefix_id,
    "class": _keep_classes,
    "align": _keep_align,
    **dict.fromkeys(("width", "height", "colspan", "rowspan", "start"), _keep_number),
}
