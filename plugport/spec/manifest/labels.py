"""Reading tags and categories into the form that is searched: lower case, with dashes."""

from __future__ import annotations

import re

from plugport.spec.manifest.fields import Spot, read_line, read_list
from plugport.spec.text import show

MAX_LABEL_CHARS = 50
MAX_TAGS = 50
MAX_CATEGORIES = 10


def normalise_label(text: str) -> str:
    """Write a label as it is stored: lower case, blanks and underscores as one dash."""
    return re.sub(r"[\s_-]+", "-", text.strip().lower()).strip("-")


def read_labels(spot: Spot) -> tuple[str, ...] | None:
    """Read a list of labels. One that is too long is left out, with a warning."""
    return read_list(spot, _read_label, "a list of texts")


def _read_label(spot: Spot) -> str | None:
    text = read_line(spot, 1_000)  # far above the limit, which only warns
    label = normalise_label(text) if text else ""
    if len(label) > MAX_LABEL_CHARS:
        detail = f"{show(label)} is longer than {MAX_LABEL_CHARS} characters and is left out"
        spot.warn(detail, "label-too-long", allowed=f"at most {MAX_LABEL_CHARS} characters")
        return None
    return label or None


def merge_labels(
    spot: Spot, old: tuple[str, ...], new: tuple[str, ...], limit: int
) -> tuple[str, ...]:
    """Join labels from two fields. What goes over `limit` is left out, with a warning."""
    labels = tuple(dict.fromkeys(old + new))
    if len(labels) > limit:
        detail = f"only the first {limit} of {len(labels)} are kept"
        spot.warn(detail, "too-many-labels", allowed=f"at most {limit}")
    return labels[:limit]
