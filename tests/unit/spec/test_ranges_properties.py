"""What holds for all ranges, those nobody would write included."""

from hypothesis import given, settings
from hypothesis import strategies as st

from plugport.spec.ranges import InvalidRangeError, Range, is_above, is_below, max_satisfying
from plugport.spec.versions import Version

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


@settings(max_examples=100, deadline=None)
@given(TEXTS | JUNK, st.booleans(), st.lists(VERSIONS, min_size=5, max_size=5))
def test_the_canonical_text_is_the_range(text: str, wide: bool, versions: list[Version]) -> None:
    wanted = find_range(text, wide=wide)
    if wanted is None:
        return
    again = Range.parse(wanted.canonical, include_prerelease=wide)
    assert again.canonical == wanted.canonical
    assert again == wanted
    for version in versions:
        assert again.contains(version) == wanted.contains(version)


@settings(max_examples=100, deadline=None)
@given(TEXTS, VERSIONS)
def test_asking_for_prereleases_only_adds_to_it(text: str, version: Version) -> None:
    wanted = find_range(text, wide=False)
    if wanted is not None and wanted.contains(version):
        assert wanted.contains(version, include_prerelease=True)


@settings(max_examples=100, deadline=None)
@given(TEXTS, VERSIONS)
def test_a_version_is_never_two_of_in_above_and_below(text: str, version: Version) -> None:
    wanted = find_range(text, wide=False)
    if wanted is not None:
        places = [wanted.contains(version), is_above(version, wanted), is_below(version, wanted)]
        assert sum(places) <= 1


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, VERSIONS)
def test_ranges_with_a_version_in_common_intersect(one: str, other: str, version: Version) -> None:
    first, second = find_range(one, wide=False), find_range(other, wide=False)
    if first is None or second is None:
        return
    assert first.intersects(second) == second.intersects(first)
    if first.contains(version) and second.contains(version):
        assert first.intersects(second)


@settings(max_examples=100, deadline=None)
@given(VERSIONS, st.lists(VERSIONS, max_size=6))
def test_an_exact_range_holds_its_version_alone(version: Version, others: list[Version]) -> None:
    wanted = Range.parse(str(version))
    assert wanted.canonical == version.precedence_text
    assert wanted.contains(version)
    assert max_satisfying([*others, version], wanted) == version
    assert all(wanted.contains(other) == (other == version) for other in others)


@settings(max_examples=100, deadline=None)
@given(VERSIONS, VERSIONS)
def test_comparisons_mean_the_order_of_versions(bound: Version, version: Version) -> None:
    assert Range.parse(f">={bound}").contains(version, include_prerelease=True) == (
        version >= bound
    )
    assert Range.parse(f"<{bound}").contains(version, include_prerelease=True) == (version < bound)
    assert Range.parse(f"<={bound} >{bound}").intersects(Range.parse("*")) is False
