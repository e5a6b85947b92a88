"""Parse SPDX license expressions, and suggest the id that was probably meant.

Grammar: SPDX specification 3.0, annex "SPDX license expressions". The ids come from the index of
`license-expression`. The grammar is parsed here, in one pass without recursion, because hostile input
can nest deeply (CWE-674).
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

from msgspec import Struct

MAX_EXPRESSION_CHARS = 400
_TOKEN = re.compile(r"\s*([()]|[A-Za-z0-9.+:-]+)")
_OWN_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+\Z")
_NOISE = re.compile(r"\b(the|license|licence|version)\b|[\s,_-]+")

# Common names of licenses that are too different from the id for a similarity search.
_COMMON_NAMES = {
    "apache": "Apache-2.0",
    "apache2": "Apache-2.0",
    "asl2.0": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "newbsd": "BSD-3-Clause",
    "cc0": "CC0-1.0",
    "expat": "MIT",
    "gplv2": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only",
    "lgplv3": "LGPL-3.0-only",
    "mozilla": "MPL-2.0",
    "publicdomain": "CC0-1.0",
}


class Expression(Struct, frozen=True):
    """A parsed expression. `ids` are canonical; `problem` is None for a valid expression.

    `outdated` and `misspelled` are pairs of written and canonical id. `unknown` are ids that are
    not on the SPDX list.
    """

    ids: tuple[str, ...] = ()
    outdated: tuple[tuple[str, str], ...] = ()
    misspelled: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    problem: str | None = None


class _LicenseIndex(Struct, frozen=True):
    licenses: dict[str, str]
    exceptions: dict[str, str]
    outdated: dict[str, str]


@lru_cache(maxsize=1)
def _load_index() -> _LicenseIndex:
    """The SPDX ids by their lowercase form. Loading takes tens of milliseconds, once."""
    from license_expression import get_spdx_licensing  # type: ignore[import-untyped]  # ships no types

    licenses: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    outdated: dict[str, str] = {}
    for key, symbol in get_spdx_licensing().known_symbols.items():
        if key.startswith("LicenseRef-"):
            continue  # not on the SPDX list
        (exceptions if symbol.is_exception else licenses)[key.lower()] = key
        for alias in symbol.aliases:
            if " " not in alias and not alias.startswith("LicenseRef-"):
                outdated[alias.lower()] = key
    return _LicenseIndex(licenses, exceptions, outdated)


def parse_expression(text: str) -> Expression:
    """Parse an SPDX expression of at most `MAX_EXPRESSION_CHARS` characters. Never raises."""
    if len(text) > MAX_EXPRESSION_CHARS:
        return Expression(problem=f"it is longer than {MAX_EXPRESSION_CHARS} characters")
    tokens = _split_tokens(text)
    if tokens is None:
        return Expression(problem="it has characters that are not allowed in expressions")
    problem = _find_grammar_problem(tokens)
    return _build_expression(tokens, problem)


def find_nearest_id(text: str) -> str | None:
    """The SPDX id that was probably meant, or None."""
    index = _load_index()
    known = {**index.outdated, **index.licenses}
    normalized = _NOISE.sub("", text.lower()[:100])
    if normalized in _COMMON_NAMES:
        return _COMMON_NAMES[normalized]
    by_normalized = {_NOISE.sub("", key): value for key, value in known.items()}
    if normalized in by_normalized:
        return by_normalized[normalized]
    near = difflib.get_close_matches(normalized, by_normalized, n=1, cutoff=0.75)
    return by_normalized[near[0]] if near else None


def _split_tokens(text: str) -> list[str] | None:
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        tokens.append(match[1])
        at = match.end()
    return tokens


def _find_grammar_problem(tokens: list[str]) -> str | None:
    """Check the grammar with two states (before and after an operand) and a bracket counter."""
    depth, after_operand = 0, False
    for token in tokens:
        word = token.upper()
        if word in {"AND", "OR", "WITH"}:
            if not after_operand:
                return f"`{token}` has no license on its left side"
            after_operand = False
        elif token == "(":  # noqa: S105  # a bracket, not a password
            if after_operand:
                return "an operator is missing before `(`"
            depth += 1
        elif token == ")":  # noqa: S105  # a bracket, not a password
            if not after_operand or depth == 0:
                return "`)` has no matching `(`"
            depth -= 1
        elif after_operand:
            return f"an operator (`AND`, `OR`, `WITH`) is missing before `{token[:40]}`"
        else:
            after_operand = True
    if depth:
        return "`(` is not closed"
    return None if after_operand else "a license id is missing at the end"


def _build_expression(tokens: list[str], problem: str | None) -> Expression:
    index = _load_index()
    ids, outdated, misspelled, unknown = [], [], [], []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token in {"(", ")"} or token.upper() in {"AND", "OR", "WITH"}:
            continue
        table = index.exceptions if before.upper() == "WITH" else index.licenses
        key = token.lower()
        plain = key.removesuffix("+")
        if _OWN_REFERENCE.match(token):
            ids.append(token)
        elif canonical := table.get(key) or table.get(plain):
            ids.append(canonical)
            if canonical != token.removesuffix("+") and canonical != token:
                misspelled.append((token, canonical))
        elif canonical := index.outdated.get(key):
            ids.append(canonical)
            outdated.append((token, canonical))
        else:
            unknown.append(token)
    return Expression(tuple(ids), tuple(outdated), tuple(misspelled), tuple(unknown), problem)
