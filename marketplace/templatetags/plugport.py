"""What templates need beyond Django's own: words, numbers, times, icons, safe addresses."""

from __future__ import annotations

import datetime as dt
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from marketplace import words
from marketplace.readme.links import is_web_url
from plugport.spec.sizes import show_size

register = template.Library()

_UNITS = (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3_600), ("min", 60))
_LONG = {"y": "year", "mo": "month", "d": "day", "h": "hour", "min": "minute"}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """A drawing of the sprite; decoration only, the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons/sprite.svg"),
        name,
    )


@register.filter
def trust(value: str) -> words.Word:
    """The words of a trust level."""
    return words.TRUST.get(value) or words.TRUST["untrusted"]


@register.filter
def state(value: str) -> words.Word:
    """The words of a release's state."""
    return words.STATES[value]


@register.filter
def check_state(value: str) -> words.Word:
    """The words of a check's state."""
    return words.CHECK_STATES[value]


@register.filter
def severity(value: str) -> words.Word:
    """The words of a finding's severity."""
    return words.SEVERITIES.get(value, words.SEVERITIES["note"])


@register.filter
def kind_title(value: str) -> str:
    """What a kind is called."""
    return words.get_kind_title(value)


@register.filter
def dialect_title(value: str) -> str:
    """What a dialect is called."""
    return words.DIALECTS.get(value, value)


@register.filter
def short_number(value: int) -> str:
    """A count in few characters: 950, 1.2k, 34k, 5.6M. Cut, never rounded up."""
    for letter, size in (("M", 1_000_000), ("k", 1_000)):
        if value >= size:
            tenths = value * 10 // size
            whole, part = divmod(tenths, 10)
            return f"{whole}.{part}{letter}" if whole < 10 and part else f"{whole}{letter}"
    return str(value)


@register.filter
def grouped(value: int) -> str:
    """A whole count, in groups of three digits: 30,434."""
    return f"{value:,}"


@register.filter
def file_size(value: int) -> str:
    """Bytes in units of 1024: `950 B`, `1.2 KiB`, `34 MiB`."""
    return show_size(value)


@register.filter
def ago(value: dt.datetime | None) -> str:
    """How long ago, in the largest unit that fits: `3 days ago`."""
    if value is None:
        return "never"
    seconds = (timezone.now() - value).total_seconds()
    for unit, size in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {_LONG[unit]}{'s' if count > 1 else ''} ago"
    return "just now"


@register.filter
def until(value: dt.datetime) -> str:
    """How far ahead: `in 3 days`, or `expired`."""
    seconds = (value - timezone.now()).total_seconds()
    if seconds <= 0:
        return "expired"
    count = max(1, round(seconds / 86_400))
    return f"in {count} day{'s' if count > 1 else ''}"


@register.filter
def ticks(value: object) -> SafeString:
    """A message of ours, with what stands between backticks drawn as code."""
    pieces = str(value or "").split("`")
    # An even number of backticks leaves an odd number of pieces; else they are not pairs.
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
def web_url(value: object) -> str:
    """An author's address if it can be linked to, else nothing."""
    url = str(value or "")
    return url if is_web_url(url) else ""


@register.filter
def bare_url(value: str) -> str:
    """An address as people write it: without scheme and final slash."""
    return value.removeprefix("https://").removeprefix("http://").removesuffix("/")
