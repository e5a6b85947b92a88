"""A small manifest never becomes a large one, and gets no large answer, in any format (CWE-776)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.checks.base import Finding, Subject
from plugport.checks.manifest import ManifestCheck
from plugport.checks.registry import run_check
from plugport.spec.archive.model import Package
from plugport.spec.errors import FieldError
from plugport.spec.manifest.document import MAX_EXPANSION, MIN_EXPANDED_BYTES
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.model import JsonValue
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.rendering import render_document
from tests.unit.spec.manifest.helpers import MINIMAL

YAML_FORMATS = [name for name, known in MANIFEST_FORMATS.items() if known.syntax == "yaml"]


def quote_tabs(count: int) -> str:
    return '"' + r"\t" * count + '"'


@st.composite
def bombs(draw: st.DrawFn) -> str:
    """YAML in which each line repeats the values of earlier lines by aliases."""
    count = draw(st.sampled_from([1, 30, 1_000, 10_000]))
    leaf = draw(st.sampled_from(["A" * count, "é" * count, "7" * min(count, 1_000)]))
    lines = [f"b0: &b0 {draw(st.sampled_from([leaf, quote_tabs(count)]))}"]
    for number in range(1, draw(st.integers(1, 5))):
        earlier = f"*b{draw(st.integers(0, number - 1))}"
        repeated = ", ".join([earlier] * draw(st.integers(1, 40)))
        is_list = draw(st.booleans())
        value = f"[{repeated}]" if is_list else f"{{k: {earlier}, l: [{repeated}]}}"
        lines.append(f"b{number}: &b{number} {value}")
    return "\n".join(f"  {line}" for line in lines)


@pytest.mark.parametrize("name", YAML_FORMATS)
@given(bomb=bombs())
def test_aliases_grow_a_manifest_by_a_bounded_factor(name: str, bomb: str) -> None:
    known = MANIFEST_FORMATS[name]
    content = render_document(MINIMAL[name], known.syntax) + f"x-bomb:\n{bomb}\n".encode()
    try:
        reading = parse_manifest_file(name, known.path, content)
    except ManifestError as error:
        codes = {problem.code for problem in error.fields}
    else:
        codes = set()
        stored = len(json.dumps(reading.manifest.as_dict(), ensure_ascii=False).encode())
        # A tab is two characters in JSON; quotes, commas and brackets are counted by the factor too.
        assert stored <= 4 * max(MIN_EXPANDED_BYTES, MAX_EXPANSION * len(content))
    assert codes <= {"too-much-text", "too-many-values"}


# A hundred problems with the fields that are allowed, and the texts of the manifest that they quote.
MAX_PROBLEM_BYTES = 128 << 10
texts = st.one_of(
    st.sampled_from(["k", "description", "tags", "permissions", "author", "homepage", "config"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=400),
)
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=8,
)


def measure(items: Iterable[FieldError | Finding]) -> int:
    return len(json.dumps([item.as_dict() for item in items], ensure_ascii=False).encode())


@pytest.mark.parametrize("name", MANIFEST_FORMATS)
@given(fields=st.dictionaries(texts, values, max_size=8), copies=st.sampled_from([1, 14]))
def test_problems_grow_by_a_bounded_factor(
    name: str, fields: dict[str, JsonValue], copies: int
) -> None:
    known = MANIFEST_FORMATS[name]
    many = {f"{key}{n or ''}": value for key, value in fields.items() for n in range(copies)}
    content = render_document({**many, **MINIMAL[name]}, known.syntax)
    allowed = MAX_PROBLEM_BYTES + MAX_EXPANSION * len(content)
    problems: Sequence[FieldError] = ()
    reading = None
    try:
        reading = parse_manifest_file(name, known.path, content)
    except ManifestError as error:
        problems = error.fields
    assert measure(reading.warnings if reading else problems) <= allowed
    if reading is None:
        return
    package = Package((), 0, "", {known.path: content})
    subject = Subject(
        Path(), package, reading.manifest, known.path, Path(), warnings=reading.warnings
    )
    assert measure(run_check(ManifestCheck(), subject)) <= allowed


@pytest.mark.parametrize("name", MANIFEST_FORMATS)
def test_the_path_of_a_problem_is_cut_in_the_middle(name: str) -> None:
    known = MANIFEST_FORMATS[name]
    text = '"a": 1, "a": 1'
    for number in range(40):
        text = f'"{"k" * 90}{number}": {{{text}}}'
    content = render_document(MINIMAL[name], known.syntax).decode()
    if known.syntax == "yaml":
        content += text
    else:
        content = content.rstrip().removesuffix("}") + f", {text}}}"
    with pytest.raises(ManifestError) as caught:
        parse_manifest_file(name, known.path, content.encode())
    (problem,) = caught.value.fields
    assert len(problem.field) <= 300
    assert problem.field.startswith("k" * 90)
    assert "…" in problem.field
