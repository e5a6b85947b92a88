"""Explain why a text is not a version, and suggest the version that was probably meant."""

from __future__ import annotations

import re

from plugport.spec.text import quote_text
from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.keys import MAX_NUMBER, MAX_VERSION_CHARS, match_version

_HINT = (
    "A version is MAJOR.MINOR.PATCH with optional -PRERELEASE and +BUILD, such as `1.4.0-beta.2`."
)
# Possessive quantifiers (`*+`, `++`) keep the match linear on hostile input (CWE-1333).
_LOOSE_VERSION = re.compile(r"[\s=v]*+(\d++(?:\.\d++)*+)(.*)", re.ASCII | re.DOTALL | re.IGNORECASE)
_MAJOR_MINOR_PATCH = 3


def build_invalid_version_error(text: str) -> InvalidVersionError:
    """The error for a text that is not a version, with the reason and, if possible, a suggestion."""
    # Length first: everything below then works on a short text.
    if len(text) > MAX_VERSION_CHARS:
        reason = f"has {len(text):,} characters; the limit is {MAX_VERSION_CHARS}"
        return InvalidVersionError(f"the version {quote_text(text, 40)} {reason}.", hint=_HINT)
    suggestion = _find_suggestion(text)
    return InvalidVersionError(
        f"{quote_text(text)} is not a version: {_describe_problem(text)}.",
        hint=f"{_HINT} Did you mean `{suggestion}`?" if suggestion else _HINT,
        context={"suggestion": suggestion} if suggestion else None,
    )


def _describe_problem(text: str) -> str:
    if not text.strip():
        return "it is empty"
    if text != text.strip():
        return "it has leading or trailing spaces"
    if text[0] in "vV=":
        return f"it starts with `{text[0]}`"
    match = _LOOSE_VERSION.fullmatch(text)
    if match is None:
        return "it does not start with a number"
    return _find_number_problem(match[1].split(".")) or _describe_suffix_problem(match[2])


def _find_number_problem(numbers: list[str]) -> str | None:
    if len(numbers) != _MAJOR_MINOR_PATCH:
        return f"it has {len(numbers)} number{'s'[: len(numbers) > 1]} instead of three"
    padded = next((digits for digits in numbers if len(digits) > 1 and digits[0] == "0"), None)
    if padded:
        return f"the number {quote_text(padded, 20)} starts with 0"
    large = next((digits for digits in numbers if int(digits) > MAX_NUMBER), None)
    return f"the number {quote_text(large, 20)} is above {MAX_NUMBER}" if large else None


def _describe_suffix_problem(suffix: str) -> str:
    invalid = re.search(r"[^0-9A-Za-z.+-]", suffix)
    if invalid:
        return f"the character {quote_text(invalid[0])} is not allowed"
    if suffix[0] not in "-+":
        return f"{quote_text(suffix, 20)} after the numbers must start with `-` or `+`"
    prerelease, _, build = suffix.partition("+")
    if "+" in build:
        return "it has more than one `+`"
    padded = re.search(r"[-.](0[0-9]+)(?![0-9A-Za-z-])", prerelease)
    if padded:
        return f"the number {quote_text(padded[1], 20)} in its prerelease starts with 0"
    return "it has an empty identifier in its prerelease or build metadata"


def _find_suggestion(text: str) -> str | None:
    """The valid version after dropping the prefix and padding missing numbers with 0, or None."""
    match = _LOOSE_VERSION.fullmatch(text.strip())
    if match is None:
        return None
    numbers = [digits.lstrip("0") or "0" for digits in match[1].split(".")]
    if len(numbers) > _MAJOR_MINOR_PATCH:
        return None
    numbers += ["0"] * (_MAJOR_MINOR_PATCH - len(numbers))
    suffix = match[2] if match[2][:1] in {"-", "+", ""} else f"-{match[2]}"
    suggestion = ".".join(numbers) + suffix
    if len(suggestion) > MAX_VERSION_CHARS or not match_version(suggestion):
        return None
    return suggestion if all(int(digits) <= MAX_NUMBER for digits in numbers) else None
