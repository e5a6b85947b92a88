"""The release that an installation selects; client and registry use the same code."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from plugport.spec.ranges import Range
from plugport.spec.ranges.selection import select_newest_release, select_release
from plugport.spec.versions import Version


@dataclass(frozen=True)
class Release:
    version: Version
    is_installable: bool = True
    is_deprecated: bool = False


def build_releases(text: str) -> list[Release]:
    """Releases by version: `1.0.0!` cannot be installed, `1.0.0?` is deprecated."""
    return [
        Release(Version.parse(word.rstrip("!?")), "!" not in word, "?" in word)
        for word in text.split()
    ]


@pytest.mark.parametrize(
    ("releases", "requested", "version"),
    [
        ("1.0.0 1.2.0 1.1.0 2.0.0", "^1", "1.2.0"),
        ("1.0.0 1.1.0!", "^1", "1.0.0"),
        ("1.0.0 1.1.0?", "^1", "1.0.0"),
        ("1.0.0? 1.1.0? 1.2.0!", "^1", "1.1.0"),
        ("1.0.0 2.0.0-rc.1", ">=1", "1.0.0"),
        ("1.0.0 2.0.0-rc.1", ">=2.0.0-0", "2.0.0-rc.1"),
        ("1.0.0!", "^1", None),
        ("1.0.0", "^2", None),
        ("", "*", None),
    ],
)
def test_selects_by_range(releases: str, requested: str, version: str | None) -> None:
    selected = select_release(build_releases(releases), Range.parse(requested))
    assert (selected and str(selected.version)) == version


@pytest.mark.parametrize(
    ("releases", "version"),
    [
        ("1.0.0 2.0.0-rc.1", "1.0.0"),
        ("1.0.0! 2.0.0-rc.1 2.0.0-rc.2?", "2.0.0-rc.1"),
        ("2.0.0-rc.1? 2.0.0-rc.2?", "2.0.0-rc.2"),
        ("1.0.0!", None),
    ],
)
def test_selects_the_newest(releases: str, version: str | None) -> None:
    selected = select_newest_release(build_releases(releases))
    assert (selected and str(selected.version)) == version
