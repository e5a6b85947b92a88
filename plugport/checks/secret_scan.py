"""Search a text for secrets in linear time.

The detectors are regular expressions, some from other projects, and some take quadratic time in the
length of a line (CWE-1333). So they only get pieces of at most `PIECE_CHARS`. Longer lines are split
with an overlap that is longer than any token.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from plugport.checks.secret_evidence import select_url_rule
from plugport.checks.secret_patterns import Detector, is_sample, iter_private_keys

PIECE_CHARS = 2048
OVERLAP_CHARS = 512
MAX_MATCHES = 20
_SHOWN_CHARS = 4

# The comments of detect-secrets, which authors may already use in their sources.
_ALLOWED = re.compile(r"pragma: ?allowlist[ -]secret")
_NEXT_ALLOWED = re.compile(r"pragma: ?allowlist[ -]nextline[ -]secret")


class SecretMatch(Struct, frozen=True):
    """A secret in a text: the rule, a description, the line (from 1) and the masked value.

    `more` counts others like it that are not listed.
    """

    rule: str
    what: str
    line: int
    masked: str
    is_allowed: bool = False
    more: int = 0


def scan_text(text: str, detectors: tuple[Detector, ...], path: str = "") -> list[SecretMatch]:
    """The secrets in a text, sorted by line, one per line and rule, at most `MAX_MATCHES` of a kind.

    `path` is the file of the text, which decides how much a weak match counts.
    """
    lines = text.split("\n")
    seen: set[tuple[int, str]] = set()
    # By kind: any number of harmless ones must not hide a secret after them.
    kinds: dict[tuple[str, bool], list[SecretMatch]] = defaultdict(list)
    omitted: Counter[tuple[str, bool]] = Counter()
    for rule, what, line, masked in _iter_secrets(text, lines, detectors, path):
        if (line, rule) in seen:
            continue
        seen.add((line, rule))
        kind = rule, _is_allowed(lines, line)
        if len(kinds[kind]) < MAX_MATCHES:
            kinds[kind].append(SecretMatch(rule, what, line, masked, kind[1]))
        else:
            omitted[kind] += 1
    for kind, count in omitted.items():
        kinds[kind][-1] = replace(kinds[kind][-1], more=count)
    matches = [match for several in kinds.values() for match in several]
    return sorted(matches, key=lambda match: (match.line, match.rule))


def mask_secret(value: str) -> str:
    """The first characters of a secret, at most a quarter of it, followed by an ellipsis."""
    return value[: min(_SHOWN_CHARS, len(value) // 4)] + "…"


def _iter_secrets(
    text: str, lines: list[str], detectors: tuple[Detector, ...], path: str
) -> Iterator[tuple[str, str, int, str]]:
    line, position = 1, 0
    for offset in sorted(iter_private_keys(text)):
        line += text.count("\n", position, offset)
        position = offset
        yield "secret-private-key", "a private key", line, ""
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
