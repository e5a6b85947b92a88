"""Syntax highlighting of hostile texts in every language takes bounded time (CWE-407)."""

from __future__ import annotations

import pytest

from marketplace import syntax_highlighting
from tests.support.runs import is_quick_run

# Repeated pieces: tokens that never end, and those that lexers count or match in pairs.
_PIECES = (
    *("=", ":", "::", "a:", "a::", "a=>", "[=", "[", "(", "{", "<", ">", "/", "//", "/*", "#", "@"),
    *("\\", "\\\\", "$", "${", "$(", "%", "*", "?", "|", "-", "--", "--[[", "0x", "1e", "A", "\r"),
    *('"', "'", "`", '"""', '\\"', 'r#"', "<!--", "<a ", "<a a=", "<script>", "<style>", "<?php"),
    *("#{", "{{", "{%", "<<A\n", "qw(", "def ", "fn ", "class ", "a<", "a.a", "if ", "@a ", " ->"),
    *("\t", "\n", " ", "a ", "\t\n", "=\n", ":\n", "a=\n", "a:\n", "#\n", "\\\n", "- ", "- \n"),
    *("---\n", "|\n >", "=begin\n", "select ", "<![CDATA[", "é", "\x00"),
)


_LINE_CHARS = 24
# Quick runs try one of this many texts that are as large as they may be.
_QUICK_STEP = 4


def _fill(piece: str) -> list[str]:
    """Texts of nothing but the piece, as large as they may be: as it is, and in the longest lines."""
    limit, width = syntax_highlighting.MAX_CHARS, syntax_highlighting.MAX_LINE_CHARS
    text = piece * (limit // len(piece))
    lines = "\n".join(text[at : at + width] for at in range(0, len(text), width))[:limit]
    return [each for each in {text, lines} if max(map(len, each.split("\n"))) <= width]


def _list_languages() -> list[str]:
    """One name of each lexer."""
    names = sorted(syntax_highlighting.LANGUAGES)
    return list({syntax_highlighting.load_lexer(name).name: name for name in names}.values())


def _join(tokens: list[tuple[str, str]] | None) -> str | None:
    return None if tokens is None else "".join(piece for _, piece in tokens)


def _read_line_ends(text: str) -> str:
    """Pygments reads each kind of line end as a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_hostile_lines_are_complete():
    """The tokens contain all of the text, also if the lexer finds only errors in it."""
    for language in _list_languages():
        for piece in _PIECES:
            text = (piece * _LINE_CHARS)[:_LINE_CHARS]
            tokens = syntax_highlighting.TimeBudget(60).tokenize(text, language)
            assert _join(tokens) == _read_line_ends(text), (language, piece)


def test_large_hostile_texts_are_complete_or_use_up_the_budget():
    """Nothing else leaves a text without tokens, and the budget ends every lexer."""
    texts = [text for piece in _PIECES for text in _fill(piece)]
    for language in _list_languages():
        for text in texts[:: _QUICK_STEP if is_quick_run() else 1]:
            budget = syntax_highlighting.TimeBudget(0.001)
            tokens = budget.tokenize(text, language)
            if tokens is None:
                assert budget.seconds_left <= 0, (language, text[:20])
            else:
                assert _join(tokens) == _read_line_ends(text), (language, text[:20])


@pytest.mark.parametrize("text", ["$ ls\nfoo", "foo", "$ ls", "(env) foo", "foo\r\n$ ls\r\nbar"])
def test_the_last_line_of_a_shell_session_is_kept(text: str):
    """Pygments drops it if it has no line end, which would hide it from readers."""
    tokens = syntax_highlighting.TimeBudget(60).tokenize(text, "console")
    assert _join(tokens) == _read_line_ends(text)


@pytest.mark.parametrize("language", sorted(syntax_highlighting.LANGUAGES))
def test_every_language_has_a_lexer(language: str):
    tokens = syntax_highlighting.TimeBudget(10).tokenize("a = 1\n", language)
    assert "".join(piece for _, piece in tokens) == "a = 1\n"


def test_a_used_up_budget_ends_it():
    """Without time there are no tokens, also for text that takes little."""
    assert syntax_highlighting.TimeBudget(10).tokenize("a = 1\n", "python")
    assert syntax_highlighting.TimeBudget(0).tokenize("a = 1\n", "python") is None


def test_every_expression_sees_little():
    """The bound on what a match costs is on each expression, in nested lexers of the kind, too."""
    for language in ("ini", "basemake", "python", "yaml", "php", "vue"):
        lexer = syntax_highlighting.load_lexer(language)
        seen = [
            hit.end() - hit.start()
            for rules in lexer._tokens.values()
            for match, *_ in rules
            for text in (" " * 20_000, "a" * 20_000, "=" * 20_000, "\n" * 20_000)
            if (hit := match(text, 0))
        ]
        assert seen
        assert max(seen) <= syntax_highlighting.WINDOW_CHARS


@pytest.mark.parametrize(
    "text",
    [
        "=" * (syntax_highlighting.MAX_LINE_CHARS + 1),
        "a\n" * (syntax_highlighting.MAX_CHARS // 2 + 1),
    ],
)
def test_too_large(text: str):
    """A line, or a text, that is too long stays without colors."""
    assert syntax_highlighting.TimeBudget(10).tokenize(text, "python") is None


def test_tokens_contain_the_whole_text():
    """The pieces together are the text, over several lines and to its last blank line."""
    text = '\n\nimport os\n"""two\n\nlines"""\n' + "# much\n" * 1_000 + "\n\n"
    tokens = syntax_highlighting.TimeBudget(10).tokenize(text, "py")
    assert "".join(piece for _short, piece in tokens) == text
    assert ("sd", '"""two\n\nlines"""') in tokens


def test_time_is_up():
    """One budget is for all texts together."""
    budget = syntax_highlighting.TimeBudget(0)
    assert budget.tokenize("a = 1\n", "python") is None
