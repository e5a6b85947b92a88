"""Properties of all ranges, including unusual ones."""

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.ranges import (
    InvalidRangeError,
    Range,
    find_only_version,
    is_above,
    is_below,
    max_satisfying,
)
from plugport.spec.versions import Version
from plugport.spec.versions.keys import MAX_NUMBER

NUMBERS = st.sampled_from(["0", "0", "1", "1", "2", "3", "10", "9007199254740991"])
EARLY = st.sampled_from(["", "", "", "-0", "-alpha", "-alpha.1", "-beta.2", "-x", "-1a"])
OPERATORS = st.sampled_from(["", "^", "~", "~>", ">=", "<=", ">", "<", "=", "> ", "^ ", "=v", "v"])
VERSIONS = st.builds(
    lambda numbers, early: Version.parse(".".join(numbers) + early),
    st.lists(NUMBERS, min_size=3, max_size=3),
    EARLY,
)


@st.composite
def partials(draw: st.DrawFn) -> str:
    numbers = draw(st.lists(NUMBERS | st.sampled_from(["x", "*"]), min_size=1, max_size=3))
    return ".".join(numbers) + (draw(EARLY) if len(numbers) == 3 else "")


COMPARATORS = st.builds("".join, st.tuples(OPERATORS, partials()))
SETS = st.one_of(
    st.builds(" ".join, st.lists(COMPARATORS, max_size=3)),
    st.builds(" - ".join, st.lists(partials(), min_size=2, max_size=2)),
)
TEXTS = st.builds("||".join, st.lists(SETS, min_size=1, max_size=3))
JUNK = st.text(alphabet="01 .xv*-~^<>=|+a\t", max_size=12) | st.text(max_size=12)


def find_range(text: str, *, wide: bool) -> Range | None:
    try:
        return Range.parse(text, include_prerelease=wide)
    except InvalidRangeError as error:
        shown = f"{error.detail} {error.hint}"
        assert len(shown) < 600
        assert all(char.isprintable() for char in shown)
        return None


@given(TEXTS | JUNK, st.booleans(), st.lists(VERSIONS, min_size=5, max_size=5))
def test_the_canonical_text_is_the_range(text: str, wide: bool, versions: list[Version]) -> None:
    requested_range = find_range(text, wide=wide)
    if requested_range is None:
        return
    again = Range.parse(requested_range.canonical, include_prerelease=wide)
    assert again.canonical == requested_range.canonical
    assert again == requested_range
    for version in versions:
        assert again.contains(version) == requested_range.contains(version)


@given(TEXTS, st.booleans(), st.lists(VERSIONS, min_size=20, max_size=20))
def test_the_only_version_of_a_range_is_the_only_one(
    text: str, wide: bool, versions: list[Version]
) -> None:
    requested_range = find_range(text, wide=wide)
    only = find_only_version(requested_range) if requested_range is not None else None
    if requested_range is None or only is None:
        return
    assert requested_range.contains(only)
    neighbors = [
        Version.parse(f"{only.major}.{only.minor}.{only.patch}-0"),
        Version.parse(f"{only.major}.{only.minor}.{min(only.patch + 1, MAX_NUMBER)}-0"),
        Version.parse(f"{only.major}.{only.minor}.{min(only.patch + 1, MAX_NUMBER)}"),
    ]
    assert {v for v in (*versions, *neighbors) if requested_range.contains(v)} <= {only}


@given(VERSIONS)
def test_every_form_of_one_version_is_recognized(version: Version) -> None:
    forms = ["{0}", "={0}", "v{0}", " {0} ", "{0} - {0}", ">={0} <={0}", "{0}||={0}", "{0}+build"]
    for form in forms:
        assert find_only_version(Range.parse(form.format(version))) == version, form


@given(TEXTS, VERSIONS)
def test_asking_for_prereleases_only_adds_to_it(text: str, version: Version) -> None:
    requested_range = find_range(text, wide=False)
    if requested_range is not None and requested_range.contains(version):
        assert requested_range.contains(version, include_prerelease=True)


@given(TEXTS, VERSIONS)
def test_a_version_is_never_two_of_in_above_and_below(text: str, version: Version) -> None:
    requested_range = find_range(text, wide=False)
    if requested_range is not None:
        places = [
            requested_range.contains(version),
            is_above(version, requested_range),
            is_below(version, requested_range),
        ]
        assert sum(places) <= 1


@given(TEXTS, TEXTS, VERSIONS)
def test_ranges_with_a_version_in_common_intersect(one: str, other: str, version: Version) -> None:
    first, second = find_range(one, wide=False), find_range(other, wide=False)
    if first is None or second is None:
        return
    assert first.intersects(second) == second.intersects(first)
    if first.contains(version) and second.contains(version):
        assert first.intersects(second)


@given(VERSIONS, st.lists(VERSIONS, max_size=6))
def test_an_exact_range_holds_its_version_alone(version: Version, others: list[Version]) -> None:
    requested_range = Range.parse(str(version))
    assert requested_range.canonical == version.precedence_text
    assert requested_range.contains(version)
    assert max_satisfying([*others, version], requested_range) == version
    assert all(requested_range.contains(other) == (other == version) for other in others)


@given(VERSIONS, VERSIONS)
def test_comparisons_mean_the_order_of_versions(bound: Version, version: Version) -> None:
    assert Range.parse(f">={bound}").contains(version, include_prerelease=True) == (
        version >= bound
    )
    assert Range.parse(f"<{bound}").contains(version, include_prerelease=True) == (version < bound)
    assert Range.parse(f"<={bound} >{bound}").intersects(Range.parse("*")) is False
