"""Parsers of tags and categories, and their normalized form: lower case, with dashes."""

from __future__ import annotations

import re

from plugport.spec.manifest.fields import Cursor, parse_line, parse_list, split_text
from plugport.spec.text import quote_text

MAX_LABEL_CHARS = 50
MAX_TAGS = 50
MAX_CATEGORIES = 10


def normalize_label(text: str) -> str:
    """Return a tag or category as it is stored: lower case, white space and underscores as a dash."""
    return re.sub(r"[\s_-]+", "-", text.strip().lower()).strip("-")


def parse_labels(cursor: Cursor) -> tuple[str, ...] | None:
    """Parse a list of tags or categories. Those that are too long are dropped with a warning.

    A text with commas is split, with a warning.
    """
    expected = "a list of texts"
    return parse_list(split_text(cursor, expected), _parse_label, expected)


def _parse_label(cursor: Cursor) -> str | None:
    text = parse_line(cursor, 1_000)  # more would be an error instead of a warning
    label = normalize_label(text) if text else ""
    if len(label) > MAX_LABEL_CHARS:
        detail = f"{quote_text(label)} is longer than {MAX_LABEL_CHARS} characters and is ignored"
        cursor.warn(detail, "label-too-long", allowed=f"at most {MAX_LABEL_CHARS} characters")
        return None
    return label or None


def merge_labels(
    cursor: Cursor, first: tuple[str, ...], second: tuple[str, ...], limit: int
) -> tuple[str, ...]:
    """Join the labels of two fields. Those beyond `limit` are dropped with a warning."""
    labels = tuple(dict.fromkeys(first + second))
    if len(labels) > limit:
        detail = f"only the first {limit} of {len(labels)} are kept"
        cursor.warn(detail, "too-many-labels", allowed=f"at most {limit}")
    return labels[:limit]
