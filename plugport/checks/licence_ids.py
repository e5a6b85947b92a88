"""SPDX licence expressions: reading them, and finding the id that was meant.

Grammar: SPDX specification 3.0, annex "SPDX license expressions". The ids come from the index
of `license-expression`; the grammar is read here, in one pass without recursion, because the
text comes from strangers.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

MAX_EXPRESSION_CHARS = 400
_TOKEN = re.compile(r"\s*([()]|[A-Za-z0-9.+:-]+)")
_OWN_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+\Z")
_NOISE = re.compile(r"\b(the|license|licence|version)\b|[\s,_-]+")

# Ways people write well-known licences that are too far from the id for a likeness search.
_SPOKEN = {
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


@dataclass(frozen=True, slots=True)
class Expression:
    """What an expression says. `ids` are canonical; `faults` is empty if it is valid.

    `outdated` and `misspelled` map the written id to the canonical one. `unknown` lists ids
    that no list knows.
    """

    ids: tuple[str, ...] = ()
    outdated: tuple[tuple[str, str], ...] = ()
    misspelled: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class _Index:
    licences: dict[str, str]
    exceptions: dict[str, str]
    outdated: dict[str, str]


@lru_cache(maxsize=1)
def _load_index() -> _Index:
    """Load the SPDX ids by their lower-case form: tens of milliseconds, once."""
    from license_expression import get_spdx_licensing  # type: ignore[import-untyped]  # ships no types

    licences: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    outdated: dict[str, str] = {}
    for key, symbol in get_spdx_licensing().known_symbols.items():
        if key.startswith("LicenseRef-"):
            continue  # not on the SPDX list
        (exceptions if symbol.is_exception else licences)[key.lower()] = key
        for alias in symbol.aliases:
            if " " not in alias and not alias.startswith("LicenseRef-"):
                outdated[alias.lower()] = key
    return _Index(licences, exceptions, outdated)


def parse_expression(text: str) -> Expression:
    """Read an SPDX expression of at most `MAX_EXPRESSION_CHARS`; never raises."""
    if len(text) > MAX_EXPRESSION_CHARS:
        return Expression(fault=f"it is longer than {MAX_EXPRESSION_CHARS} characters")
    tokens = _split_tokens(text)
    if tokens is None:
        return Expression(fault="it holds characters that no expression may have")
    fault = _find_grammar_fault(tokens)
    return _look_up(tokens, fault)


def find_nearest_id(text: str) -> str | None:
    """Find the SPDX id that was probably meant."""
    index = _load_index()
    known = {**index.outdated, **index.licences}
    squeezed = _NOISE.sub("", text.lower()[:100])
    if squeezed in _SPOKEN:
        return _SPOKEN[squeezed]
    by_squeezed = {_NOISE.sub("", key): value for key, value in known.items()}
    if squeezed in by_squeezed:
        return by_squeezed[squeezed]
    near = difflib.get_close_matches(squeezed, by_squeezed, n=1, cutoff=0.75)
    return by_squeezed[near[0]] if near else None


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


def _find_grammar_fault(tokens: list[str]) -> str | None:
    """Walk the tokens with two states, before and after an operand, and a bracket count."""
    depth, after_operand = 0, False
    for token in tokens:
        word = token.upper()
        if word in {"AND", "OR", "WITH"}:
            if not after_operand:
                return f"`{token}` has nothing on its left"
            after_operand = False
        elif token == "(":  # noqa: S105  # a bracket, not a password
            if after_operand:
                return "an operator is missing before `(`"
            depth += 1
        elif token == ")":  # noqa: S105  # a bracket, not a password
            if not after_operand or depth == 0:
                return "`)` closes nothing"
            depth -= 1
        elif after_operand:
            return f"an operator (`AND`, `OR`, `WITH`) is missing before `{token[:40]}`"
        else:
            after_operand = True
    if depth:
        return "`(` is not closed"
    return None if after_operand else "it ends where a licence id is expected"


def _look_up(tokens: list[str], fault: str | None) -> Expression:
    index = _load_index()
    ids, outdated, misspelled, unknown = [], [], [], []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token in {"(", ")"} or token.upper() in {"AND", "OR", "WITH"}:
            continue
        table = index.exceptions if before.upper() == "WITH" else index.licences
        key = token.lower()
        plain = key.removesuffix("+")
        if _OWN_REFERENCE.match(token):
            ids.append(token)
        elif found := table.get(key) or table.get(plain):
            ids.append(found)
            if found != token.removesuffix("+") and found != token:
                misspelled.append((token, found))
        elif found := index.outdated.get(key):
            ids.append(found)
            outdated.append((token, found))
        else:
            unknown.append(token)
    return Expression(tuple(ids), tuple(outdated), tuple(misspelled), tuple(unknown), fault)
