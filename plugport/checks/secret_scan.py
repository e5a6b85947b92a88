"""Search a text for secrets in linear time.

The detectors are regular expressions, some from other projects, and some take quadratic time in the
length of a line (CWE-1333). So they only get pieces of at most `PIECE_CHARS`. Longer lines are split
with an overlap that is longer than any token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from plugport.checks.secret_evidence import select_url_rule
from plugport.checks.secret_patterns import Detector, is_sample, iter_private_keys

PIECE_CHARS = 2048
OVERLAP_CHARS = 512
MAX_MATCHES = 20
_SHOWN_CHARS = 4

# The comments of detect-secrets, which authors may already use in their sources.
_ALLOWED = re.compile(r"pragma: ?allowlist[ -]secret")
_NEXT_ALLOWED = re.compile(r"pragma: ?allowlist[ -]nextline[ -]secret")


@dataclass(frozen=True, slots=True)
class SecretMatch:
    """A secret in a text: the rule, a description, the line (from 1) and the masked value."""

    rule: str
    what: str
    line: int
    masked: str
    is_allowed: bool = False


def scan_text(text: str, detectors: tuple[Detector, ...], path: str = "") -> list[SecretMatch]:
    """The secrets in a text, sorted by line, one per line and rule, at most `MAX_MATCHES`.

    `path` is the file of the text, which decides how much a weak match counts.
    """
    lines = text.split("\n")
    seen: dict[tuple[int, str], SecretMatch] = {}
    for rule, what, line, masked in _iter_secrets(text, lines, detectors, path):
        if (line, rule) not in seen:
            seen[line, rule] = SecretMatch(rule, what, line, masked, _is_allowed(lines, line))
            if len(seen) == MAX_MATCHES:
                break
    return sorted(seen.values(), key=lambda hit: (hit.line, hit.rule))


def mask_secret(value: str) -> str:
    """The first characters of a secret, at most a quarter of it, followed by an ellipsis."""
    return value[: min(_SHOWN_CHARS, len(value) // 4)] + "…"


def _iter_secrets(
    text: str, lines: list[str], detectors: tuple[Detector, ...], path: str
) -> Iterator[tuple[str, str, int, str]]:
    for offset in iter_private_keys(text):
        yield "secret-private-key", "a private key", text.count("\n", 0, offset) + 1, ""
    active = [detector for detector in detectors if detector.trigger.search(text)]
    if not active:
        return
    for line, piece in _iter_pieces(lines):
        for detector in active:
            for value in detector.find(piece):
                if is_sample(value):
                    continue
                is_url = detector.rule == "secret-in-url"
                rule = select_url_rule(value, path) if is_url else detector.rule
                yield rule, detector.what, line, mask_secret(value)


def _iter_pieces(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if len(line) <= PIECE_CHARS:
            yield number, line
            continue
        for start in range(0, len(line) - OVERLAP_CHARS, PIECE_CHARS - OVERLAP_CHARS):
            yield number, line[start : start + PIECE_CHARS]


def _is_allowed(lines: list[str], line: int) -> bool:
    """Whether a comment on this line or on the line before marks the secret as harmless."""
    current = lines[line - 1] if line <= len(lines) else ""
    before = lines[line - 2] if line >= 2 else ""
    return bool(_ALLOWED.search(current) or _NEXT_ALLOWED.search(before))
