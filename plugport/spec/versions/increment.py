"""The next version after a version."""

from __future__ import annotations

from typing import Literal

from plugport.spec.text import show
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
    """Return the version after raising one of `PARTS`, as npm does. Build metadata is dropped.

    `identifier` names the prerelease (`beta`), `first` is its first number, None for no number.
    `release` makes the release of a prerelease. Raises `InvalidVersionError` for an unknown part,
    for a bad identifier, past the largest number and where the result would be the same.
    """
    _check_request(part, identifier, first)
    if part == "release" and not version.is_prerelease:
        raise InvalidVersionError(f"{show(str(version))} is a release already.")
    numbers = _raise_numbers(version, part)
    if not part.startswith("pre"):
        return _make(numbers)
    kept = version.prerelease if part == "prerelease" else ()
    return _make(numbers, _raise_prerelease(kept, identifier, first))


def _check_request(part: str, identifier: str | None, first: int | None) -> None:
    if part not in PARTS:
        hint = f"Choose one of {', '.join(PARTS)}."
        raise InvalidVersionError(f"{show(part)} is not a part of a version.", hint=hint)
    if identifier and not match_prerelease(identifier):
        hint = "An identifier has letters, digits and `-`; several are joined by `.`."
        raise InvalidVersionError(f"{show(identifier)} cannot name a prerelease.", hint=hint)
    if part.startswith("pre") and not identifier and first is None:
        raise InvalidVersionError("a prerelease needs an identifier, a number or both.")


def _make(numbers: tuple[int, int, int], prerelease: Identifiers = ()) -> Version:
    tail = "-" + ".".join(map(str, prerelease)) if prerelease else ""
    return Version("{}.{}.{}".format(*numbers) + tail)


def _raise_numbers(version: Version, part: str) -> tuple[int, int, int]:
    """Raise the numbers; a prerelease of just the version asked for only becomes its release."""
    major, minor, patch = version.major, version.minor, version.patch
    is_early = version.is_prerelease
    if part in {"major", "premajor"}:
        is_there = part == "major" and is_early and minor == patch == 0
        return (major if is_there else major + 1), 0, 0
    if part in {"minor", "preminor"}:
        is_there = part == "minor" and is_early and patch == 0
        return major, (minor if is_there else minor + 1), 0
    is_there = is_early and part != "prepatch"
    return major, minor, (patch if is_there else patch + 1)


def _raise_prerelease(old: Identifiers, identifier: str | None, first: int | None) -> Identifiers:
    start: Identifiers = () if first is None else (first,)
    raised = _raise_last_number(old, start)
    if not identifier:
        return raised
    named = tuple(int(name) if name.isdigit() else name for name in identifier.split("."))
    number = raised[len(named) : len(named) + 1]
    if raised[: len(named)] == named and number and isinstance(number[0], int):
        return raised
    if (*named, *start) == old:
        raise InvalidVersionError("the next prerelease would be the same.")
    return (*named, *start)


def _raise_last_number(old: Identifiers, start: Identifiers) -> Identifiers:
    for index in reversed(range(len(old))):
        value = old[index]
        if isinstance(value, int):
            return (*old[:index], value + 1, *old[index + 1 :])
    return old + start
