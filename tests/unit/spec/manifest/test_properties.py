"""Any input is a manifest or an error with its problems."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.errors import PlugportError
from plugport.spec.manifest.detection import find_manifest
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.marketplace import parse_entry_manifest, parse_marketplace
from plugport.spec.manifest.parsing import parse_manifest, parse_manifest_file
from plugport.spec.manifest.rendering import render_document, render_manifest
from tests.unit.spec.manifest.helpers import MINIMAL
from tests.unit.spec.manifest.strategies import json_values

dialects = st.sampled_from(sorted(MANIFEST_FORMATS))
FIELDS = sorted({row.name for dialect in MANIFEST_FORMATS.values() for row in dialect.fields})
# Values that look right, values that are nearly right, and anything else.
near_texts = ["x", "@a/b", "1.0.0", "^1", "https://h.example", "./x", "../x", "tool", "bridge"]
near_objects = [
    [],
    {},
    ["x"],
    {"name": "x"},
    {"plugins": ["a@1"]},
    {"type": "docker", "image": "x"},
]
near = st.sampled_from([*near_texts, *near_objects, True, 1, 1.5])
members = st.dictionaries(
    st.sampled_from(FIELDS) | st.text(max_size=6), near | json_values, max_size=6
)
# Members one level down, so that every reader of a mapping meets odd ones.
deep = st.dictionaries(st.sampled_from(FIELDS), members | st.lists(members, max_size=2), max_size=3)


def is_read(dialect: str, content: bytes) -> bool:
    """Return whether the content is a valid manifest. Errors need problems, manifests must give JSON."""
    try:
        reading = parse_manifest_file(dialect, MANIFEST_FORMATS[dialect].path, content)
    except PlugportError as error:
        return bool(not error.fields)
    assert json.loads(json.dumps(reading.manifest.as_dict())) == reading.manifest.as_dict()
    render_manifest(reading.manifest, "plugport")
    return True


@given(dialects, st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes(dialect, content):
    assert not is_read(dialect, content)


@given(dialects, members | deep)
def test_any_document(dialect, document):
    document = {key: value for key, value in document.items() if "\0" not in key}
    content = render_document({**MINIMAL[dialect], **document}, MANIFEST_FORMATS[dialect].syntax)
    is_read(dialect, content)


@given(
    st.dictionaries(
        st.sampled_from(["plugport.yaml", "package.json", ".mcp.json", "a.onex.yaml", "x/y"]),
        st.binary(max_size=30),
        max_size=4,
    )
)
def test_any_package(texts):
    try:
        reading = parse_manifest(texts, list(texts))
    except PlugportError:
        return
    assert find_manifest(list(texts)) == (reading.path, reading.manifest.dialect)


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*FIELDS, "source", "strict"]), near | members, max_size=6),
        max_size=4,
    )
)
def test_any_marketplace(plugins):
    content = json.dumps({"name": "m", "plugins": plugins}).encode()
    market = parse_marketplace(content)
    assert len(market.entries) == len(plugins) or market.warnings
    for entry in market.entries:
        with contextlib.suppress(PlugportError):
            reading = parse_entry_manifest(entry, json.dumps(MINIMAL["claude"]).encode())
            assert reading.manifest.name.name in entry.name
