"""Whatever bytes come: a manifest, or an error that names its faults."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from plugport.spec.errors import PlugportError
from plugport.spec.manifest.detect import find_manifest
from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.marketplace import entry_manifest, read_marketplace
from plugport.spec.manifest.reading import read_document, read_manifest
from plugport.spec.manifest.serialise import manifest_from_dict
from plugport.spec.manifest.writing import dump_document, write_manifest
from tests.unit.spec.manifest.helpers import LEAST
from tests.unit.spec.manifest.strategies import json_values

dialects = st.sampled_from(sorted(DIALECTS))
FIELDS = sorted({row.name for dialect in DIALECTS.values() for row in dialect.rows})
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
    """Whether the content is a manifest; what is refused must say why, and what is read must last."""
    try:
        reading = read_document(dialect, DIALECTS[dialect].path, content)
    except PlugportError as error:
        return bool(not error.fields)
    assert (
        manifest_from_dict(json.loads(json.dumps(reading.manifest.as_dict()))) == reading.manifest
    )
    write_manifest(reading.manifest, "plugport")
    return True


@settings(max_examples=100, deadline=None)
@given(dialects, st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes(dialect, content):
    assert not is_read(dialect, content)


@settings(max_examples=100, deadline=None)
@given(dialects, members | deep)
def test_any_document(dialect, document):
    document = {key: value for key, value in document.items() if "\0" not in key}
    content = dump_document({**LEAST[dialect], **document}, DIALECTS[dialect].format)
    is_read(dialect, content)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["plugport.yaml", "package.json", ".mcp.json", "a.onex.yaml", "x/y"]),
        st.binary(max_size=30),
        max_size=4,
    )
)
def test_any_package(texts):
    try:
        reading = read_manifest(texts, list(texts))
    except PlugportError:
        return
    assert find_manifest(list(texts)) == (reading.path, reading.manifest.dialect)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from([*FIELDS, "source", "strict"]), near | members, max_size=6),
        max_size=4,
    )
)
def test_any_catalogue(plugins):
    content = json.dumps({"name": "m", "plugins": plugins}).encode()
    market = read_marketplace(content)
    assert len(market.entries) == len(plugins) or market.warnings
    for entry in market.entries:
        with contextlib.suppress(PlugportError):
            reading = entry_manifest(entry, json.dumps(LEAST["claude"]).encode())
            assert reading.manifest.name.name in entry.name


@settings(max_examples=100, deadline=None)
@given(json_values | members)
def test_any_stored_value(data):
    try:
        manifest = manifest_from_dict(data)
    except PlugportError:
        return
    assert manifest.kind
