"""Parsers of dependencies: plugins, language packages, hosts and runtimes, with npm ranges."""

from __future__ import annotations

import re

from plugport.spec.errors import InvalidError
from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import Cursor, iter_items, iter_members, parse_line
from plugport.spec.manifest.identity import parse_name
from plugport.spec.ranges import InvalidRangeError, Range
from plugport.spec.text import quote_text

MAX_RANGE_CHARS = 500
# npm limits names to 214 characters.
_PACKAGE = re.compile(r"(?:@[^\s/@]+/)?[^\s/@:]{1,214}\Z")


def parse_range(cursor: Cursor) -> str | None:
    """Parse an npm range. Returns it as the author wrote it, and `*` for an empty text."""
    text = cursor.value
    if not isinstance(text, str):
        cursor.expect("a range as text, such as `^1.2.0`")
        return None
    try:
        Range.parse(text)
    except InvalidRangeError as error:
        hint = f"Write an npm range, such as `^1.2.0`; found {quote_text(text)}."
        cursor.fail(error.detail, error.code, allowed="an npm range", hint=hint)
        return None
    if len(text) > MAX_RANGE_CHARS:
        detail = f"is {len(text)} characters long; at most {MAX_RANGE_CHARS} are allowed"
        cursor.fail(detail, "too-long", allowed=f"at most {MAX_RANGE_CHARS} characters")
        return None
    # Not normalized: the page of the plugin shows authors what they wrote.
    return text.strip() or "*"


def _parse_free_range(cursor: Cursor) -> str | None:
    # npm allows tags, URLs and paths here. The host's package manager resolves them, so they are
    # kept for it.
    text = parse_line(cursor, MAX_RANGE_CHARS) if cursor.value != "" else "*"
    if text is not None:
        try:
            Range.parse(text)
        except InvalidRangeError:
            detail = f"{quote_text(text)} is not an npm range; the registry does not resolve it"
            cursor.warn(detail, "not-a-range", allowed="an npm range")
    return text


def parse_packages(cursor: Cursor) -> dict[str, str]:
    """Parse npm packages and their ranges. A text that is not a range is kept with a warning."""
    ranges: dict[str, str] = {}
    for name, member in iter_members(
        cursor, "a mapping of package names to ranges", with_nulls=True
    ):
        if not _PACKAGE.match(name):
            member.fail(f"{quote_text(name)} is not a package name", "invalid-package")
        elif (text := _parse_free_range(member)) is not None:
            ranges[name] = text
    return ranges


def parse_plugins(cursor: Cursor) -> dict[str, str]:
    """Parse plugins and their ranges.

    The value is a mapping of names to ranges, or a list of `name`, `name@range` or
    `{name, version}`. A name without a range means any version.
    """
    ranges: dict[str, str] = {}
    if isinstance(cursor.value, dict):
        for key, member in iter_members(cursor, with_nulls=True):
            _add_plugin(ranges, Cursor(key, member.path, cursor.problems), member)
        return ranges
    for item in iter_items(cursor, "a list or mapping of plugin names"):
        if isinstance(item.value, dict):
            version = item.value.get("version", item.value.get("range", "*"))
            _add_plugin(
                ranges, item.child("name", item.value.get("name")), item.child("version", version)
            )
        elif isinstance(item.value, str):
            name, text = split_name_and_range(item.value)
            _add_plugin(
                ranges,
                Cursor(name, item.path, cursor.problems),
                Cursor(text or "*", item.path, cursor.problems),
            )
        else:
            item.fail(f"must be a plugin's name, found {describe_value(item.value)}", "wrong-type")
    return ranges


def split_name_and_range(text: str) -> tuple[str, str | None]:
    """Split `@scope/name@^1.0.0` into name and range. The range is None if there is none."""
    name, at, text_range = text[1:].partition("@")  # skips the `@` of a scope
    return text[:1] + name, text_range if at else None


def _add_plugin(ranges: dict[str, str], name: Cursor, text: Cursor) -> None:
    plugin, plugin_range = parse_name(name), parse_range(text)
    if plugin is None or plugin_range is None:
        return
    if str(plugin) in ranges:
        name.fail(f"`{plugin}` is listed twice", "duplicate-key")
    ranges.setdefault(str(plugin), plugin_range)


def parse_minimum_version(cursor: Cursor) -> str | None:
    """Parse the minimum version of a host (`1.3.0`, `8.0`). Returns it as a range (`>=1.3.0`)."""
    text = parse_line(cursor, MAX_RANGE_CHARS)
    if text is None:
        return None
    try:
        Range.parse(f">={text}")
    except InvalidError:
        cursor.fail(
            f"{quote_text(text)} is not a version", "invalid-version", allowed="such as `1.3.0`"
        )
        return None
    return f">={text}"


def format_minimum_version(text: str | None) -> str | None:
    """Return the version of a range that `parse_minimum_version` returned; None for other ranges."""
    return text[2:] if text and text.startswith(">=") else None
