"""The next version after a version."""

from __future__ import annotations

import re

from plugport.spec.text import show
from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.model import Version

PARTS = ("major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease", "release")

_IDENTIFIERS = re.compile(
    r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*\Z",
)


def increment(
    version: Version, part: str, identifier: str | None = None, base: int | None = 0
) -> Version:
    """The version after raising one of `PARTS`, as npm does.

    `identifier` names the prerelease (`beta`), `base` is its first number, None for no number.
    Raises `InvalidVersionError` for an unknown part or identifier and when nothing would change.
    """
    if part not in PARTS:
        raise InvalidVersionError(
            f"{show(part)} is not a part", hint=f"Choose one of {', '.join(PARTS)}."
        )
    if identifier and not _IDENTIFIERS.match(identifier):
        raise InvalidVersionError(f"{show(identifier)} cannot name a prerelease")
    if part.startswith("pre") and base is None and not identifier:
        raise InvalidVersionError("a prerelease needs a name or a number")
    if part == "release":
        if not version.is_prerelease:
            raise InvalidVersionError(f"{show(str(version))} is not a prerelease")
        return _make(version.major, version.minor, version.patch)
    numbers = _raise_numbers(version, part)
    if not part.startswith("pre"):
        return _make(*numbers)
    kept = version.prerelease if part == "prerelease" else ()
    return _make(*numbers, _next_prerelease(kept, identifier, base))


def _make(major: int, minor: int, patch: int, prerelease: tuple[int | str, ...] = ()) -> Version:
    tail = "-" + ".".join(map(str, prerelease)) if prerelease else ""
    return Version(f"{major}.{minor}.{patch}{tail}")


def _raise_numbers(version: Version, part: str) -> tuple[int, int, int]:
    major, minor, patch = version.major, version.minor, version.patch
    before_release = version.is_prerelease
    match part:
        case "prerelease":
            return (major, minor, patch) if before_release else (major, minor, patch + 1)
        case "premajor":
            return major + 1, 0, 0
        case "preminor":
            return major, minor + 1, 0
        case "prepatch":
            return major, minor, patch + 1
        # A prerelease of exactly this release only has to drop its prerelease part.
        case "major":
            return (major if before_release and minor == patch == 0 else major + 1), 0, 0
        case "minor":
            return major, (minor if before_release and patch == 0 else minor + 1), 0
        case _:
            return major, minor, (patch if before_release else patch + 1)


def _next_prerelease(
    old: tuple[int | str, ...], identifier: str | None, base: int | None
) -> tuple[int | str, ...]:
    first = () if base is None else (base,)
    raised = list(old)
    for index in reversed(range(len(raised))):
        value = raised[index]
        if isinstance(value, int):
            raised[index] = value + 1
            break
    else:
        raised += first
    if not identifier:
        return tuple(raised)
    named = tuple(int(name) if name.isdigit() else name for name in identifier.split("."))
    follows = raised[len(named) :][:1]
    if tuple(raised[: len(named)]) == named and follows and isinstance(follows[0], int):
        return tuple(raised)
    if (*named, *first) == old:
        raise InvalidVersionError("the next prerelease would be the same")
    return (*named, *first)
