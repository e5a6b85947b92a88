"""A small manifest never becomes a large one, in any format (CWE-776)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.manifest.document import MAX_EXPANSION, MIN_EXPANDED_BYTES
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
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
