"""What is wrong with a text that is not a version, and what was probably meant."""

from __future__ import annotations

import re

from plugport.spec.text import show
from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.keys import MAX_NUMBER, MAX_VERSION_CHARS, match_version

_HINT = "A version is MAJOR.MINOR.PATCH, then maybe -PRERELEASE and +BUILD, as in `1.4.0-beta.2`."
_LOOSE = re.compile(r"[\s=v]*+(\d++(?:\.\d++)*+)(.*)", re.ASCII | re.DOTALL | re.IGNORECASE)
_MAJOR_MINOR_PATCH = 3


def make_error(text: str) -> InvalidVersionError:
    """Make the error for a text that is not a version."""
    if len(text) > MAX_VERSION_CHARS:
        why = f"has {len(text):,} characters, {MAX_VERSION_CHARS} are allowed"
        return InvalidVersionError(f"the version {show(text, 40)} {why}.", hint=_HINT)
    suggestion = _find_suggestion(text)
    return InvalidVersionError(
        f"{show(text)} is not a version: {_find_fault(text)}.",
        hint=f"{_HINT} Did you mean `{suggestion}`?" if suggestion else _HINT,
        context={"suggestion": suggestion} if suggestion else None,
    )


def _find_fault(text: str) -> str:
    if not text.strip():
        return "it is empty"
    if text != text.strip():
        return "it has spaces around it"
    if text[0] in "vV=":
        return f"it starts with `{text[0]}`"
    found = _LOOSE.fullmatch(text)
    if found is None:
        return "it does not start with a number"
    return _find_number_fault(found[1].split(".")) or _find_tail_fault(found[2])


def _find_number_fault(numbers: list[str]) -> str | None:
    if len(numbers) != _MAJOR_MINOR_PATCH:
        return f"it has {len(numbers)} number{'s'[: len(numbers) > 1]}, not three"
    padded = next((digits for digits in numbers if len(digits) > 1 and digits[0] == "0"), None)
    if padded:
        return f"the number {show(padded, 20)} starts with 0"
    large = next((digits for digits in numbers if int(digits) > MAX_NUMBER), None)
    return f"the number {show(large, 20)} is above {MAX_NUMBER}" if large else None


def _find_tail_fault(tail: str) -> str:
    strange = re.search(r"[^0-9A-Za-z.+-]", tail)
    if strange:
        return f"{show(strange[0])} is not allowed in it"
    if tail[0] not in "-+":
        return f"{show(tail, 20)} after the numbers needs a `-` or `+` before it"
    prerelease, _, build = tail.partition("+")
    if "+" in build:
        return "it has more than one `+`"
    padded = re.search(r"[-.](0[0-9]+)(?![0-9A-Za-z-])", prerelease)
    if padded:
        return f"the number {show(padded[1], 20)} in its prerelease starts with 0"
    return "a part of its prerelease or build metadata is empty"


def _find_suggestion(text: str) -> str | None:
    """Find the version that a text stands for if its prefix goes and missing numbers are 0."""
    found = _LOOSE.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [digits.lstrip("0") or "0" for digits in found[1].split(".")]
    if len(numbers) > _MAJOR_MINOR_PATCH:
        return None
    numbers += ["0"] * (_MAJOR_MINOR_PATCH - len(numbers))
    tail = found[2] if found[2][:1] in {"-", "+", ""} else f"-{found[2]}"
    meant = ".".join(numbers) + tail
    if len(meant) > MAX_VERSION_CHARS or not match_version(meant):
        return None
    return meant if all(int(digits) <= MAX_NUMBER for digits in numbers) else None
