"""Compute the next version, with the rules of npm's `semver.inc`."""

from __future__ import annotations

from typing import Literal

from plugport.spec.text import quote_text
from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.keys import match_prerelease
from plugport.spec.versions.model import Version

PARTS = ("major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease", "release")

Identifiers = tuple[int | str, ...]


def increment(
    version: Version,
    part: str,
    identifier: str | None = None,
    first: Literal[0, 1] | None = 0,
) -> Version:
    """Return the version after incrementing one of `PARTS`. Build metadata is dropped.

    `identifier` names the prerelease (`beta`); `first` is its first number, or None for no number.
    The part `release` turns a prerelease into its release. Raises `InvalidVersionError` for an
    unknown part, an invalid identifier, a number above `MAX_NUMBER`, or an unchanged result.
    """
    _check_request(part, identifier, first)
    if part == "release" and not version.is_prerelease:
        raise InvalidVersionError(f"{quote_text(str(version))} is already a release.")
    numbers = _increment_numbers(version, part)
    if not part.startswith("pre"):
        return _build_version(numbers)
    current = version.prerelease if part == "prerelease" else ()
    return _build_version(numbers, _increment_prerelease(current, identifier, first))


def _check_request(part: str, identifier: str | None, first: int | None) -> None:
    if part not in PARTS:
        hint = f"Choose one of {', '.join(PARTS)}."
        raise InvalidVersionError(
            f"{quote_text(part)} is not a part that can be incremented.", hint=hint
        )
    if identifier and not match_prerelease(identifier):
        hint = "Use letters, digits and `-`; separate several identifiers with `.`."
        raise InvalidVersionError(
            f"{quote_text(identifier)} is not a prerelease identifier.", hint=hint
        )
    if part.startswith("pre") and not identifier and first is None:
        raise InvalidVersionError("a prerelease needs an identifier, a number or both.")


def _build_version(numbers: tuple[int, int, int], prerelease: Identifiers = ()) -> Version:
    tail = "-" + ".".join(map(str, prerelease)) if prerelease else ""
    return Version("{}.{}.{}".format(*numbers) + tail)


def _increment_numbers(version: Version, part: str) -> tuple[int, int, int]:
    """Increment the numbers.

    A prerelease of the target version only loses its prerelease: 2.0.0-rc.1 and `major` give 2.0.0.
    """
    major, minor, patch = version.major, version.minor, version.patch
    is_prerelease = version.is_prerelease
    if part in {"major", "premajor"}:
        is_target = part == "major" and is_prerelease and minor == patch == 0
        return (major if is_target else major + 1), 0, 0
    if part in {"minor", "preminor"}:
        is_target = part == "minor" and is_prerelease and patch == 0
        return major, (minor if is_target else minor + 1), 0
    is_target = is_prerelease and part != "prepatch"
    return major, minor, (patch if is_target else patch + 1)


def _increment_prerelease(
    old: Identifiers, identifier: str | None, first: int | None
) -> Identifiers:
    start: Identifiers = () if first is None else (first,)
    incremented = _increment_last_number(old, start)
    if not identifier:
        return incremented
    named = tuple(int(name) if name.isdigit() else name for name in identifier.split("."))
    number = incremented[len(named) : len(named) + 1]
    if incremented[: len(named)] == named and number and isinstance(number[0], int):
        return incremented
    if (*named, *start) == old:
        raise InvalidVersionError("the next prerelease is the same as the current one.")
    return (*named, *start)


def _increment_last_number(old: Identifiers, start: Identifiers) -> Identifiers:
    for index in reversed(range(len(old))):
        value = old[index]
        if isinstance(value, int):
            return (*old[:index], value + 1, *old[index + 1 :])
    return old + start
