"""The release that an installation by version range selects. Client and registry share the rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from plugport.spec.ranges.model import Range
from plugport.spec.versions.model import Version


class SelectableRelease(Protocol):
    """The facts on which the selection depends."""

    @property
    def version(self) -> Version:
        """The version that ranges are matched against."""

    @property
    def is_installable(self) -> bool:
        """Whether it is published and not yanked."""

    @property
    def is_deprecated(self) -> bool:
        """Whether its publisher advises against it."""


ReleaseT = TypeVar("ReleaseT", bound=SelectableRelease)


def select_release(releases: Iterable[ReleaseT], version_range: Range) -> ReleaseT | None:
    """The highest installable release in a range; a deprecated one only if there is no other."""
    installable = [release for release in releases if release.is_installable]
    current = [release for release in installable if not release.is_deprecated]
    return _find_highest(current, version_range) or _find_highest(installable, version_range)


def select_newest_release(releases: Iterable[ReleaseT]) -> ReleaseT | None:
    """The release to install if no version is requested.

    As `select_release` for `*`, but a plugin that has prereleases only gives the highest of those.
    """
    candidates = list(releases)
    return select_release(candidates, Range.parse("*")) or select_release(
        candidates, Range.parse("*", include_prerelease=True)
    )


def _find_highest(releases: list[ReleaseT], version_range: Range) -> ReleaseT | None:
    matching = (release for release in releases if release.version in version_range)
    return max(matching, key=lambda release: release.version, default=None)
