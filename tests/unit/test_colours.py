"""Colours for code that wants to hold everybody up: every language, against hostile texts."""

from __future__ import annotations

import time

import pytest

from marketplace import colours

# Nothing but these, over and over: beginnings that never end, and what lexers count or pair.
_PIECES = (
    *("=", ":", "::", "a:", "a::", "a=>", "[=", "[", "(", "{", "<", ">", "/", "//", "/*", "#", "@"),
    *("\\", "\\\\", "$", "${", "$(", "%", "*", "?", "|", "-", "--", "--[[", "0x", "1e", "A", "\r"),
    *('"', "'", "`", '"""', '\\"', 'r#"', "<!--", "<a ", "<a a=", "<script>", "<style>", "<?php"),
    *("#{", "{{", "{%", "<<A\n", "qw(", "def ", "fn ", "class ", "a<", "a.a", "if ", "@a ", " ->"),
    *("\t", "\n", " ", "a ", "\t\n", "=\n", ":\n", "a=\n", "a:\n", "#\n", "\\\n", "- ", "- \n"),
    *("---\n", "|\n >", "=begin\n", "select ", "<![CDATA[", "é", "\x00"),
)
# A match that takes this long is one that grows faster than its text: 16 s were measured before
# texts were bounded, 0.05 s is much now. Time of the processor, however busy the machine is.
_FAR_TOO_LONG = 2.0


def _fill(piece: str) -> list[str]:
    """Texts of nothing but the piece, as large as they may be: as it is, and in the longest lines."""
    text = piece * (colours.MAX_CHARS // len(piece))
    width = colours.MAX_LINE_CHARS
    room = len(text) - len(text) // width - 1
    lines = "\n".join(text[at : at + width] for at in range(0, room, width))
    return [each for each in {text, lines} if max(map(len, each.split("\n"))) <= width]


@pytest.mark.parametrize("language", sorted(colours.LANGUAGES))
def test_hostile_texts(language: str):
    """Time that is up ends it, as no match takes long: whatever text, in whatever language."""
    assert colours.Budget(10).read_tokens("a = 1\n", language)
    for piece in _PIECES:
        for text in _fill(piece):
            started = time.thread_time()
            colours.Budget(0.001).read_tokens(text, language)
            assert time.thread_time() - started < _FAR_TOO_LONG, piece


def test_every_expression_sees_little():
    """The bound on what a match costs is on each expression, in nested lexers of the kind, too."""
    for language in ("ini", "basemake", "python", "yaml", "php", "vue"):
        lexer = colours._load_lexer(language)
        seen = [
            found.end() - found.start()
            for rules in lexer._tokens.values()
            for match, *_ in rules
            for text in (" " * 20_000, "a" * 20_000, "=" * 20_000, "\n" * 20_000)
            if (found := match(text, 0))
        ]
        assert seen
        assert max(seen) <= colours._WINDOW_CHARS


@pytest.mark.parametrize(
    "text", ["=" * (colours.MAX_LINE_CHARS + 1), "a\n" * (colours.MAX_CHARS // 2 + 1)]
)
def test_too_large(text: str):
    """A line, or a text, that is too long stays without colours."""
    assert colours.Budget(10).read_tokens(text, "python") is None


def test_nothing_is_lost():
    """The pieces together are the text, over several lines and to its last blank line."""
    text = '\n\nimport os\n"""two\n\nlines"""\n' + "# much\n" * 1_000 + "\n\n"
    tokens = colours.Budget(10).read_tokens(text, "py")
    assert "".join(piece for _short, piece in tokens) == text
    assert ("sd", '"""two\n\nlines"""') in tokens


def test_time_is_up():
    """One budget is for all texts together."""
    budget = colours.Budget(0)
    assert budget.read_tokens("a = 1\n", "python") is None
