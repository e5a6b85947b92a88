"""Reading a plugin's name and version, with advice where they cannot be taken."""

from __future__ import annotations

from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import Spot
from plugport.spec.names import InvalidNameError, PluginName
from plugport.spec.text import show
from plugport.spec.versions import InvalidVersionError, Version, find_version

NAME_RULE = "`name` or `@scope/name` of a-z, 0-9, `-` and `.`"
VERSION_RULE = "MAJOR.MINOR.PATCH, as in `1.4.0`"


def read_name(spot: Spot) -> PluginName | None:
    """Read a plugin's name in any of its spellings."""
    if not isinstance(spot.value, str):
        detail = f"must be text, found {describe(spot.value)}"
        spot.fail(detail, "wrong-type", allowed=NAME_RULE, hint="Put the name in quotes.")
        return None
    try:
        return PluginName.parse(spot.value)
    except InvalidNameError as error:
        spot.fail(error.detail, error.code, allowed=NAME_RULE, hint=error.hint)
        return None


def read_version(spot: Spot) -> Version | None:
    """Read a semantic version; a bare number such as `1.0` is not one."""
    # `version: 1.0` and `1.10` are numbers to YAML, and 1.10 would become 1.1.
    if isinstance(spot.value, int | float) and not isinstance(spot.value, bool):
        hint = 'Put the version in quotes and give all three numbers, as in "1.0.0".'
        detail = f"must be text in quotes, found {describe(spot.value)}"
        spot.fail(detail, "version-not-text", allowed=VERSION_RULE, hint=hint)
        return None
    if not isinstance(spot.value, str):
        spot.expect("a version as text")
        return None
    try:
        return Version.parse(spot.value)
    except InvalidVersionError as error:
        spot.fail(error.detail, error.code, allowed=VERSION_RULE, hint=_advise(spot.value))
        return None


def _advise(text: str) -> str:
    # Also what lacks its last number.
    near = find_version(text) or find_version(f"{text.strip()}.0")
    if near:
        return f"Write the version as `{near}`."
    return f"Expected {VERSION_RULE}, found {show(text)}."
