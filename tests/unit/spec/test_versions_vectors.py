"""Versions against npm's conformance vectors and against the version lists of real packages.

Vectors with the option `loose` request a loose mode that does not exist here: what they accept
beyond the strict grammar has to be refused.
"""

import json
from typing import Any, Literal

import pytest

from plugport.spec.versions import PARTS, InvalidVersionError, Version, find_version, increment
from tests.support.data import shared_data


def load(name: str) -> Any:
    return json.loads(shared_data("semver", f"{name}.json").read_text())


def load_strict(name: str) -> list[Any]:
    return [case for case in load(name) if not case["options"].get("loose")]


def increment_text(case: dict[str, Any]) -> str | None:
    base = case["identifierBase"]
    first: Literal[0, 1] | None = None if base is False else 1 if int(base or 0) else 0
    try:
        version = Version.parse(case["version"])
        return str(increment(version, case["release"], case["identifier"], first))
    except InvalidVersionError:
        return None


def test_comparisons() -> None:
    cases = load_strict("comparisons")
    assert len(cases) == 10
    for case in cases:
        greater, lesser = Version.parse(case["greater"]), Version.parse(case["lesser"])
        assert greater > lesser
        assert greater.sort_key > lesser.sort_key


def test_equality() -> None:
    """One of them has spaces and a `v` around it, which only `find_version` reads."""
    cases = load_strict("equality")
    assert len(cases) == 2
    for case in cases:
        one, other = find_version(case["a"]), find_version(case["b"])
        assert one is not None
        assert one == other
        assert other is not None
        assert one.sort_key == other.sort_key


def test_valid_versions() -> None:
    for case in load("valid-versions"):
        version = Version.parse(case["version"])
        assert (version.major, version.minor, version.patch) == (
            case["major"],
            case["minor"],
            case["patch"],
        )
        assert list(version.prerelease) == case["prerelease"]
        assert list(version.build) == case["build"]


def test_invalid_versions() -> None:
    for case in load("invalid-versions"):
        assert find_version(case["value"]) is None
        with pytest.raises(InvalidVersionError):
            Version.parse(case["value"])


def test_increments() -> None:
    cases = load_strict("increments")
    assert len(cases) == 65
    wrong = [case for case in cases if increment_text(case) != case["expect"]]
    assert wrong == []


def test_sloppy_input_is_refused() -> None:
    sloppy = [case["version"] for case in load("increments") if case["options"].get("loose")]
    sloppy += [case["a"] for case in load("equality")][:17]
    for name in ("comparisons", "range-include", "version-gt-range"):
        for case in load(name):
            if case["options"].get("loose"):
                sloppy += [case.get("greater"), case.get("lesser"), case.get("version")]
    refused = [text for text in sloppy if text and find_version(text) is None]
    assert refused == ["1.2.3tag", "1.2.0beta", "1.0.0beta"]


def test_invalid_increments_have_a_reason() -> None:
    version = Version.parse("1.2.3-dev")
    with pytest.raises(
        InvalidVersionError, match="`fake` is not a part that can be incremented"
    ) as caught:
        increment(version, "fake")
    assert all(part in str(caught.value.hint) for part in PARTS)
    with pytest.raises(InvalidVersionError, match="is the same as the current one"):
        increment(version, "prerelease", "dev", None)
    with pytest.raises(InvalidVersionError, match="needs an identifier, a number or both"):
        increment(version, "prerelease", "", None)
    with pytest.raises(InvalidVersionError, match="`a/b` is not a prerelease identifier"):
        increment(version, "prerelease", "a/b")
    with pytest.raises(InvalidVersionError, match="is above"):
        increment(Version.parse("9007199254740991.0.0"), "major")
    with pytest.raises(InvalidVersionError, match="is already a release"):
        increment(Version.parse("1.2.3"), "release")


def test_real_version_lists_sort() -> None:
    for package, lists in load("sort-order").items():
        ordered = sorted(map(Version.parse, lists["shuffled"]))
        by_key = sorted(map(Version.parse, lists["shuffled"]), key=lambda version: version.sort_key)
        expected = [Version.parse(text) for text in lists["ascending"]]
        assert ordered == by_key == expected, package
        stable = [version for version in ordered if not version.is_prerelease]
        assert str(stable[-1]) == lists["highestStable"], package
        for text in lists["invalid"]:
            with pytest.raises(InvalidVersionError):
                Version.parse(text)


def test_versions_of_real_packages_are_versions() -> None:
    for texts in load("real-ranges")["versions"].values():
        assert [str(Version.parse(text)) for text in texts] == texts
