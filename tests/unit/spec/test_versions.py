"""Versions are strict Semantic Versioning 2.0.0."""

import copy
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.versions import (
    MAX_NUMBER,
    MAX_SORT_KEY_CHARS,
    MAX_VERSION_CHARS,
    InvalidVersionError,
    Version,
    find_version,
)

IDENTIFIERS = st.one_of(
    st.integers(0, 10**30).map(str),
    st.sampled_from(["alpha", "beta", "rc-1", "-", "0a", "A", "a", "x" * 20, "--1"]),
    st.from_regex(r"[0-9A-Za-z-]*[A-Za-z-]", fullmatch=True).filter(lambda text: len(text) < 20),
)
NUMBERS = st.integers(0, 3) | st.integers(0, MAX_NUMBER)


@st.composite
def versions(draw: st.DrawFn) -> Version:
    text = ".".join(str(draw(NUMBERS)) for _ in range(3))
    early = draw(st.lists(IDENTIFIERS, max_size=4))
    build = draw(st.lists(st.sampled_from(["1", "01", "sha-5", "a"]), max_size=2))
    tail = ("-" + ".".join(early) if early else "") + ("+" + ".".join(build) if build else "")
    return Version.parse((text + tail)[:MAX_VERSION_CHARS])


def test_takes_a_version_apart() -> None:
    version = Version.parse("1.20.300-beta.2.0a+build.007")
    assert (version.major, version.minor, version.patch) == (1, 20, 300)
    assert version.prerelease == ("beta", 2, "0a")
    assert version.build == ("build", "007")
    assert version.is_prerelease
    assert str(version) == "1.20.300-beta.2.0a+build.007"
    assert version.precedence_text == "1.20.300-beta.2.0a"


def test_a_release_has_no_prerelease() -> None:
    version = Version.parse("1.2.3+a-b")
    assert not version.is_prerelease
    assert version.prerelease == ()
    assert version.build == ("a-b",)
    assert Version.parse("1.2.3").build == ()


@pytest.mark.parametrize(
    ("text", "fault", "meant"),
    [
        ("", "it is empty", None),
        (" \t", "it is empty", None),
        ("v1.2.3", "it starts with `v`", "1.2.3"),
        ("V1.2.3", "it starts with `V`", "1.2.3"),
        ("=1.2.3", "it starts with `=`", "1.2.3"),
        (" 1.2.3", "it has leading or trailing spaces", "1.2.3"),
        ("1.2.3\n", "it has leading or trailing spaces", "1.2.3"),
        ("1", "it has 1 number instead of three", "1.0.0"),
        ("1.2", "it has 2 numbers instead of three", "1.2.0"),
        ("1.2-beta", "it has 2 numbers instead of three", "1.2.0-beta"),
        ("1.2.3.4", "it has 4 numbers instead of three", None),
        ("01.2.3", "the number `01` starts with 0", "1.2.3"),
        ("1.2.3-01", "the number `01` in its prerelease starts with 0", None),
        ("1.2.3-a.00", "the number `00` in its prerelease starts with 0", None),
        ("1.2.3beta", "`beta` after the numbers must start with `-` or `+`", "1.2.3-beta"),
        ("1.2.3-", "it has an empty identifier in its prerelease or build metadata", None),
        ("1.2.3-a..b", "it has an empty identifier in its prerelease or build metadata", None),
        ("1.2.3+", "it has an empty identifier in its prerelease or build metadata", None),
        ("1.2.3+a+b", "it has more than one `+`", None),
        ("1.2.3-ü", "the character `ü` is not allowed", None),
        ("1.2.3-a_b", "the character `_` is not allowed", None),
        ("1.2.3-\x1b", r"the character `\x1b` is not allowed", None),
        ("١.٢.٣", "it does not start with a number", None),
        ("latest", "it does not start with a number", None),
        ("1.2.x", "it has 2 numbers instead of three", None),
        ("-1.2.3", "it does not start with a number", None),
        (f"{MAX_NUMBER + 1}.0.0", f"is above {MAX_NUMBER}", None),
        ("1.99999999999999999.0", f"the number `99999999999999999` is above {MAX_NUMBER}", None),
    ],
)
def test_errors_name_the_reason(text: str, fault: str, meant: str | None) -> None:
    with pytest.raises(InvalidVersionError) as caught:
        Version.parse(text)
    assert fault in caught.value.detail
    assert caught.value.code == "invalid-version"
    assert caught.value.context.get("suggestion") == meant
    assert meant is None or f"Did you mean `{meant}`?" in str(caught.value.hint)


def test_limits_are_inclusive() -> None:
    largest = f"{MAX_NUMBER}.{MAX_NUMBER}.{MAX_NUMBER}"
    assert str(Version.parse(largest)) == largest
    longest = "1.0.0-".ljust(MAX_VERSION_CHARS, "a")
    assert str(Version.parse(longest)) == longest
    with pytest.raises(InvalidVersionError, match="has 257 characters; the limit is 256"):
        Version.parse(longest + "a")


def test_orders_as_the_standard_does() -> None:
    """The example of section 11, with the prerelease numbers that only compare as numbers."""
    texts = (
        "0.9.9 1.0.0-1 1.0.0-2 1.0.0-11 1.0.0--1 1.0.0-A 1.0.0-alpha 1.0.0-alpha.1 "
        "1.0.0-alpha.beta 1.0.0-alpha-1 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 "
        "2.0.0 2.1.0 2.1.1 10.0.0"
    )
    ordered = [Version.parse(text) for text in texts.split()]
    assert sorted(ordered, key=str) != ordered
    assert sorted(sorted(ordered, key=str)) == ordered
    assert all(one < other for one, other in pairwise(ordered))


def test_prerelease_numbers_of_any_size_compare_exactly() -> None:
    assert Version.parse("1.0.0-99999999999999999998") < Version.parse("1.0.0-99999999999999999999")


def test_build_metadata_has_no_part_in_comparison() -> None:
    one, other = Version.parse("1.0.0+a"), Version.parse("1.0.0+b")
    assert one == other
    assert {one} == {other}
    assert str(one) != str(other)
    assert one.sort_key == other.sort_key


def test_is_a_value() -> None:
    version = Version.parse("1.2.3-a+b")
    copied = pickle.loads(pickle.dumps(version))
    assert copied == copy.deepcopy(version) == version
    assert str(copied) == "1.2.3-a+b"
    assert repr(version) == "Version('1.2.3-a+b')"
    with pytest.raises(AttributeError, match="immutable"):
        version.key = (9, 9, 9, 1)
    with pytest.raises(AttributeError, match="immutable"):
        del version.key
    text: object = "1.2.3-a+b"
    assert version != text
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(version, compare)(text) is NotImplemented


@pytest.mark.parametrize("text", ["v1.2.3", "=1.2.3", " = v1.2.3 ", "1.2.3", "\tv1.2.3\n"])
def test_finds_the_version_of_a_tag(text: str) -> None:
    assert str(find_version(text)) == "1.2.3"


@pytest.mark.parametrize("text", ["", "v", "release-1.2.3", "vv1.2.3", "1.2", "v" * 300, "v01.2.3"])
def test_finds_no_version_in_other_texts(text: str) -> None:
    assert find_version(text) is None


@given(versions(), versions(), versions())
def test_order_is_total_and_agrees_with_the_sort_key(a: Version, b: Version, c: Version) -> None:
    assert [a < b, a == b, a > b].count(True) == 1
    assert (a <= b) == (a < b or a == b)
    assert (a >= b) == (b <= a)
    assert not (a <= b <= c) or a <= c
    assert (a < b) == (a.sort_key < b.sort_key)
    assert (a == b) == (a.sort_key == b.sort_key)
    assert a != b or hash(a) == hash(b)


@given(versions())
def test_text_and_parts_come_back(version: Version) -> None:
    again = Version.parse(str(version))
    assert again == version
    assert (again.prerelease, again.build) == (version.prerelease, version.build)
    assert Version.parse(version.precedence_text) == version
    parts = ".".join(map(str, (version.major, version.minor, version.patch)))
    early = "-" + ".".join(map(str, version.prerelease)) if version.is_prerelease else ""
    assert version.precedence_text == parts + early


def test_sort_keys_stay_short() -> None:
    worst = [
        "0.0.0-" + "a." * 124 + "a",
        "0.0.0-" + "9" * 250,
        f"{MAX_NUMBER}.0.0-" + "a." * 110 + "a",
    ]
    for text in worst:
        key = Version.parse(text).sort_key
        assert len(key) <= MAX_SORT_KEY_CHARS
        assert key.isascii()
    assert Version.parse("1.2.3").sort_key == "a1a2a3~"


@given(st.text() | st.text(alphabet="0123.-+abv= ", max_size=300))
def test_any_text_is_a_version_or_a_short_clear_error(text: str) -> None:
    try:
        version = Version.parse(text)
    except InvalidVersionError as error:
        shown = f"{error.detail} {error.hint}"
        assert len(shown) < 700
        assert all(char.isprintable() for char in shown)
        meant = error.context.get("suggestion")
        assert meant is None or find_version(meant) is not None
    else:
        assert str(version) == text
