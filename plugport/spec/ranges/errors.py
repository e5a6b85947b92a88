"""Errors of range parsing, with hints about common mistakes."""

from __future__ import annotations

from plugport.spec.errors import InvalidError
from plugport.spec.text import quote_text

_HINT = "Examples: `^1.2.3`, `~1.2`, `1.x`, `>=1.2 <2`, `1.2.3 - 2.3`, `^1 || ^2`, `*`."


class InvalidRangeError(InvalidError):
    """The text is not a version range."""

    code, title = "invalid-range", "Invalid version range"


class BoundError(Exception):
    """A bound of a range is not a version. The message is the reason."""


def build_token_error(text: str, part: str, why: str | None = None) -> InvalidRangeError:
    """The error for a range with an invalid part. `why` is the reason, if it is known."""
    where = "it" if part == text else quote_text(part, 40)
    problem = why or _describe_problem(part)
    return InvalidRangeError(
        f"{quote_text(text, 60)} is not a version range: {where} {problem}.",
        hint=f"{_build_hint(part)} {_HINT}".strip(),
    )


def build_size_error(what: str, count: int, limit: int) -> InvalidRangeError:
    """The error for a range that exceeds a limit. `what` names the counted items."""
    return InvalidRangeError(
        f"the version range has {count:,} {what}; the limit is {limit:,}.",
        hint="Use a range such as `>=1.2 <2` instead of listing each version.",
    )


def _describe_problem(part: str) -> str:
    numbers = part.lstrip("^~<>=v").partition("-")[0].split(".")
    if not all(number.isdecimal() or number in {"x", "X", "*"} for number in numbers):
        return "is not a version comparison"
    if any(len(number) > 1 and number[0] == "0" for number in numbers):
        return "has a number that starts with 0"
    if len(numbers) > 3:
        return f"has {len(numbers)} numbers; the limit is three"
    are_digits = [number.isdecimal() for number in numbers]
    if are_digits != sorted(are_digits, reverse=True):
        return "has a number after an `x`"
    return "is not a version comparison"


def _build_hint(part: str) -> str:
    hints = {
        ",": "Separate comparisons with a space, not with a comma.",
        "&&": "Comparisons separated by a space must all match; leave out `&&`.",
        "!": "`!` is not supported; exclude a version with `<1.2.3 || >1.2.3`.",
        "==": "Use `=1.2.3` or `1.2.3` for an exact version.",
        "|": "Separate alternatives with `||`.",
    }
    for mark, hint in hints.items():
        if mark in part:
            return hint
    if part == "-":
        return "A hyphen range has a version on each side: `1.2.3 - 2.3`."
    return "A dist-tag such as `latest` is not a range." if part.isalpha() else ""
