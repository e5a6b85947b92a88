"""What is wrong with a text that is not a name, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugport.spec.names.confusables import describe_char, find_lookalike
from plugport.spec.names.errors import InvalidNameError
from plugport.spec.text import show

MAX_PART_CHARS = 64

_PART = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\Z")
_STRANGE = re.compile(r"[^a-z0-9.-]")
_RUNS = re.compile(r"[-_\s]*([-.])[-._\s]*|[_\s]+")
# More would be noise: the reader sees the pattern.
_SHOWN_FAULTS = 5

HINT = (
    f"A name is `name` or `@scope/name`; each part has 1 to {MAX_PART_CHARS} of `a-z`, `0-9`, `-` "
    "and `.`, starts and ends with a letter or digit, and has no `--` and no `..`."
)


def is_part(text: str) -> bool:
    """Whether a text may be a scope, or a name without its scope."""
    return (
        len(text) <= MAX_PART_CHARS
        and _PART.match(text) is not None
        and "--" not in text
        and ".." not in text
    )


def make_error(text: str, what: str, parts: dict[str, str]) -> InvalidNameError:
    """Make the error for a text whose parts (what it is called -> its text) are not all valid."""
    faults = [f"{label} {fault}" for label, part in parts.items() for fault in _list_faults(part)]
    shown = faults[:_SHOWN_FAULTS]
    if len(faults) > len(shown):
        shown.append(f"and {len(faults) - len(shown)} more faults")
    suggestion = _find_suggestion(text)
    meant = f" Did you mean `{suggestion}`?" if suggestion else ""
    return InvalidNameError(
        f"{show(text)} is not the name of a {what}: {'; '.join(shown)}.",
        hint=HINT + meant,
        context={"suggestion": suggestion} if suggestion else None,
    )


def _list_faults(part: str) -> Iterator[str]:
    if not part:
        yield "is empty"
        return
    if len(part) > MAX_PART_CHARS:
        yield f"has {len(part):,} characters, {MAX_PART_CHARS} are allowed"
    # What comes after a few times the length that is allowed would only be more of the same.
    strange = dict.fromkeys(_STRANGE.findall(part[: 4 * MAX_PART_CHARS]))
    upper = [f"`{char}`" for char in strange if char.isascii() and char.isupper()]
    if upper:
        yield f"has upper-case {', '.join(upper[:_SHOWN_FAULTS])}"
    others = (char for char in strange if not (char.isascii() and char.isupper()))
    yield from (f"has {describe_char(char)}" for char in others)
    for pair in ("--", ".."):
        if pair in part:
            yield f"has `{pair}`"
    for end, verb in ((part[0], "starts"), (part[-1], "ends")):
        if end in "-.":
            yield f"{verb} with `{end}`"


def _find_suggestion(text: str) -> str | None:
    """Find a valid name that looks like the text."""
    if len(text) > 2 * MAX_PART_CHARS + 2:
        return None
    plain = "".join(find_lookalike(char) or char for char in text.strip()).lower()
    scope, slash, name = plain.removeprefix("@").rpartition("/")
    parts = [_RUNS.sub(lambda run: run[1] or "-", part).strip("-.") for part in (scope, name)]
    if not is_part(parts[1]) or (slash and not is_part(parts[0])):
        return None
    suggestion = f"@{parts[0]}/{parts[1]}" if slash else parts[1]
    return suggestion if suggestion != text else None
