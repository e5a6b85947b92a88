"""The meaning of ranges, and the errors of invalid ones."""

import copy
import pickle

import pytest

from plugport.spec.ranges import (
    MAX_ALTERNATIVES,
    MAX_RANGE_CHARS,
    InvalidRangeError,
    Range,
    is_above,
    is_below,
    max_satisfying,
    min_satisfying,
)
from plugport.spec.versions import Version


def contains(requested_range: str, version: str, *, wide: bool = False) -> bool:
    return Range.parse(requested_range).contains(Version.parse(version), include_prerelease=wide)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("^1.2.3", ">=1.2.3 <2.0.0-0"),
        ("^0.2.3", ">=0.2.3 <0.3.0-0"),
        ("^0.0.3", ">=0.0.3 <0.0.4-0"),
        ("^0.0", "<0.1.0-0"),
        ("^1.x", ">=1.0.0 <2.0.0-0"),
        ("^1.x.3", ">=1.0.0 <2.0.0-0"),
        ("~1.2.3-beta.2", ">=1.2.3-beta.2 <1.3.0-0"),
        ("~>1.2", ">=1.2.0 <1.3.0-0"),
        ("=1.2.3", "1.2.3"),
        (">=v1.2.3", ">=1.2.3"),
        (">1.2", ">=1.3.0"),
        ("<=1.2", "<1.3.0-0"),
        ("<1.2", "<1.2.0-0"),
        ("1.2.3 - 2.3.4", ">=1.2.3 <=2.3.4"),
        ("1.2 - 2.3.4-rc", ">=1.2.0 <=2.3.4-rc"),
        ("x - 2.3", "<2.4.0-0"),
        ("1.2 - *", ">=1.2.0"),
        ("* - *", "*"),
        ("", "*"),
        (" || ", "*"),
        ("*", "*"),
        (">=0.0.0", "*"),
        ("1 || *", "*"),
        ("<0 || 1.2.3", "1.2.3"),
        ("<0 || >*", "<0.0.0-0"),
        ("1.2.3 1.2.3", "1.2.3"),
        ("* >=1.0.0 *", ">=1.0.0"),
        (" 1.2.3\t\n||  2 ", "1.2.3||>=2.0.0 <3.0.0-0"),
        ("\u00a0^1\ufeff", ">=1.0.0 <2.0.0-0"),
        ("1.2.3+build.5 || ~2+x", "1.2.3||>=2.0.0 <3.0.0-0"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert Range.parse(text).canonical == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("> 1.2.3 <= 2", ">1.2.3 <3.0.0-0"),
        ("~> 1.2 ^ 1", ">=1.2.0 <1.3.0-0 >=1.0.0 <2.0.0-0"),
        ("> =1.2.3", ">=1.2.3"),
        ("= =1.2", ">=1.2.0 <1.3.0-0"),
        ("^vv1.2.3", ">=1.2.3 <2.0.0-0"),
        ("1.2.3*", "1.2.3"),
        (">=1.2.3*", ">=1.2.3"),
        ("1.2.3> *", "1.2.3"),
        ("1.2.3+*b", "1.2.3"),
        ("+build", "*"),
        ("1.x.x-beta", ">=1.0.0 <2.0.0-0"),
    ],
)
def test_oddities_of_npm_are_kept(text: str, canonical: str) -> None:
    assert Range.parse(text).canonical == canonical


def test_a_range_from_zero_is_any_however_it_is_written() -> None:
    """The one difference from npm: there `>=v0.0.0` and its canonical text mean different ranges."""
    assert Range.parse(">=v0.0.0").canonical == Range.parse(">=0.0.0").canonical == "*"
    assert Range.parse("v0.0.0 - 2").canonical == "<3.0.0-0"


@pytest.mark.parametrize(
    ("text", "detail", "hint"),
    [
        ("latest", "it is not a version comparison", "A dist-tag such as `latest`"),
        (">=1 foo", "`foo` is not a version comparison", "A dist-tag"),
        (">=1,<2", "it is not a version comparison", "not with a comma"),
        (">1 && <2", "`&&` is not a version comparison", "leave out `&&`"),
        ("!=1.2.3", "it is not", "`!` is not supported"),
        ("==1.2.3", "it is not", "Use `=1.2.3`"),
        ("1 | 2", "`|` is not", "Separate alternatives with `||`"),
        ("1.2.3 -", "`-` is not", "a version on each side"),
        ("1 - 2 - 3", "`-` is not", "a version on each side"),
        ("1.2.3 - >2", "`-` is not", "a version on each side"),
        ("1.2.3.4", "it has 4 numbers; the limit is three", "Examples"),
        (">=09090", "it has a number that starts with 0", "Examples"),
        ("1.x.5 || 2", "it has a number after an `x`", "Examples"),
        ("^9007199254740991.0.0", "results in a number above 9007199254740991", "Examples"),
        ("9007199254740992.0.0 2", "`9007199254740992.0.0` has or results in a number", "Examples"),
        ("1.2.3-" + "a." * 130 + "a", "has a version with more than 256 characters", "Examples"),
        ("~", "it is not a version comparison", "Examples"),
        ("1.2.3beta", "it is not a version comparison", "Examples"),
        ("\x1b[31m", r"`\x1b[31m` is not a version range", "Examples"),
        ("１", "it is not a version comparison", "Examples"),
    ],
)
def test_errors_name_the_reason(text: str, detail: str, hint: str) -> None:
    with pytest.raises(InvalidRangeError) as caught:
        Range.parse(text)
    assert detail in caught.value.detail
    assert hint in str(caught.value.hint)
    assert caught.value.code == "invalid-range"


def test_length_is_limited() -> None:
    longest = "1.2.3".ljust(MAX_RANGE_CHARS)
    assert Range.parse(longest).canonical == "1.2.3"
    with pytest.raises(InvalidRangeError, match="has 8,193 characters; the limit is 8,192"):
        Range.parse(longest + " ")


def test_the_number_of_alternatives_is_limited() -> None:
    longest = "||".join(f"1.2.{number}" for number in range(MAX_ALTERNATIVES))
    assert len(Range.parse(longest).sets) == MAX_ALTERNATIVES
    with pytest.raises(InvalidRangeError, match="has 257 alternatives; the limit is 256"):
        Range.parse(longest + "||2.0.0")


def test_the_canonical_text_is_limited_too() -> None:
    """So the canonical text of a range can always be read again."""
    text = " ".join(f"~{number}.{number}" for number in range(700))
    with pytest.raises(InvalidRangeError, match="characters in canonical form; the limit is 8,192"):
        Range.parse(text)


HOSTILE = {
    "prefixes": "v" * 8000,
    "equals and spaces": "= v " * 2000,
    "operators": "<" * 8000,
    "zeros": "0" * 8000,
    "separate zeros": "0 " * 4000,
    "stars": "1.2.3" + "*" * 8000,
    "tildes": "~ " * 4000,
    "hyphens": "1 - " * 2000,
    "dots": "1." * 4000,
    "identifiers": "1.2.3-" + "a." * 4000 + "!",
    "numeric identifiers": "1.2.3-" + "1." * 4000 + "!",
    "long identifier": "> 1.2.3-" + "-" * 8000 + "!",
    "plusses": "+" * 8000,
    "builds": "+a." * 2600 + "+",
    "gaps": "> 1.2.3-a.b.c !" * 500,
    "bars": "|" * 501,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_repetition_is_parsed_quickly(kind: str) -> None:
    """Each of these would take hours in a pattern with nested repetition."""
    try:
        result = Range.parse(HOSTILE[kind]).canonical
    except InvalidRangeError as error:
        result = error.detail
    assert len(result) < 250


def test_prereleases_have_to_be_named() -> None:
    assert not contains("^1.2.3", "1.3.0-beta")
    assert not contains("*", "1.0.0-beta")
    assert contains("^1.2.3-beta.2", "1.2.3-beta.4")
    assert not contains("^1.2.3-beta.2", "1.2.4-beta.4")
    assert contains(">=1.0.0 <1.1.0-b", "1.1.0-a")
    assert not contains("<1.1.0", "1.1.0-a")


def test_all_prereleases_can_be_included() -> None:
    assert contains("^1.2.3", "1.3.0-beta", wide=True)
    assert contains("*", "1.0.0-beta", wide=True)
    assert contains("1.x", "1.0.0-0", wide=True)
    assert not contains("1.x", "2.0.0-0", wide=True)
    wide = Range.parse("~1.x", include_prerelease=True)
    assert wide.canonical == ">=1.0.0-0 <2.0.0-0"
    assert wide == Range.parse("~1.x").widened == wide.widened
    assert wide.contains(Version.parse("1.0.0-a"))


def test_build_metadata_does_not_count() -> None:
    assert contains("1.2.3", "1.2.3+build")
    assert contains("1.2.3+other", "1.2.3+build")


def test_chooses_the_highest_and_the_lowest() -> None:
    versions = [Version.parse(text) for text in ("1.0.0", "1.5.0", "1.9.0-rc.1", "2.0.0", "0.9.0")]
    requested_range = Range.parse("^1")
    assert str(max_satisfying(versions, requested_range)) == "1.5.0"
    assert str(min_satisfying(versions, requested_range)) == "1.0.0"
    assert str(max_satisfying(versions, requested_range, include_prerelease=True)) == "1.9.0-rc.1"
    assert max_satisfying(versions, Range.parse(">5")) is None
    assert min_satisfying([], requested_range) is None


def test_of_equal_versions_the_first_is_chosen() -> None:
    versions = [Version.parse("1.0.0+b"), Version.parse("1.0.0+a")]
    assert str(max_satisfying(versions, Range.parse("1"))) == "1.0.0+b"
    assert str(min_satisfying(versions, Range.parse("1"))) == "1.0.0+b"


def test_above_and_below() -> None:
    requested_range = Range.parse("1.2.x || 1.4.x")
    assert is_above(Version.parse("1.5.0"), requested_range)
    assert is_below(Version.parse("1.1.9"), requested_range)
    for between in ("1.3.0", "1.2.5-beta"):
        assert not is_above(Version.parse(between), requested_range)
        assert not is_below(Version.parse(between), requested_range)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("^1.2", ">=1.5 <1.6", True),
        ("^1", "^2", False),
        ("<=1.0.0", ">=1.0.0", True),
        ("<1.0.0", ">=1.0.0", False),
        ("1.0.0-beta", "*", False),
        ("1.0.0-beta", "^1.0.0-alpha", True),
        ("1.0.0-beta", "1.0.0-beta", True),
        ("*", "<0.0.0-0", False),
        ("<0", "<0", False),
        ("<0.0.0-b", "<0.0.0-a", True),
        ("<0.0.0-b", "<1", False),
        ("1 || 3", "2 || 3.1", True),
        (">2 <1", "*", False),
    ],
)
def test_intersects(one: str, other: str, expected: bool) -> None:
    first, second = Range.parse(one), Range.parse(other)
    assert first.intersects(second) == second.intersects(first) == expected


def test_prereleases_count_for_both_when_they_count_for_one() -> None:
    wide = Range.parse("1.0.0-beta", include_prerelease=True)
    assert wide.intersects(Range.parse("*"))
    assert Range.parse("*").intersects(wide)


def test_is_a_value() -> None:
    requested_range = Range.parse(" ^1.2 ")
    assert requested_range == Range.parse(">=1.2.0 <2.0.0-0")
    assert requested_range != Range.parse("^1.2", include_prerelease=True)
    assert {requested_range, Range.parse("^1.2")} == {requested_range}
    assert str(requested_range) == " ^1.2 "
    assert repr(requested_range) == "Range(' ^1.2 ', include_prerelease=False)"
    wide = Range.parse("1", include_prerelease=True)
    assert pickle.loads(pickle.dumps(wide)) == copy.deepcopy(wide) == wide
    with pytest.raises(AttributeError, match="immutable"):
        requested_range.text = "*"
    with pytest.raises(AttributeError, match="immutable"):
        del requested_range.text
    text: object = "^1.2"
    assert requested_range != text
    assert Version.parse("1.2.3") in requested_range
