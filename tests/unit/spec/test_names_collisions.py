"""Names that look alike, and reserved names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.names import (
    MAX_COLLISION_KEY_CHARS,
    RESERVED_NAMES,
    InvalidNameError,
    PluginName,
    ReservedNameError,
    check_reserved,
    find_lookalike,
    fold_part,
)
from tests.support.data import shared_data

NAMES = st.from_regex(r"[a-z0-9](?:[.-]?[a-z0-9]){0,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("my-plugin", "myplugin"),
        ("my-plugin", "my.plugin"),
        ("socket.io", "socketio"),
        ("google", "g00gle"),
        ("slack", "s1ack"),
        ("slack", "siack"),
        ("list", "l1st"),
        ("modern", "modem"),
        ("wave", "vvave"),
        ("vwx", "wvx"),
        ("r-n", "m"),
        ("@ar/slack", "@a-r/s-lack"),
        ("@ar/m", "@ar/rn"),
    ],
)
def test_names_that_look_alike_collide(one: str, other: str) -> None:
    assert PluginName.parse(one).collision_key == PluginName.parse(other).collision_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("slack", "stack"),
        ("cli", "di"),
        ("es5", "ess"),
        ("s3", "53"),
        ("@ab/c", "@a/bc"),
        ("@ar/slack", "slack"),
        ("@ar/slack", "arslack"),
        ("i18n", "l10n"),
    ],
)
def test_distinguishable_names_do_not_collide(one: str, other: str) -> None:
    assert PluginName.parse(one).collision_key != PluginName.parse(other).collision_key


def test_case_and_underscores_of_other_systems_do_not_count() -> None:
    assert fold_part("My_Plugin") == fold_part("my-plugin")


@given(NAMES, st.none() | NAMES)
def test_a_key_is_short_ascii_and_stable(name: str, scope: str | None) -> None:
    key = PluginName(scope, name).collision_key
    assert key.isascii()
    assert 0 < len(key) <= MAX_COLLISION_KEY_CHARS
    assert key.count("/") == (scope is not None)
    assert "/".join(map(fold_part, key.split("/"))) == key


@given(NAMES, st.data())
def test_swapping_confusables_keeps_the_key(name: str, data: st.DataObject) -> None:
    pairs = [("o", "0"), ("l", "1"), ("i", "l"), ("m", "rn"), ("w", "vv"), ("-", ""), (".", "")]
    old, new = data.draw(st.sampled_from(pairs))
    assert fold_part(name.replace(old, new)) == fold_part(name)


@pytest.mark.parametrize(
    ("char", "ascii_text"),
    [
        ("а", "a"),
        ("ο", "o"),
        ("ａ", "a"),
        ("𝐚", "a"),
        ("ⓐ", "a"),
        ("ø", "o"),
        ("—", "-"),
        ("Ä", "a"),
    ],
)
def test_finds_what_a_foreign_letter_looks_like(char: str, ascii_text: str) -> None:
    assert find_lookalike(char) == ascii_text


@pytest.mark.parametrize("char", ["a", "_", "日", "😀", "\u200b", "\ud800", "½"])
def test_finds_no_lookalike_where_there_is_none(char: str) -> None:
    assert find_lookalike(char) is None


def test_names_of_real_plugins_rarely_collide() -> None:
    """Measured on public marketplaces: the rules must not cost honest authors their names."""
    names = _read_real_names()
    keys = {name.collision_key for name in names}
    refused = [name for name in names if _is_reserved(name)]
    assert len(names) > 300
    assert len(names) - len(keys) <= 2
    assert len(refused) <= 2


def _read_real_names() -> set[PluginName]:
    names = set()
    for path in shared_data("marketplaces").glob("*/**/marketplace.json"):
        for plugin in json.loads(path.read_text())["plugins"]:
            try:
                names.add(PluginName.parse(plugin["name"]))
            except InvalidNameError:
                continue
    return names


def _is_reserved(name: PluginName) -> bool:
    try:
        check_reserved(name)
    except ReservedNameError:
        return True
    return False


def test_every_reserved_name_is_valid_and_refused() -> None:
    assert RESERVED_NAMES
    for name in sorted(RESERVED_NAMES):
        with pytest.raises(ReservedNameError, match=f"the name `{name}` is reserved"):
            check_reserved(PluginName.parse(name))


def test_routes_and_tools_are_reserved() -> None:
    routes = """admin docs search plugins categories publish login account featured popular recent
        versions readme download healthz api"""
    reserved_names = {*routes.split(), "npm", "pip", "node", "python", "plugport"}
    assert reserved_names - RESERVED_NAMES == set()


def test_refuses_what_looks_like_a_reserved_name() -> None:
    with pytest.raises(
        ReservedNameError, match="it looks like `node`, a well-known tool"
    ) as caught:
        check_reserved(PluginName.parse("n0de"))
    assert caught.value.code == "reserved-name"
    assert caught.value.context == {"name": "n0de", "reserved": "node"}


@pytest.mark.parametrize(
    "name", ["lpt3.tool", "nul.1.x", "@author/com7", "@author/aux.io", "@con.fig/x", "@com7/x"]
)
def test_device_names_of_windows_are_reserved_everywhere(name: str) -> None:
    """Also with an extension, and inside a scope: there could be no folder for the plugin."""
    with pytest.raises(ReservedNameError, match="a device name on Windows"):
        check_reserved(PluginName.parse(name))


@pytest.mark.parametrize("name", ["lpt3-tool", "com10.x", "my.nul", "@author/console", "auxiliary"])
def test_names_that_only_contain_a_device_name_are_free(name: str) -> None:
    check_reserved(PluginName.parse(name))


def test_refuses_reserved_scopes_but_not_names_inside_a_scope() -> None:
    with pytest.raises(ReservedNameError, match="the scope `npm` is reserved"):
        check_reserved(PluginName.parse("@npm/slack"))
    check_reserved(PluginName.parse("@ar/npm"))
    check_reserved(PluginName.parse("@ar/api"))


@pytest.mark.parametrize("name", ["slack", "github", "my-admin", "apis", "telegram", "s3"])
def test_other_names_are_free(name: str) -> None:
    check_reserved(PluginName.parse(name))
