"""Path segments of the URL configuration cannot be dist-tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver

from registry.errors import InvalidTagError
from registry.publishing.admit import check_tag


def list_paths(patterns: Any, prefix: str = "") -> Iterator[str]:
    """The patterns of all URLs, as text."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from list_paths(pattern.url_patterns, path)
        else:
            yield path


def test_words_that_follow_a_plugin_in_a_url_are_no_dist_tags() -> None:
    """`/plugins/NAME/versions` is a page, so `versions` cannot name a release."""
    matches = [
        re.search(r"<plugin:name>/([a-z][a-z-]*)(?:/|$)", path)
        for path in list_paths(get_resolver().url_patterns)
    ]
    words = {match[1] for match in matches if match}
    assert {"versions", "files", "readme"} <= words
    for word in words:
        with pytest.raises(InvalidTagError):
            check_tag(word)
