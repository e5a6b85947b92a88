"""Untrusted text is quoted, so that it is safe to display (CWE-150)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.text import MAX_QUOTED_CHARS, escape_char, is_plain, quote_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "`hello`"),
        ("", "``"),
        ("ünïcode ✓", "`ünïcode ✓`"),
        ("C:\\new", "`C:\\new`"),
        ("a`b", r"`a\x60b`"),
        ("a\nb\x1b[31m\x00", r"`a\x0ab\x1b[31m\x00`"),
        ("\u202egpj.exe", r"`\u202egpj.exe`"),
        ("zero\u200bwidth", r"`zero\u200bwidth`"),
        ("\u3164\u2800", r"`\u3164\u2800`"),
        ("e\u0301\u0301", r"`e\u0301\u0301`"),
        ("\U000e0041", r"`\U000e0041`"),
        ("\ud800", r"`\ud800`"),
    ],
)
def test_shows_what_can_be_seen_and_numbers_what_cannot(text: str, shown: str) -> None:
    assert quote_text(text) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    assert quote_text("a" * MAX_QUOTED_CHARS) == f"`{'a' * MAX_QUOTED_CHARS}`"
    assert quote_text("a" * (MAX_QUOTED_CHARS + 1)) == f"`{'a' * (MAX_QUOTED_CHARS - 1)}…`"
    assert quote_text("abcdef", 4) == "`abc…`"


def test_counts_escapes_towards_the_limit() -> None:
    assert quote_text("\x1b\x1b", 5) == r"`\x1b…`"


@given(st.text(), st.integers(1, 120))
def test_never_shows_controls_or_more_than_the_limit(text: str, limit: int) -> None:
    shown = quote_text(text, limit)
    inside = shown[1:-1]
    assert shown[0] == shown[-1] == "`"
    assert "`" not in inside
    assert len(inside) <= limit
    assert all(unicodedata.category(char)[0] != "C" for char in inside)


@given(st.characters())
def test_an_escape_is_plain_and_names_its_character(char: str) -> None:
    escaped = escape_char(char)
    assert all(map(is_plain, escaped))
    assert escaped == char or escaped[2:] == f"{ord(char):0{len(escaped) - 2}x}"
