"""What is raised for a text that is not a range, and what was probably meant."""

from __future__ import annotations

from plugport.spec.errors import InvalidError
from plugport.spec.text import show

_HINT = "Examples: `^1.2.3`, `~1.2`, `1.x`, `>=1.2 <2`, `1.2.3 - 2.3`, `^1 || ^2`, `*`."


class InvalidRangeError(InvalidError):
    """A text is not a range of versions."""

    code, title = "invalid-range", "Invalid version range"


def make_token_error(text: str, part: str, why: str | None = None) -> InvalidRangeError:
    """Make the error for a range with a part that is not a comparator, or one with a bad number."""
    where = "it" if part == text else show(part, 40)
    fault = why or _find_fault(part)
    return InvalidRangeError(
        f"{show(text, 60)} is not a version range: {where} {fault}.",
        hint=f"{_find_hint(part)} {_HINT}".strip(),
    )


def make_size_error(what: str, found: int, allowed: int) -> InvalidRangeError:
    """Make the error for a range that is too large."""
    return InvalidRangeError(
        f"the version range has {found:,} {what}, {allowed:,} are allowed.",
        hint="Ask for a span of versions, as in `>=1.2 <2`, instead of listing each.",
    )


def _find_fault(part: str) -> str:
    numbers = part.lstrip("^~<>=v").partition("-")[0].split(".")
    if not all(number.isdecimal() or number in {"x", "X", "*"} for number in numbers):
        return "is not a comparison of versions"
    if any(len(number) > 1 and number[0] == "0" for number in numbers):
        return "has a number that starts with 0"
    if len(numbers) > 3:
        return f"has {len(numbers)} numbers, three are allowed"
    places = [number.isdecimal() for number in numbers]
    if places != sorted(places, reverse=True):
        return "has a number after an `x`"
    return "is not a comparison of versions"


def _find_hint(part: str) -> str:
    marks = {
        ",": "Separate comparisons by a space, not by a comma.",
        "&&": "Comparisons side by side all have to hold; leave out `&&`.",
        "!": "There is no `!`; leave a version out with `<1.2.3 || >1.2.3`.",
        "==": "Equal is `=1.2.3` or just `1.2.3`.",
        "|": "Alternatives are separated by `||`.",
    }
    for mark, hint in marks.items():
        if mark in part:
            return hint
    if part == "-":
        return "A span has one version on each side: `1.2.3 - 2.3`."
    return "A tag such as `latest` is not a range." if part.isalpha() else ""
