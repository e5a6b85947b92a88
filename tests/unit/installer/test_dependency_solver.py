"""The choice of versions: against real graphs with known answers, and against trying everything."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.installer import dependency_solver
from plugport.installer.dependency_solver import Candidate, Solution, solve_dependencies
from plugport.installer.errors import (
    DependencyConflictError,
    DependencyLimitError,
    DependencyNotFoundError,
)
from plugport.spec.errors import PlugportError
from plugport.spec.ranges import Range
from plugport.spec.versions import InvalidVersionError, Version
from tests.support.data import shared_data

NO_VERSION = Version.parse("0.0.0")
Graph = Mapping[str, Mapping[str, Mapping[str, str]]]


def build_loader(graph: Graph) -> Callable[[str], list[Candidate]]:
    @cache
    def load(name: str) -> list[Candidate]:
        candidates = []
        for version, dependencies in graph.get(name, {}).items():
            try:
                candidates.append(Candidate(name, Version.parse(version), dependencies))
            except InvalidVersionError:
                continue
        return sorted(candidates, key=lambda each: each.version, reverse=True)

    return load


def solve(graph: Graph, requirements: Mapping[str, str], **installed: str) -> Solution:
    """Solve for a root with these requirements; `installed` maps names to versions."""
    candidates = {
        name: Candidate(name, Version.parse(version), graph[name][version])
        for name, version in installed.items()
    }
    root = Candidate("root", NO_VERSION, requirements)
    return solve_dependencies([root], build_loader(graph), candidates)


def list_versions(solution: Solution) -> dict[str, str]:
    return {n: str(each.version) for n, each in solution.chosen.items() if n != "root"}


def check_rules(solution: Solution) -> None:
    """Every dependency of every choice is met, and nothing is chosen that nobody needs."""
    needed = {"root"}
    for candidate in solution.chosen.values():
        for name, text in candidate.dependencies.items():
            assert solution.chosen[name].version in Range.parse(text)
            needed.add(name)
    assert needed == set(solution.chosen)


@pytest.fixture(scope="module")
def graph() -> Graph:
    packages = json.loads(shared_data("resolver", "graph.json").read_text())
    return {
        name: {
            version: members.get("dependencies", {})
            for version, members in package["versions"].items()
        }
        for name, package in packages.items()
    }


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(
        shared_data("resolver", "flat-answers.json").read_text()
    )
    return loaded


def test_real_requirements(graph: Graph, answers: list[dict[str, Any]]) -> None:
    """A choice is found whenever there is one, and it is the newest; other sets are refused."""
    for answer in answers:
        expected = answer["ignore_peers"]
        if not expected["satisfiable"]:
            with pytest.raises((DependencyConflictError, DependencyNotFoundError)) as caught:
                solve(graph, answer["root"])
            assert f"`{caught.value.context['name']} " in caught.value.detail
            continue
        solution = solve(graph, answer["root"])
        check_rules(solution)
        assert list_versions(solution) == expected["newest_first"], answer["id"]


@given(data=st.data())
def test_any_requirements_of_the_real_graph(data: st.DataObject, graph: Graph) -> None:
    """Solved by the rules or refused, within the limit of steps."""
    names = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, max_size=4))
    requirements = {}
    for name in names:
        version = data.draw(st.sampled_from([*graph[name], "1.0.0"]))
        requirements[name] = data.draw(st.sampled_from(["*", version, f"^{version}"]))
    with contextlib.suppress(DependencyConflictError, DependencyNotFoundError):
        check_rules(solve(graph, requirements))


VERSIONS = ["1.0.0", "1.1.0", "2.0.0"]
NAMES = ["a", "b", "c", "d"]
ranges = st.sampled_from(["*", "^1.0.0", "1.0.0", ">=1.1.0", "^2.0.0", "<2"])
dependencies = st.dictionaries(st.sampled_from([*NAMES, "missing"]), ranges, max_size=3)
graphs = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(VERSIONS), dependencies, min_size=1),
    min_size=1,
)


def find_all_solutions(graph: Graph, requirements: Mapping[str, str]) -> list[dict[str, str]]:
    """Try every combination of versions."""
    found = []
    options = [[None, *graph.get(name, {})] for name in NAMES]
    for combination in itertools.product(*options):
        chosen = {n: v for n, v in zip(NAMES, combination, strict=True) if v is not None}
        needs = [requirements, *(graph[name][version] for name, version in chosen.items())]
        if all(
            name in chosen and Version.parse(chosen[name]) in Range.parse(text)
            for need in needs
            for name, text in need.items()
        ):
            found.append(chosen)
    return found


@given(graphs, dependencies)
def test_finds_a_choice_exactly_if_there_is_one(graph: Graph, requirements: dict[str, str]) -> None:
    expected = find_all_solutions(graph, requirements)
    try:
        solution = solve(graph, requirements)
    except PlugportError:
        assert not expected
        return
    check_rules(solution)
    # The first name in alphabetical order has the newest version that any solution gives it.
    if requirements:
        first = min(requirements)
        newest = max(Version.parse(each[first]) for each in expected)
        assert solution.chosen[first].version == newest


@given(graphs, dependencies, st.data())
def test_never_breaks_what_is_installed(
    graph: Graph, requirements: dict[str, str], data: st.DataObject
) -> None:
    """An installed plugin keeps its version unless the new one needs another."""
    installed = {
        name: data.draw(st.sampled_from(sorted(graph[name])), label=name)
        for name in data.draw(st.sets(st.sampled_from(sorted(graph))), label="installed")
    }
    try:
        solution = solve(graph, requirements, **installed)
    except PlugportError:
        return
    check_rules(solution)
    after = {**installed, **list_versions(solution)}
    for name, version in installed.items():
        if name in solution.chosen:
            continue
        for needed, text in graph[name][version].items():
            fitted = needed in installed and Version.parse(installed[needed]) in Range.parse(text)
            assert not fitted or Version.parse(after[needed]) in Range.parse(text)


def test_an_installed_version_that_fits_stays() -> None:
    graph = {"a": {"1.0.0": {}, "1.1.0": {}}}
    assert list_versions(solve(graph, {"a": "^1.0.0"})) == {"a": "1.1.0"}
    assert list_versions(solve(graph, {"a": "^1.0.0"}, a="1.0.0")) == {"a": "1.0.0"}
    assert list_versions(solve(graph, {"a": "^1.1.0"}, a="1.0.0")) == {"a": "1.1.0"}


def test_an_installed_version_that_fits_needs_no_request() -> None:
    def load(name: str) -> list[Candidate]:
        raise AssertionError(f"requested {name}")

    root = Candidate("root", NO_VERSION, {"a": "^1.0.0"})
    installed = {"a": Candidate("a", Version.parse("1.0.0"), {"a": "*"})}
    assert solve_dependencies([root], load, installed).chosen["a"] is installed["a"]


def test_a_renamed_plugin_is_one_plugin() -> None:
    """Under its old and its new name."""
    candidates = [Candidate("new", Version.parse(each), {}) for each in ("2.0.0", "1.0.0")]
    other = [Candidate("other", Version.parse("1.0.0"), {"old": "^1.0.0"})]
    root = Candidate("root", NO_VERSION, {"new": "*", "other": "*"})
    load = {"new": candidates, "old": candidates, "other": other}.__getitem__
    solution = solve_dependencies([root], load)
    assert list_versions(solution) == {"new": "1.0.0", "other": "1.0.0"}
    assert solution.list_needed("other") == ["new"]


def test_the_number_of_names_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry cannot make a client send requests without end."""

    def load(name: str) -> list[Candidate]:
        return [Candidate(name, NO_VERSION, {f"{name}x"[-1_500:]: "*"})]

    monkeypatch.setattr(dependency_solver, "MAX_NAMES", 20)
    with pytest.raises(DependencyLimitError, match="More than 20"):
        solve_dependencies([Candidate("root", NO_VERSION, {"x": "*"})], load)


def test_the_number_of_steps_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependency_solver, "MAX_STEPS", 10)
    graph = {name: {f"1.{minor}.0": {} for minor in range(5)} for name in "abcdefghijkl"}
    with pytest.raises(DependencyLimitError, match="10 steps"):
        solve(graph, dict.fromkeys(graph, "*"))


def test_many_ranges_and_versions_are_bounded() -> None:
    """A registry can send any number of versions, each with ranges of its own."""
    many = range(3_000)
    graph = {
        "a": {f"1.{minor}.0": {"b": f">1.{minor}.0 <1.0.0"} for minor in many},
        "b": {f"1.{minor}.0": {} for minor in many},
    }
    with pytest.raises((DependencyLimitError, DependencyNotFoundError)):
        solve(graph, {"a": "*"})


def test_a_conflict_names_all_that_need_the_plugin() -> None:
    graph = {
        "a": {"1.0.0": {"c": "^1.0.0"}},
        "b": {"1.0.0": {"c": "^2.0.0"}},
        "c": {"1.0.0": {}, "2.0.0": {}},
    }
    with pytest.raises(DependencyConflictError) as caught:
        solve(graph, {"a": "*", "b": "*"})
    assert "`a@1.0.0` needs `c ^1.0.0`, `b@1.0.0` needs `c ^2.0.0`" in caught.value.detail
    assert caught.value.hint == "Installable versions of `c`: 2.0.0, 1.0.0."
