"""Untrusted text is quoted, so that it is safe to display (CWE-150)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.text import (
    MAX_QUOTED_CHARS,
    escape_char,
    find_unsafe_character,
    is_plain,
    quote_text,
)


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


# Emoji of several characters: joined people, a flag of a region, skin tone, flag with a picture.
EMOJI = [
    "\U0001f469\u200d\U0001f4bb",
    "\U0001f469\U0001f3fd\u200d\U0001f680",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
]


@pytest.mark.parametrize("emoji", EMOJI)
def test_emoji_of_several_characters_are_safe(emoji: str) -> None:
    assert find_unsafe_character(f"Scots {emoji} words") is None
    assert find_unsafe_character(emoji, prose=True) is None


@pytest.mark.parametrize(
    ("text", "unsafe"),
    [
        # A region without a flag, a flag that does not end, and tags without a flag.
        ("\U0001f3f4\U000e0075\U000e0073\U000e0074\U000e0078\U000e007f", "U+E0075"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074", "U+E0067"),
        ("a\U000e0067\U000e007f", "U+E0067"),
        # Joiners that join no pictures.
        ("a\u200db", "U+200D"),
        ("\U0001f469\u200db", "U+200D"),
        ("a\u200d\U0001f4bb", "U+200D"),
        ("\U0001f469\u200d\u200d\U0001f4bb", "U+200D"),
        (f"{EMOJI[6]}\u202e", "U+202E"),
    ],
)
def test_parts_of_emoji_hide_nothing(text: str, unsafe: str) -> None:
    assert find_unsafe_character(text) == unsafe


@given(st.text(st.sampled_from("a\U0001f469\U0001f4bb\u200d\ufe0f\u202e\U000e0067\U000e007f")))
def test_what_is_unsafe_in_a_text_without_emoji_stays_unsafe(text: str) -> None:
    assert ("\u202e" in text) <= (find_unsafe_character(text) is not None)
    assert ("\U000e0067" in text) <= (find_unsafe_character(text, prose=True) is not None)
