"""The text of tokens, which secret scanners recognize."""

from __future__ import annotations

import re
import zlib

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.token_text import PATTERN, compute_checksum, generate_token_text, is_token_text

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODIES = st.text(_DIGITS, min_size=43, max_size=43).map(lambda text: f"pp_{text}")


@given(_BODIES)
def test_the_checksum_is_crc_32_in_base_62(body: str) -> None:
    checksum = compute_checksum(body)
    assert sum(_DIGITS.index(c) * 62**n for n, c in enumerate(checksum[::-1])) == zlib.crc32(
        body.encode()
    )
    assert re.fullmatch(PATTERN, body + checksum)
    assert is_token_text(body + checksum)


@given(_BODIES, st.integers(3, 51), st.sampled_from(_DIGITS))
def test_one_wrong_character_is_found(body: str, at: int, char: str) -> None:
    text = body + compute_checksum(body)
    changed = text[:at] + char + text[at + 1 :]
    assert is_token_text(changed) == (changed == text)


@given(st.text() | st.text(_DIGITS + "_-", min_size=40, max_size=52).map(lambda text: f"pp_{text}"))
def test_other_texts_are_no_tokens(text: str) -> None:
    # Tokens of before the checksum have 43 characters.
    is_former = re.fullmatch(r"pp_[0-9A-Za-z_-]{43}", text) is not None
    is_complete = (
        re.fullmatch(PATTERN, text) is not None and compute_checksum(text[:-6]) == text[-6:]
    )
    assert is_token_text(text) == (is_former or is_complete)


def test_texts_differ() -> None:
    assert len({generate_token_text() for _ in range(100)}) == 100
