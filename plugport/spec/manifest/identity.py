"""Parsers of a plugin's name and version, with hints for invalid ones."""

from __future__ import annotations

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import Cursor
from plugport.spec.names import InvalidNameError, PluginName
from plugport.spec.text import quote_text
from plugport.spec.versions import InvalidVersionError, Version, find_version

NAME_RULE = "`name` or `@scope/name` of a-z, 0-9, `-` and `.`"
VERSION_RULE = "MAJOR.MINOR.PATCH, as in `1.4.0`"


def parse_name(cursor: Cursor) -> PluginName | None:
    """Parse a plugin's name in any spelling that `PluginName` accepts."""
    if not isinstance(cursor.value, str):
        detail = f"must be text, found {describe_value(cursor.value)}"
        cursor.fail(detail, "wrong-type", allowed=NAME_RULE, hint="Put the name in quotes.")
        return None
    try:
        return PluginName.parse(cursor.value)
    except InvalidNameError as error:
        cursor.fail(error.detail, error.code, allowed=NAME_RULE, hint=error.hint)
        return None


def parse_version(cursor: Cursor) -> Version | None:
    """Parse a semantic version. A number such as `1.0` is an error."""
    # `version: 1.10` is a number in YAML and would silently become version 1.1.
    # `bool` is a subclass of `int`.
    if isinstance(cursor.value, int | float) and not isinstance(cursor.value, bool):
        hint = 'Put the version in quotes and give all three numbers, as in "1.0.0".'
        detail = f"must be text in quotes, found {describe_value(cursor.value)}"
        cursor.fail(detail, "version-not-text", allowed=VERSION_RULE, hint=hint)
        return None
    if not isinstance(cursor.value, str):
        cursor.expect("a version as text")
        return None
    try:
        return Version.parse(cursor.value)
    except InvalidVersionError as error:
        cursor.fail(error.detail, error.code, allowed=VERSION_RULE, hint=_build_hint(cursor.value))
        return None


def _build_hint(text: str) -> str:
    # The second call finds the version in `1.4`, which lacks the patch number.
    version = find_version(text) or find_version(f"{text.strip()}.0")
    if version:
        return f"Write the version as `{version}`."
    return f"Write {VERSION_RULE}; found {quote_text(text)}."
