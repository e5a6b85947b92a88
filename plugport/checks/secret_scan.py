"""Searching one text for secrets in time linear to its length.

The detectors are regular expressions of others, some quadratic in the length of a line, so they
only ever see pieces of at most `PIECE_CHARS`; longer lines are cut with an overlap that no token
is longer than.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from plugport.checks.secret_patterns import Detector, find_private_keys, is_sample

PIECE_CHARS = 2048
OVERLAP_CHARS = 512
MAX_HITS = 20
_SHOWN_CHARS = 4

# The marks of detect-secrets, which authors may already have in their sources.
_ALLOWED = re.compile(r"pragma: ?allowlist[ -]secret")
_NEXT_ALLOWED = re.compile(r"pragma: ?allowlist[ -]nextline[ -]secret")


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret in a text: the rule, what it is, its line (from 1), its masked value."""

    rule: str
    what: str
    line: int
    masked: str
    is_allowed: bool = False


def scan_text(text: str, detectors: tuple[Detector, ...]) -> list[Hit]:
    """Find the secrets in a text by line, at most `MAX_HITS`; one hit per line and rule."""
    lines = text.split("\n")
    seen: dict[tuple[int, str], Hit] = {}
    for rule, what, line, masked in _scan(text, lines, detectors):
        if (line, rule) not in seen:
            seen[line, rule] = Hit(rule, what, line, masked, _is_allowed(lines, line))
            if len(seen) == MAX_HITS:
                break
    return sorted(seen.values(), key=lambda hit: (hit.line, hit.rule))


def mask(value: str) -> str:
    """Return the first characters of a secret, never more than a quarter of it, and an ellipsis."""
    return value[: min(_SHOWN_CHARS, len(value) // 4)] + "…"


def _scan(
    text: str, lines: list[str], detectors: tuple[Detector, ...]
) -> Iterator[tuple[str, str, int, str]]:
    for offset in find_private_keys(text):
        yield "secret-private-key", "a private key", text.count("\n", 0, offset) + 1, ""
    active = [detector for detector in detectors if detector.trigger.search(text)]
    if not active:
        return
    for line, piece in _cut_pieces(lines):
        for detector in active:
            for value in detector.find(piece):
                if not is_sample(value):
                    yield detector.rule, detector.what, line, mask(value)


def _cut_pieces(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if len(line) <= PIECE_CHARS:
            yield number, line
            continue
        for start in range(0, len(line) - OVERLAP_CHARS, PIECE_CHARS - OVERLAP_CHARS):
            yield number, line[start : start + PIECE_CHARS]


def _is_allowed(lines: list[str], line: int) -> bool:
    """Whether the author marked this line, on itself or on the one before."""
    here = lines[line - 1] if line <= len(lines) else ""
    before = lines[line - 2] if line >= 2 else ""
    return bool(_ALLOWED.search(here) or _NEXT_ALLOWED.search(before))
