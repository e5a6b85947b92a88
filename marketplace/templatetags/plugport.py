"""Filters and tags for labels, numbers, times, icons and links."""

from __future__ import annotations

import datetime as dt
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from marketplace import labels
from marketplace.readme.links import is_web_url
from plugport.spec.repository_address import parse_repository_address
from plugport.spec.sizes import format_size

register = template.Library()

_UNITS = (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3_600), ("min", 60))
_UNIT_NAMES = {"y": "year", "mo": "month", "d": "day", "h": "hour", "min": "minute"}


@register.simple_tag
@cache  # `static` looks up a hashed file name, and a page has many icons
def icon(name: str) -> SafeString:
    """Render an icon of the sprite. It is hidden from screen readers: put text next to it."""
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons/sprite.svg"),
        name,
    )


@register.filter
def trust(value: str) -> labels.StatusLabel:
    """Return the label of a trust level; unknown levels count as untrusted."""
    return labels.TRUST.get(value) or labels.TRUST["untrusted"]


@register.filter
def state(value: str) -> labels.StatusLabel:
    """Return the label of a release's state."""
    return labels.STATES[value]


@register.filter
def check_state(value: str) -> labels.StatusLabel:
    """Return the label of a check's state."""
    return labels.CHECK_STATES[value]


@register.filter
def severity(value: str) -> labels.StatusLabel:
    """Return the label of a finding's severity; unknown ones count as a note."""
    return labels.SEVERITIES.get(value, labels.SEVERITIES["note"])


@register.filter
def kind_title(value: str) -> str:
    """Return the title of a plugin kind."""
    return labels.get_kind_title(value)


@register.filter
def kind_icon(value: str) -> str:
    """Return the icon of a plugin kind."""
    return labels.get_kind_icon(value)


@register.filter
def manifest_format_title(value: str) -> str:
    """Return the title of a manifest format, given the value of `dialect`."""
    return labels.MANIFEST_FORMATS.get(value, value)


@register.filter
def short_number(value: int) -> str:
    """Format a count in few characters: 950, 1.2k, 34k, 5.6M. Rounds down."""
    for letter, size in (("M", 1_000_000), ("k", 1_000)):
        if value >= size:
            tenths = value * 10 // size
            whole, part = divmod(tenths, 10)
            return f"{whole}.{part}{letter}" if whole < 10 and part else f"{whole}{letter}"
    return str(value)


@register.filter
def grouped(value: int) -> str:
    """Format a count with thousands separators: 30,434."""
    return f"{value:,}"


@register.filter
def file_size(value: int) -> str:
    """Format bytes in powers of 1000: `950 B`, `1.2 kB`, `34 MB`."""
    return format_size(value)


@register.filter
def ago(value: dt.datetime | None) -> str:
    """Format a past time in its largest unit: `3 days ago`. None is `never`."""
    if value is None:
        return "never"
    seconds = (timezone.now() - value).total_seconds()
    for unit, size in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {_UNIT_NAMES[unit]}{'s' if count > 1 else ''} ago"
    return "just now"


@register.filter
def until(value: dt.datetime) -> str:
    """Format a future time in days: `in 3 days`; a past one is `expired`."""
    seconds = (value - timezone.now()).total_seconds()
    if seconds <= 0:
        return "expired"
    count = max(1, round(seconds / 86_400))
    return f"in {count} day{'s' if count > 1 else ''}"


@register.filter
def inline_code(value: object) -> SafeString:
    """Escape a text and render what is between backticks as code, as people write in Markdown."""
    pieces = str(value or "").split("`")
    # Paired backticks leave an odd number of pieces. A text may have an unpaired one; then it is shown
    # as it is.
    if len(pieces) % 2 == 0:
        return format_html("{}", "`".join(pieces))
    return format_html_join(
        "",
        "{}{}{}",
        (
            ((SafeString("<code>"), piece, SafeString("</code>")) if index % 2 else ("", piece, ""))
            for index, piece in enumerate(pieces)
        ),
    )


@register.filter
def help_text(value: object) -> SafeString:
    """Render the help of a form field, which may be HTML: Django's own help is."""
    # The text may be lazy; only the text itself tells whether it is HTML.
    text = str(value)
    return text if isinstance(text, SafeString) else inline_code(text)


@register.filter
def web_url(value: object) -> str:
    """Return an author's URL if it is http or https, else "". Never link `javascript:` (CWE-79)."""
    url = str(value or "")
    return url if is_web_url(url) else ""


@register.filter
def repository_url(url: str) -> str:
    """Return the web page of a repository; "" if only programs understand its URL."""
    if is_web_url(url):
        return url
    address = parse_repository_address(url)
    return address.url if address else ""


@register.filter
def display_url(value: str) -> str:
    """Shorten a URL for display: without scheme and trailing slash."""
    return value.removeprefix("https://").removeprefix("http://").removesuffix("/")
