"""Reading what a plugin needs: other plugins, language packages, hosts and engines."""

from __future__ import annotations

import re

from plugport.spec.errors import InvalidError
from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import Spot, each_item, each_member, read_line
from plugport.spec.manifest.identity import read_name
from plugport.spec.ranges import InvalidRangeError, Range
from plugport.spec.text import show

MAX_RANGE_CHARS = 500
_PACKAGE = re.compile(r"(?:@[^\s/@]+/)?[^\s/@:]{1,214}\Z")


def read_range(spot: Spot) -> str | None:
    """Read an npm range; the text is kept as its author wrote it."""
    text = spot.value
    if not isinstance(text, str):
        spot.expect("a range as text, such as `^1.2.0`")
        return None
    try:
        Range.parse(text)
    except InvalidRangeError as error:
        hint = f"Ranges are written as npm writes them, such as `^1.2.0`; found {show(text)}."
        spot.fail(error.detail, error.code, allowed="an npm range", hint=hint)
        return None
    if len(text) > MAX_RANGE_CHARS:
        detail = f"is {len(text)} characters long; at most {MAX_RANGE_CHARS} are allowed"
        spot.fail(detail, "too-long", allowed=f"at most {MAX_RANGE_CHARS} characters")
        return None
    # Not the canonical form: authors should find what they wrote.
    return text.strip() or "*"


def _read_free_range(spot: Spot) -> str | None:
    # npm allows tags, URLs and paths here; the package manager reads them, this registry does not.
    text = read_line(spot, MAX_RANGE_CHARS) if spot.value != "" else "*"
    if text is not None:
        try:
            Range.parse(text)
        except InvalidRangeError:
            detail = f"{show(text)} is not a range and is kept as it is"
            spot.warn(detail, "not-a-range", allowed="an npm range")
    return text


def read_packages(spot: Spot) -> dict[str, str]:
    """Read npm packages and their ranges; what is no range is kept, with a warning."""
    found: dict[str, str] = {}
    for name, member in each_member(spot, "a mapping of package names to ranges", with_nulls=True):
        if not _PACKAGE.match(name):
            member.fail(f"{show(name)} is not a package name", "invalid-package")
        elif (text := _read_free_range(member)) is not None:
            found[name] = text
    return found


def read_plugins(spot: Spot) -> dict[str, str]:
    """Read plugins and their ranges.

    A mapping of names to ranges, or a list of `name`, `name@range` or `{name, version}`; a bare
    name means any version.
    """
    found: dict[str, str] = {}
    if isinstance(spot.value, dict):
        for key, member in each_member(spot, with_nulls=True):
            _add_plugin(found, Spot(key, member.path, spot.faults), member)
        return found
    for item in each_item(spot, "a list or mapping of plugin names"):
        if isinstance(item.value, dict):
            version = item.value.get("version", item.value.get("range", "*"))
            _add_plugin(
                found, item.child("name", item.value.get("name")), item.child("version", version)
            )
        elif isinstance(item.value, str):
            name, text = split_name_and_range(item.value)
            _add_plugin(
                found,
                Spot(name, item.path, spot.faults),
                Spot(text or "*", item.path, spot.faults),
            )
        else:
            item.fail(f"must be a plugin's name, found {describe(item.value)}", "wrong-type")
    return found


def split_name_and_range(text: str) -> tuple[str, str | None]:
    """Split `@scope/name@^1.0.0`; the `@` that starts a scope does not count."""
    name, at, text_range = text[1:].partition("@")  # a scope's `@` can only come first
    return text[:1] + name, text_range if at else None


def _add_plugin(found: dict[str, str], name: Spot, text: Spot) -> None:
    plugin, wanted = read_name(name), read_range(text)
    if plugin is None or wanted is None:
        return
    if str(plugin) in found:
        name.fail(f"`{plugin}` is there twice", "duplicate-key")
    found.setdefault(str(plugin), wanted)


def read_engine(spot: Spot) -> dict[str, str]:
    """Read runtimes or hosts and the ranges they must satisfy."""
    return read_packages(spot)


def read_minimum(spot: Spot) -> str | None:
    """Read the least version of a host (`1.3.0`, `8.0`) as a range."""
    text = read_line(spot, MAX_RANGE_CHARS)
    if text is None:
        return None
    try:
        Range.parse(f">={text}")
    except InvalidError:
        spot.fail(f"{show(text)} is not a version", "invalid-version", allowed="such as `1.3.0`")
        return None
    return f">={text}"


def write_minimum(text: str | None) -> str | None:
    """Write a range made by `read_minimum` as the version it came from."""
    return text[2:] if text and text.startswith(">=") else None
