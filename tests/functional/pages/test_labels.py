"""Formatting of numbers, times, URLs and messages."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from marketplace import labels
from marketplace.search.query import SORTS
from marketplace.templatetags import plugport as tags
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from registry.models import CheckState, Trust
from registry.models.states import ReleaseState


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_250, "1.2k"),
        (9_999, "9.9k"),
        (10_000, "10k"),
        (999_999, "999k"),
        (1_000_000, "1M"),
        (5_678_901, "5.6M"),
        (12_345_678_901, "12345M"),
    ],
)
def test_counts(value: int, text: str):
    """Short numbers round down."""
    assert tags.short_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1240, "1.2 kB"),
        (10 * 1024, "10.2 kB"),
        (5_000_001, "5 MB"),
        (3 * 1024**3, "3.2 GB"),
    ],
)
def test_sizes(value: int, text: str):
    """In powers of 1000."""
    assert tags.file_size(value) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "just now"),
        (1.5, "1 day ago"),
        (3.2, "3 days ago"),
        (45, "1 month ago"),
        (800, "2 years ago"),
    ],
)
def test_times_past(days: float, text: str):
    """Ages use the largest unit and round down."""
    assert tags.ago(timezone.now() - dt.timedelta(days=days)) == text


def test_times_ahead():
    """Expiry in days, or expired."""
    assert tags.until(timezone.now() + dt.timedelta(days=30)) == "in 30 days"
    assert tags.until(timezone.now() + dt.timedelta(hours=3)) == "in 1 day"
    assert tags.until(timezone.now() - dt.timedelta(seconds=1)) == "expired"
    assert tags.ago(None) == "never"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/x", "https://a.test/x"),
        ("HTTP://a.test", "HTTP://a.test"),
        ("javascript:alert(1)", ""),
        ("https://a.test@evil.test", ""),
        ("https://a.test/\nx", ""),
        ("//a.test", ""),
        (None, ""),
        ("https://[", ""),
    ],
)
def test_addresses(url: str | None, shown: str):
    """Only http and https URLs become links."""
    assert tags.web_url(url) == shown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain <b>", "plain &lt;b&gt;"),
        ("a `b` c `d`", "a <code>b</code> c <code>d</code>"),
        ("`<i>`", "<code>&lt;i&gt;</code>"),
        ("odd ` one", "odd ` one"),
        (None, ""),
    ],
)
def test_messages(text: str | None, html: str):
    """Backticks become code, everything else is escaped."""
    assert tags.inline_code(text) == html


def test_every_value_has_a_label():
    """Every trust level, state, manifest format and order has a label."""
    assert set(labels.TRUST) == set(Trust.values)
    assert set(labels.STATES) == set(ReleaseState.values)
    assert set(labels.CHECK_STATES) == set(CheckState.values)
    assert set(labels.MANIFEST_FORMATS) == set(MANIFEST_FORMATS)
    assert set(labels.SORTS) == set(SORTS)
    assert labels.get_kind_title("of-tomorrow") == "of-tomorrow"


def test_drawings_are_in_the_sprite(settings):
    """Every icon that is used exists in the sprite."""
    import re
    from pathlib import Path

    base = Path(settings.BASE_DIR)
    drawn = set(
        re.findall(r'<symbol id="([\w-]+)"', (base / "static/icons/sprite.svg").read_text())
    )
    named = {
        word.icon
        for table in (labels.TRUST, labels.STATES, labels.CHECK_STATES, labels.SEVERITIES)
        for word in table.values()
    }
    for template in (base / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([\w-]+)" %}', template.read_text(encoding="utf-8")))
    everything = {
        "filesystem": ["read:a", "write:b"],
        "network": ["c"],
        "exec": ["d"],
        "env": ["e"],
        "components": ["hook:f", "mcp:g", "lsp:h"],
    }
    groups = labels.list_permission_groups(everything)
    assert [row.items for row in groups] == [(c,) for c in "abcdefgh"]
    assert named | {row.icon for row in groups} <= drawn
