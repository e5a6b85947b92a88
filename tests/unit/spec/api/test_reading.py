"""Responses as a client reads them: wrong types become empty values and never an error."""

from __future__ import annotations

from typing import Any

import pytest

from plugport.spec.api.plugins import Plugin, PluginList, Stats
from plugport.spec.api.reading import parse_leniently
from plugport.spec.api.releases import Check, FieldChange, Release


def test_missing_members_are_null_or_empty() -> None:
    plugin = parse_leniently(Plugin, {})
    assert plugin["name"] == ""
    assert plugin["author"] is None
    assert plugin["owners"] == []
    assert plugin["distTags"] == {}
    assert plugin["downloads"] == 0
    assert plugin["rating"] == 0.0
    assert plugin["verified"] is False


def test_optional_members_stay_missing() -> None:
    plugin = parse_leniently(Plugin, {"repository": {"url": "https://x/"}})
    assert plugin["repository"] == {"url": "https://x/"}


@pytest.mark.parametrize("wrong", [None, 7, "x", True, [1], {"a": 1}, 1.5])
@pytest.mark.parametrize("declaration", [Plugin, Release, PluginList, Stats, Check])
def test_no_value_is_an_error(declaration: Any, wrong: Any) -> None:
    document = dict.fromkeys(declaration.__annotations__, wrong)
    again = parse_leniently(declaration, parse_leniently(declaration, document))
    assert again == parse_leniently(declaration, document)


def test_wrong_entries_of_lists_and_objects_are_left_out() -> None:
    plugin = parse_leniently(Plugin, {"tags": ["a", 7, None], "distTags": {"latest": "1", "x": 2}})
    assert plugin["tags"] == ["a"]
    assert plugin["distTags"] == {"latest": "1"}
    check = parse_leniently(Check, {"findings": [{"rule": "r", "line": "7"}, "no"]})
    assert check["findings"] == [{"rule": "r", "severity": "", "message": "", "line": 0}]


def test_booleans_are_no_numbers_and_whole_numbers_may_be_floats() -> None:
    assert parse_leniently(Plugin, {"downloads": True})["downloads"] == 0
    assert parse_leniently(Plugin, {"rating": 5})["rating"] == 5


def test_any_value_is_kept() -> None:
    assert parse_leniently(FieldChange, {"before": [1, {"a": None}]})["before"] == [1, {"a": None}]


def test_declared_member_is_read_without_further_code() -> None:
    class Newer(Plugin):
        stars: int

    assert parse_leniently(Newer, {"stars": 5, "unknown": 1})["stars"] == 5
    assert "unknown" not in parse_leniently(Newer, {"unknown": 1})
