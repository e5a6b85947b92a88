"""The rules for plugin and scope names, and errors that explain which rule a name breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugport.spec.names.confusables import describe_char, find_lookalike
from plugport.spec.names.errors import InvalidNameError
from plugport.spec.text import quote_text

MAX_PART_CHARS = 64

_PART = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\Z")
_DISALLOWED = re.compile(r"[^a-z0-9.-]")
_RUNS = re.compile(r"[-_\s]*([-.])[-._\s]*|[_\s]+")
# The first problems show the pattern; a longer list is harder to read.
_MAX_PROBLEMS = 5

HINT = (
    f"A name is `name` or `@scope/name`; each part has 1 to {MAX_PART_CHARS} of `a-z`, `0-9`, `-` "
    "and `.`, starts and ends with a letter or digit, and contains neither `--` nor `..`."
)


def is_part(text: str) -> bool:
    """Whether a text is a valid scope, or a valid name without its scope."""
    return (
        len(text) <= MAX_PART_CHARS
        and _PART.match(text) is not None
        and "--" not in text
        and ".." not in text
    )


def build_invalid_name_error(text: str, what: str, parts: dict[str, str]) -> InvalidNameError:
    """The error for a text with invalid parts.

    `what` is `plugin` or `scope`; `parts` maps the label of each part to its text.
    """
    problems = [
        f"{label} {problem}" for label, part in parts.items() for problem in _iter_problems(part)
    ]
    shown = problems[:_MAX_PROBLEMS]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    suggestion = _find_suggestion(text)
    question = f" Did you mean `{suggestion}`?" if suggestion else ""
    return InvalidNameError(
        f"{quote_text(text)} is not the name of a {what}: {'; '.join(shown)}.",
        hint=HINT + question,
        context={"suggestion": suggestion} if suggestion else None,
    )


def _iter_problems(part: str) -> Iterator[str]:
    if not part:
        yield "is empty"
        return
    if len(part) > MAX_PART_CHARS:
        yield f"has {len(part):,} characters; the limit is {MAX_PART_CHARS}"
    # A prefix is enough for the message and bounds the work on hostile input.
    invalid_chars = dict.fromkeys(_DISALLOWED.findall(part[: 4 * MAX_PART_CHARS]))
    uppercase = [f"`{char}`" for char in invalid_chars if char.isascii() and char.isupper()]
    if uppercase:
        yield f"has uppercase {', '.join(uppercase[:_MAX_PROBLEMS])}"
    others = (char for char in invalid_chars if not (char.isascii() and char.isupper()))
    yield from (f"has {describe_char(char)}" for char in others)
    for pair in ("--", ".."):
        if pair in part:
            yield f"has `{pair}`"
    for end, verb in ((part[0], "starts"), (part[-1], "ends")):
        if end in "-.":
            yield f"{verb} with `{end}`"


def _find_suggestion(text: str) -> str | None:
    """A valid name that looks like the text, or None."""
    if len(text) > 2 * MAX_PART_CHARS + 2:
        return None
    plain = "".join(find_lookalike(char) or char for char in text.strip()).lower()
    scope, slash, name = plain.removeprefix("@").rpartition("/")
    parts = [_RUNS.sub(lambda run: run[1] or "-", part).strip("-.") for part in (scope, name)]
    if not is_part(parts[1]) or (slash and not is_part(parts[0])):
        return None
    suggestion = f"@{parts[0]}/{parts[1]}" if slash else parts[1]
    return suggestion if suggestion != text else None
