"""Sanitize the HTML of a README with an allow list of elements and attributes (CWE-79)."""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3

from marketplace.readme.anchors import build_id
from marketplace.readme.highlight import CLASSES
from marketplace.readme.links import LinkResolver, resolve_image, resolve_link
from marketplace.readme.tags import ALLOWED, ATTRIBUTES, HIDDEN

_NUMBER = re.compile(r"[0-9]{1,4}(?:px|%)?\Z", re.ASCII)
_ALIGN = frozenset({"left", "right", "center"})
_MARKDOWN_CLASSES = frozenset(
    {
        *("markdown-alert", "markdown-alert-title", "contains-task-list", "task-list-item"),
        *(f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")),
        *("footnotes", "footnote-ref", "footnote-backref", "footnotes-list", "footnote-item"),
    }
)
_CLASSES = CLASSES | _MARKDOWN_CLASSES
# Always set, whatever the author wrote.
_FORCED_ATTRIBUTES = {
    "input": {"type": "checkbox", "disabled": ""},
    "img": {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"},
}


def sanitize_html(html: str, resolver: LinkResolver) -> str:
    """HTML with only `tags.ALLOWED` elements, resolved URLs, and prefixed ids."""

    def filter_attribute(tag: str, attribute: str, value: str) -> str | None:
        return _filter_attribute(tag, attribute, value, resolver)

    return nh3.clean(
        html,
        tags=set(ALLOWED),
        clean_content_tags=set(HIDDEN - ALLOWED),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=filter_attribute,
        link_rel="nofollow noopener ugc",
        set_tag_attribute_values=_FORCED_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
    )


def _filter_attribute(tag: str, attribute: str, value: str, resolver: LinkResolver) -> str | None:
    if attribute in _RESOLVERS:
        return _RESOLVERS[attribute](value, resolver)
    clean = _CLEANERS.get(attribute)
    return clean(value) if clean else value


# Other classes of the style sheets would let a README imitate the registry's own messages.
def _filter_classes(value: str) -> str | None:
    return " ".join(name for name in value.split() if name in _CLASSES) or None


def _filter_number(value: str) -> str | None:
    return value if _NUMBER.match(value) else None


def _filter_align(value: str) -> str | None:
    return value.lower() if value.lower() in _ALIGN else None


def _resolve_srcset(value: str, resolver: LinkResolver) -> str | None:
    """Resolve a list of images with sizes. None if one of them cannot be resolved."""
    candidates = []
    for candidate in value.split(","):
        url, _, size = candidate.strip().partition(" ")
        resolved = resolve_image(url, resolver)
        if resolved is None or not re.fullmatch(r"[0-9.]{0,6}[wx]?", size.strip()):
            return None
        candidates.append(f"{resolved} {size.strip()}".strip())
    return ", ".join(candidates)


_RESOLVERS: dict[str, Callable[[str, LinkResolver], str | None]] = {
    "href": resolve_link,
    "src": resolve_image,
    "srcset": _resolve_srcset,
}
_CLEANERS: dict[str, Callable[[str], str | None]] = {
    "id": build_id,
    "name": build_id,
    "class": _filter_classes,
    "align": _filter_align,
    **dict.fromkeys(("width", "height", "colspan", "rowspan", "start"), _filter_number),
}
