"""Path segments of the URL configuration cannot be dist-tags or names of plugins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver

from plugport.spec.names import (
    PLUGIN_PATH_WORDS,
    PluginName,
    ReservedNameError,
    check_reserved,
)
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


def list_words(pattern: str) -> set[str]:
    """What the group of a regular expression matches in the pattern of any URL."""
    matches = (re.search(pattern, path) for path in list_paths(get_resolver().url_patterns))
    return {match[1] for match in matches if match}


def test_words_that_follow_a_plugin_in_a_url_are_no_dist_tags() -> None:
    """`/plugins/NAME/versions` is a page, so `versions` cannot name a release."""
    words = list_words(r"<plugin:name>/([a-z][a-z-]*)(?:/|$)")
    assert {"versions", "files", "readme"} <= words
    for word in words:
        with pytest.raises(InvalidTagError):
            check_tag(word)


def test_words_that_follow_a_plugin_in_a_url_are_no_names_in_a_scope() -> None:
    """`/plugins/acme/versions` is a page of `acme`, and `/plugins/SCOPE/NAME` redirects."""
    words = list_words(r"<plugin:name>/([a-z][a-z-]*)(?:/|$)")
    assert words == PLUGIN_PATH_WORDS
    for word in words:
        for name in (PluginName(None, word), PluginName("acme", word)):
            with pytest.raises(ReservedNameError):
                check_reserved(name)


def test_words_in_the_place_of_a_name_are_no_names() -> None:
    """`/plugins/featured` of the API is a list, so `featured` cannot name a plugin."""
    words = list_words(r"(?:^|/)plugins/([a-z][a-z-]*)(?:/|$)")
    assert {"featured", "popular", "recent"} <= words
    for word in words:
        with pytest.raises(ReservedNameError):
            check_reserved(PluginName(None, word))


def test_first_segments_of_urls_are_no_names() -> None:
    """Of plugins, scopes and accounts: an address such as `/admin` must not look like one of them."""
    words = list_words(r"^/?([a-z][a-z0-9.-]*)(?:/|$)")
    assert {"admin", "api", "search", "docs", "healthz"} <= words
    for word in words:
        for name in (PluginName(None, word), PluginName(word, "x")):
            with pytest.raises(ReservedNameError):
                check_reserved(name)
