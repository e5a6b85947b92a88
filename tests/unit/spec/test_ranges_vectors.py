"""Ranges against npm's conformance vectors and its answers for the ranges of real packages.

Vectors with the option `loose` request a loose mode that does not exist here: each of them has
to be refused, or mean the same without it.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from plugport.spec.ranges import (
    InvalidRangeError,
    Range,
    is_above,
    is_below,
    max_satisfying,
    min_satisfying,
)
from plugport.spec.versions import Version, find_version
from tests.support.data import shared_data

OUTSIDE: dict[str, tuple[Callable[[Version, Range], bool], bool]] = {
    "version-gt-range": (is_above, True),
    "version-not-gt-range": (is_above, False),
    "version-lt-range": (is_below, True),
    "version-not-lt-range": (is_below, False),
}


def load(name: str) -> Any:
    return json.loads(shared_data("semver", f"{name}.json").read_text())


def load_strict(name: str) -> list[Any]:
    return [case for case in load(name) if not case.get("options", {}).get("loose")]


def load_loose(name: str) -> list[Any]:
    return [case for case in load(name) if case.get("options", {}).get("loose")]


def parse_range(case: dict[str, Any]) -> Range:
    wide = case.get("options", {}).get("includePrerelease", False)
    return Range.parse(case["range"], include_prerelease=wide)


def find_canonical(case: dict[str, Any]) -> str | None:
    try:
        return parse_range(case).canonical
    except InvalidRangeError:
        return None


@pytest.mark.parametrize("name", ["range-include", "range-exclude"])
def test_contains(name: str) -> None:
    """`glorp` stands among the versions: what is no version is in no range."""
    cases = load_strict(name)
    assert len(cases) > 45
    for case in cases:
        version = find_version(case["version"])
        is_in_range = version is not None and parse_range(case).contains(version)
        assert is_in_range == case["expect"], case


def test_canonical_text() -> None:
    cases = load_strict("range-parse")
    assert len(cases) == 62
    wrong = [case for case in cases if find_canonical(case) != case["canonical"]]
    assert wrong == []


def test_intersections() -> None:
    for case in load("range-intersection"):
        one, other = Range.parse(case["a"]), Range.parse(case["b"])
        assert one.intersects(other) == other.intersects(one) == case["expect"], case


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside(name: str) -> None:
    is_outside, expected = OUTSIDE[name]
    cases = load_strict(name)
    assert len(cases) > 25
    for case in cases:
        version = find_version(case["version"])
        assert version is not None
        assert is_outside(version, parse_range(case)) == expected, case


@pytest.mark.parametrize("name", ["range-include", "range-exclude", *OUTSIDE])
def test_sloppy_vectors_are_refused_or_mean_the_same(name: str) -> None:
    is_outside, expected = OUTSIDE.get(name, (None, None))
    for case in load_loose(name):
        version = find_version(case["version"])
        if version is None or find_canonical(case) is None:
            continue
        if is_outside is None:
            assert parse_range(case).contains(version) == case["expect"], case
        else:
            assert is_outside(version, parse_range(case)) == expected, case


def test_sloppy_ranges_are_refused_or_mean_the_same() -> None:
    cases = load_loose("range-parse")
    canonicals = {case["range"]: find_canonical(case) for case in cases}
    assert canonicals[">01.02.03"] is canonicals["~1.2.3beta"] is None
    assert all(canonicals[case["range"]] in {None, case["canonical"]} for case in cases)


def test_real_ranges_on_real_version_lists() -> None:
    data = load("real-ranges")
    lists = {name: list(map(Version.parse, texts)) for name, texts in data["versions"].items()}
    assert len(data["cases"]) == 485
    for case in data["cases"]:
        requested_range, versions = Range.parse(case["range"]), lists[case["package"]]
        answers = {
            "package": case["package"],
            "range": str(requested_range),
            "canonical": requested_range.canonical,
            "matches": sum(map(requested_range.contains, versions)),
            "min": find_text(min_satisfying(versions, requested_range)),
            "max": find_text(max_satisfying(versions, requested_range)),
            "maxWithPrereleases": find_text(
                max_satisfying(versions, requested_range, include_prerelease=True)
            ),
        }
        assert answers == case


def find_text(version: Version | None) -> str | None:
    return None if version is None else str(version)
