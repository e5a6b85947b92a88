"""Valid names of plugins, and the errors for invalid ones."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.names import MAX_NAME_CHARS, InvalidNameError, PluginName, parse_scope

LONG = "a" * 64
PART_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789-."


@pytest.mark.parametrize(
    ("text", "scope", "name"),
    [
        ("slack", None, "slack"),
        ("a", None, "a"),
        ("7", None, "7"),
        ("socket.io-client", None, "socket.io-client"),
        ("a-.b", None, "a-.b"),
        (LONG, None, LONG),
        ("@ar/slack", "ar", "slack"),
        ("ar/slack", "ar", "slack"),
        (f"@{LONG}/{LONG}", LONG, LONG),
    ],
)
def test_reads_names(text: str, scope: str | None, name: str) -> None:
    parsed = PluginName.parse(text)
    assert (parsed.scope, parsed.name) == (scope, name)


def test_writes_a_scope_with_its_sign() -> None:
    assert str(PluginName.parse("ar/slack")) == "@ar/slack"
    assert str(PluginName.parse("slack")) == "slack"
    assert len(str(PluginName(LONG, LONG))) == MAX_NAME_CHARS


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is empty"),
        ("@", "it has `@`"),
        ("/", "its scope is empty"),
        ("@/slack", "its scope is empty"),
        ("@ar/", "its name is empty"),
        ("a/b/c", "its name has `/`"),
        ("@@ar/slack", "its scope has `@`"),
        ("@slack", "it has `@`"),
        ("a" * 65, "it has 65 characters; the limit is 64"),
        (f"{LONG}b/slack", "its scope has 65 characters"),
        ("Slack", "it has uppercase `S`"),
        ("my_plugin", "it has `_`"),
        ("my plugin", "it has ` `"),
        (" slack", "it has ` `"),
        ("slack\n", r"it has control character `\x0a`"),
        ("a--b", "it has `--`"),
        ("a..b", "it has `..`"),
        ("..", "it has `..`; it starts with `.`; it ends with `.`"),
        ("-a", "it starts with `-`"),
        ("a.", "it ends with `.`"),
        ("__proto__", "it has `_`"),
        ("-A_b!c..", "; and 1 more."),
        ("<script>", "it has `<`; it has `>`"),
        ("a\x1b[31m", r"it has control character `\x1b`"),
        ("ѕlack", "it has Cyrillic `ѕ` that looks like `s`"),
        ("αpi", "it has Greek `α` that looks like `a`"),
        ("ｎpm", "it has Fullwidth `ｎ` that looks like `n`"),
        ("ﬁle", "it has Latin `ﬁ` that looks like `fi`"),
        ("café", "it has Latin `é` that looks like `e`"),
        ("a–b", "it has U+2013 EN DASH `–` that looks like `-`"),
        ("a\u200bb", "it has U+200B ZERO WIDTH SPACE"),
        ("a\ud800", "it has U+D800"),
        ("日本", "it has U+65E5 CJK UNIFIED IDEOGRAPH-65E5"),
    ],
)
def test_errors_name_the_reason(text: str, fault: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        PluginName.parse(text)
    assert fault in caught.value.detail
    assert caught.value.code == "invalid-name"
    assert "1 to 64" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("My_Cool Plugin", "my-cool-plugin"),
        ("@Ar/Slack", "@ar/slack"),
        ("pаypal", "paypal"),
        ("-a--b..c-", "a-b.c"),
        ("Ａr/ﬁle", "@ar/file"),
    ],
)
def test_errors_suggest_a_similar_name(text: str, meant: str) -> None:
    with pytest.raises(InvalidNameError, match="is not the name") as caught:
        PluginName.parse(text)
    assert caught.value.context["suggestion"] == meant
    assert f"Did you mean `{meant}`?" in str(caught.value.hint)
    assert str(PluginName.parse(meant)) == meant


@pytest.mark.parametrize("text", ["日本", "///", "a" * 500, "__", "@/x"])
def test_suggests_nothing_where_nothing_is_near(text: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        PluginName.parse(text)
    assert "suggestion" not in caught.value.context


def test_names_cannot_be_made_past_the_rules() -> None:
    with pytest.raises(InvalidNameError):
        PluginName(None, "Slack")
    with pytest.raises(InvalidNameError):
        PluginName("", "slack")
    with pytest.raises(AttributeError):
        PluginName.parse("slack").name = "other"  # type: ignore[misc]


def test_reads_scopes() -> None:
    assert parse_scope("@ar") == parse_scope("ar") == "ar"
    for text in ("", "@", "@@ar", "ar/", "Ar", "a--b"):
        with pytest.raises(InvalidNameError, match="is not the name of a scope"):
            parse_scope(text)


def test_sorts_unscoped_names_first_and_then_by_scope() -> None:
    texts = ["@b/a", "z", "@a/z", "a", "@a/b"]
    ordered = sorted(map(PluginName.parse, texts))
    assert [str(name) for name in ordered] == ["a", "z", "@a/b", "@a/z", "@b/a"]
    assert ordered[0] < ordered[1] <= ordered[1]
    assert ordered[1] > ordered[0] >= ordered[0]


def test_is_a_value() -> None:
    name = PluginName.parse("ar/slack")
    assert {name, PluginName.parse("@ar/slack")} == {name}
    assert pickle.loads(pickle.dumps(name)) == copy.copy(name) == name
    text: object = "@ar/slack"
    assert name != text
    with pytest.raises(TypeError):
        assert name < text


@given(st.text() | st.text(alphabet=PART_CHARS + "@/", max_size=70))
def test_any_text_is_a_name_or_a_short_clear_error(text: str) -> None:
    try:
        name = PluginName.parse(text)
    except InvalidNameError as error:
        shown = f"{error.detail} {error.hint}"
        assert len(shown) < 1000
        assert all(char.isprintable() for char in shown)
    else:
        assert PluginName.parse(str(name)) == name
        assert str(name).removeprefix("@") == text.removeprefix("@")
